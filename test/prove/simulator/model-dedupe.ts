import { must } from "./promise.ts";

/** The reference model of dedupe keys: each stands for one event of one session, for as long as its window. */
export class ModelDedupe {
  /** The newest event in the log that has a key, whether or not its caller lived to hear of it. */
  readonly #eventIds = new Map<string, string>();
  readonly #endMs = new Map<string, number>();
  readonly #windowMs: number;
  readonly #count: (what: string) => void;

  constructor(windowMs: number, count: (what: string) => void) {
    this.#windowMs = windowMs;
    this.#count = count;
  }

  eventIdOf(sessionKey: string, dedupeKey: string): string | undefined {
    return this.#eventIds.get(nameOf(sessionKey, dedupeKey));
  }

  /** The end of its window; 0 for one that was never used. */
  endMsOf(sessionKey: string, dedupeKey: string): number {
    return this.#endMs.get(nameOf(sessionKey, dedupeKey)) ?? 0;
  }

  queued(sessionKey: string, dedupeKey: string, eventId: string, atMs: number): void {
    const endMs = this.endMsOf(sessionKey, dedupeKey);
    must(endMs <= atMs, `S9 one event for one dedupe key: ${dedupeKey}`);
    if (endMs > 0)
      this.#count(endMs === atMs ? "dedupe keys free at the very end" : "dedupe keys free again");
    this.#eventIds.set(nameOf(sessionKey, dedupeKey), eventId);
    this.#endMs.set(nameOf(sessionKey, dedupeKey), atMs + this.#windowMs);
  }
}

const nameOf = (sessionKey: string, dedupeKey: string): string => `${sessionKey}\n${dedupeKey}`;
