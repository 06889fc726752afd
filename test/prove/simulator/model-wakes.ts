import { positionOf } from "../../../src/core/ids.ts";
import type { RunEnd } from "../../../src/core/records.ts";
import type { ModelSession, RecordOf } from "./model-session.ts";
import { must } from "./promise.ts";

/** For which events each wake id stands. An agent that remembers wake ids must miss none of them, and get none twice. */
export class ModelWakes {
  readonly #eventsOf = new Map<string, ReadonlySet<string>>();
  /** Where the newest run of each session began that ended for good: it has taken along all that was asked before. */
  readonly #handledUpTo = new Map<string, number>();

  /** Every end of a run. */
  ended({ type, sessionKey, facts }: RunEnd): void {
    if (type !== "run.ran" && facts.dueAtMs !== null) return;
    const begunAt = positionOf(facts.runId) ?? 0;
    this.#handledUpTo.set(sessionKey, Math.max(begunAt, this.#handledUpTo.get(sessionKey) ?? 0));
  }

  /** A lane of before may let go only of what is handled. */
  letGo({ sessionKey, facts }: RecordOf<"wake.dropped">, { queue }: ModelSession): void {
    must(queue.length === 0, "S1 a wake with queued events is never dropped");
    const handledUpTo = this.#handledUpTo.get(sessionKey) ?? 0;
    must((positionOf(facts.wakeId) ?? 0) < handledUpTo, "S1 only a beat that was given is let go");
  }

  started(wakeId: string, ids: readonly string[]): void {
    const known = this.#eventsOf.get(wakeId);
    const news = ids.filter((id) => known?.has(id) === false);
    must(
      news.length === 0,
      `S9 a wake id stands for one set of events: ${wakeId} comes with ${news.join()} too`,
    );
  }

  /** The agent may have done this work; after a busy answer it has not. Retried, the set may only shrink: a caller drained some of it. */
  shown(wakeId: string, ids: readonly string[]): void {
    if (ids.length > 0) this.#eventsOf.set(wakeId, new Set(ids));
  }
}
