import type { Cadence } from "../vocabulary.ts";
import type { Alarm } from "./alarms.ts";

interface Known {
  readonly sessionKey: string;
  readonly kind: Cadence["kind"];
  /** What it was armed for; null while it is paused. */
  readonly alarmAtMs: number | null;
}

/** What is kept in memory of every schedule, also of those at rest: whose it is, and when it is due. */
export class ScheduleIndex {
  readonly #known = new Map<string, Known>();
  readonly #bySession = new Map<string, Set<string>>();
  /** Null when it must be sorted anew. */
  #sorted: readonly string[] | null = [];

  get size(): number {
    return this.#known.size;
  }

  has(scheduleId: string): boolean {
    return this.#known.has(scheduleId);
  }

  /** @returns what it was armed for before */
  set(scheduleId: string, known: Known): number | null | undefined {
    const before = this.#known.get(scheduleId);
    if (before !== undefined && before.sessionKey !== known.sessionKey) this.remove(scheduleId);
    if (!this.#known.has(scheduleId)) this.#sorted = null;
    this.#known.set(scheduleId, known);
    const ids = this.#bySession.get(known.sessionKey);
    if (ids === undefined) this.#bySession.set(known.sessionKey, new Set([scheduleId]));
    else ids.add(scheduleId);
    return before?.kind === known.kind ? before.alarmAtMs : undefined;
  }

  remove(scheduleId: string): void {
    const known = this.#known.get(scheduleId);
    if (known === undefined) return;
    this.#known.delete(scheduleId);
    this.#sorted = null;
    const ids = this.#bySession.get(known.sessionKey);
    ids?.delete(scheduleId);
    if (ids?.size === 0) this.#bySession.delete(known.sessionKey);
  }

  ofSession(sessionKey: string): readonly string[] {
    return [...(this.#bySession.get(sessionKey) ?? [])];
  }

  /** Those that do not tick every so often: they go by the wall clock. */
  onTheWall(): readonly string[] {
    return [...this.#known].filter(([, { kind }]) => kind !== "every").map(([id]) => id);
  }

  /** The first `count` ids after this one, sorted. */
  page(after: string, count: number): readonly string[] {
    this.#sorted ??= [...this.#known.keys()].sort();
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] as string) <= after) low = middle + 1;
      else high = middle;
    }
    return this.#sorted.slice(low, low + count);
  }

  *alarms(wanted: (kind: Cadence["kind"]) => boolean): Iterable<Alarm> {
    for (const [key, { kind, alarmAtMs }] of this.#known) {
      if (alarmAtMs !== null && wanted(kind)) yield { key, dueAtMs: alarmAtMs };
    }
  }

  clear(): void {
    this.#sorted = [];
    this.#known.clear();
    this.#bySession.clear();
  }
}
