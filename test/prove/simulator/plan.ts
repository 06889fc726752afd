import type { Backoff } from "../../../src/core/backoff.ts";
import type { DeliveryOptions } from "../../../src/delivery.ts";
import type { Limits } from "../../../src/policy/limits.ts";
import { mulberry32 } from "../../support/simulated-clock.ts";
import { budgetOf, limitsOf, refusalsOf, startMsOf } from "./plan-limits.ts";

/** A slow read takes so long at most, in milliseconds: the process stands still meanwhile, the clock does not. */
export const SLOW_MS_MAX = 5_000;
const DAY_MS = 86_400_000;

/** Everything that differs from seed to seed: drawn once, printed with a finding, so that the seed alone reproduces it. */
export interface Plan {
  readonly seed: number;
  readonly steps: number;
  /** When it begins, in milliseconds since the Unix epoch. */
  readonly startMs: number;
  readonly keys: readonly string[];
  /** Of the first start. */
  readonly lanes: Lanes;
  readonly options: {
    readonly concurrency: number;
    readonly coalesceMs: number;
    readonly lingerMs: number;
    readonly queueMax: number;
    readonly batchMax: number;
    readonly maxAttempts: number;
    readonly abortGraceMs: number;
    readonly dedupeWindowMs: number;
    readonly retainMs: number;
    readonly checkpointRecords: number;
    readonly checkpointSlice: number;
    readonly liveActorsMax: number;
    readonly runTimeoutMs: number;
    readonly busyBackoff: Backoff;
    readonly failedBackoff: Backoff;
    readonly limits?: Limits;
  };
  readonly runTimeoutMs: number;
  /** Chances in 100 per step. */
  readonly crash: number;
  readonly clockJump: number;
  /** Chances in 100 per commit. */
  readonly storeFault: number;
  /** Chance in 100 per start: `laneOf` answers otherwise than before. */
  readonly lanesChange: number;
  /** Chance in 100 per read of the store. */
  readonly readFault: number;
  /** How long the machine sleeps at most, in milliseconds; null: no schedules at all. */
  readonly schedules: { readonly sleepMsMax: number } | null;
  /** How replies go out; null: not at all. */
  readonly deliveries: Required<
    Omit<DeliveryOptions, "responsePrefix" | "ackMaxChars" | "target" | "visibility">
  > | null;
  /** Chances in 100: per step that the process is stopped for a while, per commit that it is slow; null: neither. */
  readonly rivals: { readonly pause: number; readonly slowCommit: number } | null;
  /** Some events are so large that few of them fit into one batch. */
  readonly bulky: boolean;
  /** How the agent answers: weights. */
  readonly agent: Readonly<Record<AgentMood, number>>;
}

/** Which sessions share a lane: none, all, or two each. */
export type Lanes = "session" | "shared" | "pairs";
export const LANES: readonly Lanes[] = ["session", "shared", "pairs"];

export type AgentMood =
  | "ran"
  | "slow"
  | "busy"
  | "failed"
  | "final"
  | "throws"
  | "hangs"
  | "deaf"
  | "nonsense"
  | "refuses";

/** Look-alikes: they differ in case, normal form, a trailing dot, a prefix. None may ever stand for another. */
const KEYS = [
  "agent:main:discord:channel:42",
  "agent:main:discord:channel:4",
  "agent:main:discord:channel:42.",
  "Agent:main:discord:channel:42",
  "agent:caf\u00e9",
  "agent:cafe\u0301",
  "agent:main:main",
  "agent:main:main ",
];

