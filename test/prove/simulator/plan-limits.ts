import { mulberry32 } from "../../support/simulated-clock.ts";
import type { Limits, RunLimits } from "../../../src/policy/limits.ts";
import type { QuietHours } from "../../../src/policy/quiet-hours.ts";

/** Which limits a seed has: each kind is drawn apart from everything else, and short enough that all is over by the end. */
export function limitsOf(seed: number): { readonly limits?: Limits } {
  const { session, agent, ...bounds } = {
    ...runLimitsOf(seed),
    ...quietHoursOf(seed),
    ...selfWakesOf(seed),
    ...breakerOf(seed),
  };
  const budget = budgetOf(seed);
  const limits: Limits = {
    ...bounds,
    ...(budget && { zone: budget.zone }),
    ...both("session", session, budget?.session),
    ...both("agent", agent, budget?.agent),
  };
  return Object.keys(limits).length === 0 ? {} : { limits };
}

/** One seed in three bounds the runs of its sessions or agents. */
function runLimitsOf(seed: number): Limits {
  const random = mulberry32(seed ^ 0x11a17);
  if (random() < 2 / 3) return {};
  const spacingMs = random() < 0.5 ? 300 : 3_000;
  const flood = { runs: random() < 0.5 ? 2 : 5, windowMs: 5_000 };
  const dice = random();
  if (dice < 0.4) return { session: { spacingMs, flood } };
  return dice < 0.7 ? { agent: { spacingMs }, session: { flood } } : { agent: { spacingMs, flood } };
}

/** One seed in five has quiet hours of some minutes, around the moment at which the simulated clock begins. */
function quietHoursOf(seed: number): Limits {
  const random = mulberry32(seed ^ 0x9e17);
  if (random() >= 1 / 5) return {};
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const quietHours: QuietHours[] = [];
  for (let windows = pick([1, 2, 2]), beginMinute = pick([-1, 0, 1]); windows > 0; windows--) {
    const minutes = pick([1, 2, 3]);
    quietHours.push({
      ...placeOf(pick(["UTC", "Asia/Kolkata", "Etc/GMT+8"]), beginMinute, minutes),
      ...(random() < 0.5 ? { match: pick(["agent:*", "agent:main:discord:channel:4*", "*42"]) } : {}),
      ...(random() < 0.2 ? { strict: true } : {}),
      ...(random() < 0.2 ? { days: ["thu", "fri"] as const } : {}),
    });
    // It overlaps the one before, follows it at once, or later.
    beginMinute += pick([1, minutes, minutes + 2]);
  }
  return { quietHours };
}

/** In one seed in five runs ask for further runs. */
function selfWakesOf(seed: number): Limits {
  const random = mulberry32(seed ^ 0x5e1f);
  if (random() >= 1 / 5) return {};
  return { selfWakes: { depth: 1 + Math.floor(random() * 3), spacingMs: random() < 0.5 ? 300 : 2_000 } };
}

/** In one seed in five agents' providers refuse, and the agents rest. */
function breakerOf(seed: number): Limits {
  const random = mulberry32(seed ^ 0xb4ea);
  if (random() >= 1 / 5) return {};
  return { breaker: random() < 0.5 ? { baseMs: 50, capMs: 500 } : { baseMs: 1_000, capMs: 4_000 } };
}

/** A day's budget, and how soon it is over. */
interface Budget {
  readonly zone: string;
  /** So long before midnight the simulated clock begins. */
  readonly leftMs: number;
  readonly session?: RunLimits;
  readonly agent?: RunLimits;
}

/** One seed in six has a small budget of runs a day, half of them of tokens too, and begins shortly before midnight. */
export function budgetOf(seed: number): Budget | null {
  const random = mulberry32(seed ^ 0xb0d6);
  if (random() >= 1 / 6) return null;
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const runs = pick([2, 5]);
  const whose = pick(["session", "agent", "both"]);
  const ofTokens = mulberry32(seed ^ 0x70c3)() < 1 / 2;
  const daily = (count: number) => ({ runs: count, ...(ofTokens && { tokens: count * TOKENS_OF_A_RUN }) });
  return {
    zone: pick(["UTC", "Asia/Kolkata", "Etc/GMT+8"]),
    leftMs: pick([2_000, 10_000, 600_000]),
    ...(whose !== "agent" && { session: { daily: daily(runs) } }),
    ...(whose !== "session" && { agent: { daily: daily(runs + 2) } }),
  };
}

/** When the simulated clock begins. */
export function startMsOf(seed: number): number {
  const budget = budgetOf(seed);
  if (budget === null) return START_MS;
  const minutesLeft = (DAY_MINUTES - (BEGIN_MINUTES[budget.zone] ?? 0)) % DAY_MINUTES;
  return START_MS + minutesLeft * MINUTE_MS - budget.leftMs;
}

/** Bounds of two kinds on the same runs. */
const both = (whose: "session" | "agent", one?: RunLimits, other?: RunLimits): Limits =>
  one || other ? { [whose]: { ...one, ...other } } : {};

/** How often a run is refused: a weight. */
export function refusalsOf(seed: number): number {
  return breakerOf(seed).breaker ? 1 + Math.floor(mulberry32(seed ^ 0x4ef5)() * 8) : 0;
}

/** What a run uses, on average. */
export const TOKENS_OF_A_RUN = 100;

const START_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;
/** What clocks show then: at eight in the morning in UTC, and at midnight eight zones to the west. */
const BEGIN_MINUTES: Readonly<Record<string, number>> = { UTC: 480, "Asia/Kolkata": 810, "Etc/GMT+8": 0 };
const DAY_MINUTES = 1_440;

function placeOf(
  zone: string,
  beginMinute: number,
  minutes: number,
): Pick<QuietHours, "from" | "to" | "zone"> {
  const at = (BEGIN_MINUTES[zone] ?? 0) + beginMinute + DAY_MINUTES;
  return { from: timeOf(at), to: timeOf(at + minutes), zone };
}

const timeOf = (minute: number): string =>
  `${twoDigits(Math.floor(minute / 60) % 24)}:${twoDigits(minute % 60)}`;
const twoDigits = (value: number): string => String(value).padStart(2, "0");
