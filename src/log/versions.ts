import { ENDED, type Snapshot, type KeyQuery } from "./store.ts";

export const isEnded = ({ machine }: Snapshot): boolean => machine === ENDED.machine;

/** All versions of all snapshots of one kind, oldest first; keys in bytewise order when they are asked for. */
export class Versions {
  readonly #byKey = new Map<string, Snapshot[]>();
  #sortedKeys: readonly string[] | null = null;

  add(snapshot: Snapshot): void {
    const versions = this.#byKey.get(snapshot.key);
    if (versions === undefined) {
      this.#byKey.set(snapshot.key, [snapshot]);
      this.#sortedKeys = null;
    } else {
      if (versions.at(-1)?.position === snapshot.position) versions.pop();
      versions.push(snapshot);
    }
  }

  newest(key: string, upTo: number): Snapshot | undefined {
    return this.#byKey.get(key)?.findLast(({ position }) => position <= upTo);
  }

  *allNewest(upTo: number): Iterable<Snapshot> {
    for (const key of this.#keys()) {
      const newest = this.newest(key, upTo);
      if (newest !== undefined) yield newest;
    }
  }

  *page({
    after,
    limit,
    upTo,
    withDeadLetters = false,
  }: KeyQuery & { readonly upTo: number }): Iterable<string> {
    let left = limit;
    for (const key of this.#keys()) {
      if (left <= 0) return;
      if (after !== undefined && bytewise(key, after) <= 0) continue;
      const newest = this.newest(key, upTo);
      if (newest === undefined || isEnded(newest) || (withDeadLetters && newest.dead === 0)) continue;
      left -= 1;
      yield key;
    }
  }

  change(key: string, to: (snapshot: Snapshot) => Snapshot): void {
    const versions = this.#byKey.get(key);
    if (versions !== undefined) this.#byKey.set(key, versions.map(to));
  }

  remove(key: string, unwanted: (snapshot: Snapshot) => boolean): number {
    const versions = this.#byKey.get(key) ?? [];
    const kept = versions.filter((snapshot) => !unwanted(snapshot));
    if (kept.length > 0) this.#byKey.set(key, kept);
    else if (this.#byKey.delete(key)) this.#sortedKeys = null;
    return versions.length - kept.length;
  }

  /** Of the versions up to this position, only the newest is needed by it and by later ones; of an ended actor none. */
  compact(upTo: number): number {
    let removed = 0;
    for (const key of this.#keys()) {
      const newest = this.newest(key, upTo);
      if (newest === undefined) continue;
      const neededFrom = isEnded(newest) ? newest.position + 1 : newest.position;
      removed += this.remove(key, ({ position }) => position < neededFrom);
    }
    return removed;
  }

  #keys(): readonly string[] {
    this.#sortedKeys ??= [...this.#byKey.keys()].sort(bytewise);
    return this.#sortedKeys;
  }
}

/** As SQLite orders: by UTF-8 bytes, not by UTF-16 units. */
function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
