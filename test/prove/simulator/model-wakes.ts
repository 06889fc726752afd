import { must } from "./promise.ts";

/** For which events each wake id stands. An agent that remembers wake ids must miss none of them, and get none twice. */
export class ModelWakes {
  readonly #eventsOf = new Map<string, ReadonlySet<string>>();

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
