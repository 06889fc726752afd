import type { RunStarted } from "../../../src/core/records.ts";
import type { Limits } from "../../../src/policy/limits.ts";
import { midnightAfter } from "./model-quiet.ts";
import { must } from "./promise.ts";

/** A start that counts, and when the day ends that it counts for. */
interface Spent {
  readonly runId: string;
  readonly endsMs: number;
}

/** Whose day and whose session a run belongs to. */
interface Who {
  readonly sessionKey: string;
  readonly agentId: string;
}

/** What is known of a moment: of the log's clock, and of the wall's. */
interface Moment {
  readonly atMs: number;
  readonly wallMs: number;
}

/**
 * The reference model of a day's budgets: each start with the day that it counts for, as lists. A day of an agent begins with the
 * first start after the one before is over, and ends at the next midnight, as the wall clock showed it then: it keeps its length.
 */
export class ModelBudgets {
  readonly #zone: string;
  readonly #runs: Readonly<Record<string, number>>;
  readonly #count: (what: string) => void;
  readonly #ends = new Map<string, number>();
  readonly #spent = new Map<string, readonly Spent[]>();

  constructor({ zone = "UTC", session, agent }: Limits, count: (what: string) => void) {
    this.#zone = zone;
    this.#runs = { session: session?.daily?.runs ?? Infinity, agent: agent?.daily?.runs ?? Infinity };
    this.#count = count;
  }

  started({ facts }: RunStarted, who: Who, moment: Moment): void {
    const endsMs = this.#dayOf(who.agentId, moment);
    const told = facts.limits?.dayEndsAtMs;
    must(told === endsMs, `S17 a day ends at midnight: expected ${endsMs}, got ${told}`);
    for (const name of namesOf(who))
      this.#spent.set(name, [...(this.#spent.get(name) ?? []), { runId: facts.runId, endsMs }]);
  }

  /** Nothing was done: it does not count, on the day on which it began. */
  skipped(runId: string, who: Who): void {
    for (const name of namesOf(who)) {
      const spent = this.#spent.get(name) ?? [];
      this.#spent.set(
        name,
        spent.filter((start) => start.runId !== runId),
      );
    }
  }

  /** The end of the day on which everything is spent; -Infinity while something is left. */
  untilMs(who: Who, atMs: number): number {
    let untilMs = -Infinity;
    for (const name of namesOf(who)) {
      const today = (this.#spent.get(name) ?? []).filter(({ endsMs }) => endsMs > atMs);
      const [newest] = today.slice(-1);
      const [kind = ""] = name.split(" ");
      if (newest !== undefined && today.length >= (this.#runs[kind] ?? Infinity)) untilMs = newest.endsMs;
    }
    return untilMs;
  }

  #dayOf(agentId: string, { atMs, wallMs }: Moment): number {
    const begunMs = this.#ends.get(agentId);
    if (begunMs !== undefined && begunMs > atMs) return begunMs;
    if (begunMs !== undefined) this.#count("days of a budget that were over");
    const endsMs = atMs + midnightAfter(wallMs, this.#zone) - wallMs;
    this.#ends.set(agentId, endsMs);
    return endsMs;
  }
}

const namesOf = ({ sessionKey, agentId }: Who): readonly string[] => [
  `session ${sessionKey}`,
  `agent ${agentId}`,
];
