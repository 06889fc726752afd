import type { Cause } from "../../../src/vocabulary.ts";
import type { RunEnd, RunStarted, WakeHeld } from "../../../src/core/records.ts";
import type { Limits, RunLimits } from "../../../src/policy/limits.ts";
import { ModelBudgets } from "./model-budgets.ts";
import { ModelBreakers, type Range } from "./model-breakers.ts";
import { quietEnd } from "./model-quiet.ts";
import type { Plan } from "./plan.ts";
import { must } from "./promise.ts";

/** Who gets past each policy: written down from the promises, not taken from the machines. */
const PASSES: Readonly<Record<string, string>> = {
  "quiet-hours": "manual immediate",
  cooldown: "manual immediate",
  flood: "manual",
  budget: "manual",
  "self-wake": "manual",
  "circuit-open": "manual",
};

export const isHold = (waitsFor: string): boolean => Object.hasOwn(PASSES, waitsFor);
export const passes = (intent: string, hold: string): boolean => PASSES[hold]?.includes(intent) ?? false;

/** What a session is asked for with. */
export interface Asked {
  readonly intent: string;
  /** How many runs in a row have asked for each other up to here; 0 when something from outside did. */
  readonly depth: number;
}

const URGENT = "manual immediate";
const rankOf = (intent: string): number => (URGENT.includes(intent) ? 0 : intent === "scheduled" ? 2 : 1);

/** Two requests become one: the more urgent one's intent, the later one's if equal; what is from outside ends a chain. */
export function louder(before: Asked | null, later: Asked): Asked {
  if (before === null) return later;
  const { intent } = rankOf(later.intent) <= rankOf(before.intent) ? later : before;
  return { intent, depth: Math.min(before.depth, later.depth) };
}

/** A session whose wake may be held back. */
interface Waiting {
  notBeforeMs: number | null;
  waitsFor: string;
}

/** `agent:NAME:...` belongs to NAME; any other key is its own agent. */
function agentOf(sessionKey: string): string {
  const [agent, name] = sessionKey.split(":");
  return agent === "agent" && name ? name : sessionKey;
}

/** When each policy lets a wake go on; those that do not hold it are left out. */
type Untils = Readonly<Record<string, Range>>;

/** The reference model of limits: every start and every hold is judged by what has run, as lists. */
export class ModelLimits {
  /** The wall clock when the newest commit began. */
  wallMs = 0;
  readonly #limits: Limits | null;
  readonly #count: (what: string) => void;
  /** Null where nothing of the kind is configured. */
  readonly breakers: ModelBreakers | null;
  /** As well. */
  readonly #budgets: ModelBudgets | null;
  readonly #chains = new Map<string, { readonly depth: number; readonly atMs: number }>();
  readonly #retainMs: number;
  readonly #timed: boolean;
  /** Some of those that started last, by run id. */
  newestRuns: readonly string[] = [];
  #exact = true;
  /** Starts that count, oldest first, by session and by agent. */
  readonly #starts = new Map<string, { readonly runId: string; readonly atMs: number }[]>();

  /** @param timed - false: between a decision and its record time may go by */
  constructor({ limits, ...options }: Plan["options"], timed: boolean, count: (what: string) => void) {
    this.#limits = limits ?? null;
    this.#count = count;
    this.#timed = timed;
    this.#retainMs = options.retainMs;
    const runMs = options.runTimeoutMs + options.abortGraceMs;
    const pause = limits?.breaker;
    const daily = limits?.session?.daily ?? limits?.agent?.daily;
    this.#budgets = limits && daily && timed ? new ModelBudgets(limits, count) : null;
    this.breakers = pause ? new ModelBreakers({ pause, runMs, timed, count }) : null;
  }

  /** `laneOf` has changed: what a wake was asked with is not known for sure any more. */
  blur(): void {
    this.#exact = false;
  }

