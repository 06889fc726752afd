import type { RunEnd } from "../../../src/core/records.ts";
import { must } from "./promise.ts";

/** What is known of an agent whose provider refuses. */
interface Breaker {
  readonly openings: number;
  /** No run before this moment; then one is tried. */
  readonly untilMs: number;
  readonly probe: { readonly runId: string; readonly atMs: number } | null;
}

/** A pause doubles with each try up to its cap, and is half of that to one and a half. */
export function isPause(pauseMs: number, tries: number, { baseMs, capMs }: Pause): boolean {
  const plainMs = Math.min(capMs, baseMs * 2 ** (tries - 1));
  return pauseMs >= Math.floor(plainMs / 2) && pauseMs <= plainMs * 1.5 + 1;
}

export interface Pause {
  readonly baseMs: number;
  readonly capMs: number;
}

/** From when and until when something may be looked at again. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Parts {
  readonly pause: Pause;
  /** The longest that a run may take. */
  readonly runMs: number;
  /** False: between a decision and its record time may go by. */
  readonly timed: boolean;
  readonly count: (what: string) => void;
}

/** The reference model of agents that rest while their provider refuses every call: a map of those that do. */
export class ModelBreakers {
  readonly #open = new Map<string, Breaker>();
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whatever starts while it is open is what is tried. */
  started(agentId: string, runId: string, atMs: number): void {
    const breaker = this.#open.get(agentId);
    if (breaker === undefined) return;
    this.#parts.count("breakers half open");
    this.#open.set(agentId, { ...breaker, probe: { runId, atMs } });
  }

  ended(agentId: string, { type, facts, atMs }: RunEnd): void {
    const breaker = this.#open.get(agentId);
    const tried = breaker?.probe?.runId === facts.runId;
    const refused = type === "run.failed" && facts.class !== undefined;
    if (refused) {
      const { dueAtMs } = facts;
      must(dueAtMs !== null, "S16 a refusal gives nothing up");
      this.#judgeRest(breaker, dueAtMs, atMs);
      if (breaker !== undefined && !tried) return;
      this.#parts.count(breaker === undefined ? "breakers opened" : "breakers opened again");
      const openings = (breaker?.openings ?? 0) + 1;
      return void this.#open.set(agentId, { openings, untilMs: dueAtMs, probe: null });
    }
    if (breaker === undefined || !tried) return;
    // Skipped, or failed for another reason: that says nothing, and the next run is tried.
    if (type !== "run.ran") return void this.#open.set(agentId, { ...breaker, probe: null });
    this.#parts.count("breakers closed");
    this.#open.delete(agentId);
  }

  /** Until when it rests; null when one run may be tried, or nothing is wrong. */
  restOf(agentId: string, atMs: number): Range | null {
    const { untilMs = 0, probe = null } = this.#open.get(agentId) ?? {};
    const { pause, runMs } = this.#parts;
    const isTried = probe !== null && atMs < probe.atMs + runMs;
    if (untilMs <= atMs && !isTried) return null;
    const endMs = Math.max(untilMs, atMs);
    return { fromMs: endMs + 1, toMs: endMs + Math.max(1, pause.baseMs) };
  }

  /** What can be seen from outside: who rests, until when, and whether a run is tried. */
  get resting(): readonly string[] {
    return [...this.#open]
      .map(([agentId, { untilMs, probe }]) => restingLine(agentId, untilMs, probe !== null))
      .sort();
  }

  #judgeRest(breaker: Breaker | undefined, dueAtMs: number, atMs: number): void {
    const { pause, timed } = this.#parts;
    const { untilMs = 0, openings = 0 } = breaker ?? {};
    const fits = untilMs > atMs ? dueAtMs === untilMs : isPause(dueAtMs - atMs, openings + 1, pause);
    must(fits || !timed, `L4 the rest after refusal ${openings + 1}: ${dueAtMs - atMs} ms`);
  }
}

export const restingLine = (agentId: string, untilMs: number, probing: boolean): string =>
  `${agentId} until ${untilMs}${probing ? ", one is tried" : ""}`;