export function planOf(seed: number, steps: number): Plan {
  const random = mulberry32(seed ^ 0x5eed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const calm = random() < 0.3;
  const runTimeoutMs = pick([200, 2_000]);
  const dedupeWindowMs = pick([20_000, 86_400_000]);
  const backoff = pick([
    { baseMs: 20, capMs: 200 },
    { baseMs: 1_000, capMs: 5_000 },
  ]);
  const readFault = readFaultOf(seed);
  return {
    seed,
    steps,
    startMs: startMsOf(seed),
    keys: KEYS.slice(0, 1 + Math.floor(random() * KEYS.length)),
    lanes: pick(["session", "session", "shared", "pairs"]),
    runTimeoutMs,
    options: {
      concurrency: pick([1, 2, 3, 16]),
      coalesceMs: pick([0, 10, 250]),
      lingerMs: pick([500, 5_000, 1_800_000]),
      queueMax: pick([3, 20, 200]),
      batchMax: pick([1, 2, 100]),
      maxAttempts: pick([1, 2, 4]),
      abortGraceMs: pick([0, 50]),
      checkpointRecords: pick([1, 7, 40, 1_000, 1_000]),
      checkpointSlice: [1, 2, 64][seed % 3] as number,
      // What is never at rest is never read.
      liveActorsMax: pick([1, 2, ...(readFault > 0 ? [1] : [100, 100, 100])]),
      dedupeWindowMs,
      retainMs: dedupeWindowMs,
      runTimeoutMs,
      busyBackoff: backoff,
      failedBackoff: backoff,
      ...limitsOf(seed),
      // What is queued in a session takes a run or two: so there are not many days until all is handled.
      ...(budgetOf(seed) && { batchMax: 100 }),
    },
    crash: calm ? 0 : pick([0, 1, 5]),
    clockJump: calm ? 0 : pick([0, 1]),
    storeFault: calm ? 0 : pick([0, 1, 5]),
    lanesChange: calm ? 0 : pick([0, 0, 40]),
    agent: {
      ran: pick([1, 5, 20]),
      slow: pick([0, 5]),
      busy: pick([0, 5]),
      failed: pick([0, 2]),
      final: pick([0, 1]),
      throws: pick([0, 1]),
      hangs: pick([0, 1]),
      deaf: pick([0, 1]),
      nonsense: pick([0, 1]),
      refuses: refusalsOf(seed),
    },
    bulky: random() < 0.05,
    readFault,
    schedules: schedulesOf(seed),
    deliveries: deliveriesOf(seed, readFault > 0),
    rivals: mulberry32(seed ^ 0x41a1)() < 1 / 5 ? { pause: 2, slowCommit: 3 } : null,
  };
}

/** In one seed in six the store cannot always be read. Drawn apart from everything else. */
function readFaultOf(seed: number): number {
  const random = mulberry32(seed ^ 0x4ead);
  return random() < 1 / 6 ? 1 + Math.floor(random() * 5) : 0;
}

/** One seed in four has schedules. Drawn apart from everything else. */
function schedulesOf(seed: number): Plan["schedules"] {
  const random = mulberry32(seed ^ 0x5c4ed);
  if (random() >= 1 / 4) return null;
  return { sleepMsMax: [0, 300_000, 7_200_000][Math.floor(random() * 3)] as number };
}

/** One seed in four has replies that go out. Drawn apart from everything else. */
/** @param slow - a slow read may stand between a decision and its record: whether a short time was over then, the log cannot tell */
function deliveriesOf(seed: number, slow: boolean): Plan["deliveries"] {
  const random = mulberry32(seed ^ 0xde11);
  if (random() >= 1 / 4) return null;
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  return {
    concurrency: pick([1, 8]),
    timeoutMs: pick([100, 1_000]),
    maxAttempts: pick([1, 3]),
    expireMs: pick([slow ? DAY_MS : 1_000, DAY_MS, DAY_MS]),
    backoff: { baseMs: 20, capMs: 200 },
  };
}

/** Its days have a budget: what is left over must wait for the next one. */
export const hasBudget = ({ seed }: Plan): boolean => budgetOf(seed) !== null;

/** Its agents say what they use. */
export const hasTokens = ({ options: { limits } }: Plan): boolean =>
  (limits?.session?.daily?.tokens ?? limits?.agent?.daily?.tokens) !== undefined;

export function laneOf({ keys }: Plan, lanes: Lanes): (sessionKey: string) => string {
  if (lanes === "shared") return () => "lane";
  if (lanes === "pairs") return (key) => `pair-${keys.indexOf(key) >> 1}`;
  return (key) => key;
}