  /** What comes out of a run is known by it. */
  caused(cause: Cause | undefined, nowMs: number): void {
    if (cause === undefined || this.#limits === null) return;
    const { depth, atMs } = this.#chains.get(cause.runId) ?? { depth: 0, atMs: 0 };
    // A run that the log does not hold any more counts as caused from outside.
    const gone = cause.depth === 1 && nowMs - atMs >= this.#retainMs;
    must(cause.depth === depth + 1 || gone, `L2 a chain of ${depth} runs goes on: ${cause.depth}`);
    this.#count("wakes caused by a run");
  }

  started(record: RunStarted, asked: Asked | null, waitsFor: string): void {
    if (this.#limits === null) return;
    const { facts, sessionKey, atMs } = record;
    const { runId, depth = 0 } = facts;
    if (this.#exact) {
      must(asked !== null, "L2 a run was asked for");
      must(depth === asked.depth, `L2 a chain of ${asked.depth} runs asked for it: ${depth}`);
      const [hold] = Object.keys(this.#untils(sessionKey, asked, atMs));
      must(hold === undefined, `L2 ${hold} holds ${JSON.stringify(sessionKey)} back, and it was started`);
    }
    if (waitsFor === "quiet-hours" && facts.eventIds.length > 1)
      this.#count("events of quiet hours in one run");
    const { quietHours: _quiet, ...counting } = this.#limits;
    const agentId = Object.keys(counting).length === 0 ? undefined : agentOf(sessionKey);
    must(facts.limits?.agent === agentId, "S4 a run counts for its agent");
    this.#chains.set(runId, { depth, atMs });
    this.newestRuns = [...this.newestRuns.slice(-9), runId];
    for (const name of namesOf(sessionKey)) this.#of(name).push({ runId, atMs });
    const who = { sessionKey, agentId: agentOf(sessionKey) };
    this.#budgets?.started(record, who, { atMs, wallMs: this.wallMs });
    this.breakers?.started(who.agentId, runId, atMs);
  }

  ended(record: RunEnd): void {
    const { type, facts, sessionKey } = record;
    if (this.#limits === null) return;
    this.breakers?.ended(agentOf(sessionKey), record);
    const who = { sessionKey, agentId: agentOf(sessionKey) };
    if (type === "run.ran") this.#budgets?.ran(record, who, { atMs: record.atMs, wallMs: this.wallMs });
    if (type !== "run.skipped") return;
    // Nothing was done: it does not count.
    this.#budgets?.skipped(facts.runId, who, record.atMs);
    for (const name of namesOf(sessionKey)) {
      const starts = this.#of(name);
      const at = starts.findLastIndex(({ runId }) => runId === facts.runId);
      if (at !== -1) starts.splice(at, 1);
    }
  }

  /** A policy holds a pending wake back: later ordinary requests do not shorten that. */
  held(session: Waiting, record: WakeHeld, asked: Asked | null): void {
    const { facts, atMs } = record;
    const { dueAtMs, reason } = facts;
    // A lane of before may still hold a wake that ended long ago.
    must(session.notBeforeMs !== null || !this.#exact, "S11 only a wake that is pending is held back");
    must(dueAtMs >= atMs || !this.#timed, "L2 nothing is held back until a moment that is over");
    if (this.#exact) this.#judge(record, asked, session.waitsFor);
    this.#count(dueAtMs === atMs ? "holds ended by a clock" : `held by ${reason}`);
    session.notBeforeMs = dueAtMs;
    session.waitsFor = reason;
  }

  /** What quiet hours hold back follows the wall clock: at the latest with the first commit after it has jumped. */
  checkQuiet(sessionKey: string, { notBeforeMs, waitsFor }: Waiting, atMs: number): void {
    if (!this.#exact || waitsFor !== "quiet-hours" || notBeforeMs === null) return;
    const quietHours = this.#limits?.quietHours ?? [];
    const endMs = quietEnd(quietHours, { sessionKey, urgent: false }, this.wallMs) ?? this.wallMs;
    const lateMs = notBeforeMs - atMs - (endMs - this.wallMs);
    must(
      lateMs <= NOTICED_MS,
      `S17 ${JSON.stringify(sessionKey)} is held back ${lateMs} ms longer than quiet hours last`,
    );
  }

  #judge({ sessionKey, facts, atMs }: WakeHeld, asked: Asked | null, waitsFor: string): void {
    const { reason, dueAtMs } = facts;
    must(asked !== null, "S11 what is held back was asked for");
    const untils = this.#untils(sessionKey, asked, atMs);
    const longestMs = Math.max(...Object.values(untils).map(({ fromMs }) => fromMs));
    if (longestMs === -Infinity) {
      const quiet = waitsFor === "quiet-hours" && dueAtMs === atMs;
      return must(quiet, `L2 nothing holds it back, least of all ${reason} until ${dueAtMs}`);
    }
    const { fromMs = Infinity, toMs = 0 } = untils[reason] ?? {};
    must(
      dueAtMs >= fromMs && dueAtMs <= toMs && dueAtMs >= longestMs,
      `L4 held back until the longest is over: ${JSON.stringify(untils)}, not ${reason} until ${dueAtMs}`,
    );
  }

  #untils(sessionKey: string, { intent, depth }: Asked, atMs: number): Untils {
    const { quietHours = [], session, agent, selfWakes } = this.#limits ?? {};
    // Only what a person asks for passes all.
    if (intent === "manual") return {};
    const agentId = agentOf(sessionKey);
    const ofSession = [this.#of(`session ${sessionKey}`), session] as const;
    const ofAgent = [this.#of(`agent ${agentId}`), agent] as const;
    const quietMs = quietEnd(quietHours, { sessionKey, urgent: URGENT.includes(intent) }, this.wallMs);
    const tooLong = selfWakes && depth >= selfWakes.depth;
    const exact: Record<string, number> = {
      cooldown: Math.max(spacedMs(...ofSession), spacedMs(...ofAgent)),
      flood: Math.max(floodedMs(...ofSession), floodedMs(...ofAgent)),
      budget: this.#budgets?.untilMs({ sessionKey, agentId }, atMs) ?? -Infinity,
      "self-wake": tooLong ? spacedMs(ofSession[0], selfWakes) : -Infinity,
    };
    const untils: Record<string, Range> = {};
    for (const [hold, toMs] of Object.entries(exact))
      if (toMs > atMs && !passes(intent, hold)) untils[hold] = { fromMs: toMs, toMs };
    if (quietMs !== null) {
      // A window knows itself whom it lets pass: a strict one only what a person asks for.
      const toMs = atMs + quietMs - this.wallMs;
      untils["quiet-hours"] = { fromMs: toMs, toMs };
    }
    const rest = this.breakers?.restOf(agentId, atMs) ?? null;
    if (rest !== null) untils["circuit-open"] = rest;
    return untils;
  }

  #of(name: string): { readonly runId: string; readonly atMs: number }[] {
    let starts = this.#starts.get(name);
    if (starts === undefined) this.#starts.set(name, (starts = []));
    return starts;
  }
}

/** A wall clock that jumps by less against the other one may go unnoticed, in milliseconds. */
const NOTICED_MS = 60_000;

type Starts = readonly { readonly atMs: number }[];

const namesOf = (sessionKey: string): readonly string[] => [
  `session ${sessionKey}`,
  `agent ${agentOf(sessionKey)}`,
];
const spacedMs = (starts: Starts, { spacingMs = -Infinity }: Pick<RunLimits, "spacingMs"> = {}): number =>
  (starts.at(-1)?.atMs ?? -Infinity) + spacingMs;
function floodedMs(starts: Starts, { flood = false }: RunLimits = {}): number {
  const first = flood ? starts.at(-flood.runs) : undefined;
  return flood && first !== undefined ? first.atMs + flood.windowMs : -Infinity;
}
