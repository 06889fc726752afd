import type { LogRecord } from "../core/records.ts";
import { LubdubError } from "../errors.ts";
import { checkBatch, checkCompaction, closed } from "./guards.ts";
import type { ActorKind, Snapshot, SnapshotQuery, Store } from "./store.ts";

/**
 * A store in memory: the reference for all others, for tests and for hosts that need no durability. Nothing survives
 * the process, `append` syncs nothing, and it grows until `compact`.
 *
 * @example
 * const heartbeat = createHeartbeat({ run, store: memoryStore() });
 */
export function memoryStore(): Store {
  let base = 0;
  let baseAtMs = 0;
  let records: LogRecord[] = [];
  let checkpoints: number[] = [];
  let isClosed = false;
  const snapshots: Record<ActorKind, Versions> = { heartbeat: new Versions(), session: new Versions() };
  const dedupe = new Map<string, { readonly position: number; readonly expiresAtMs: number }>();

  const ready = (): void => {
    if (isClosed) throw closed();
  };
  const headOf = () => ({ position: base + records.length, atMs: records.at(-1)?.atMs ?? baseAtMs });
  const store: Store = {
    location: "memory",
    head() {
      ready();
      return headOf();
    },
    append(batch) {
      ready();
      const { position } = checkBatch(batch, headOf());
      for (const record of batch.records) records.push(asStored(record));
      for (const { key, ...known } of batch.dedupe) dedupe.set(key, known);
      if (batch.snapshots === undefined) return;
      for (const snapshot of batch.snapshots) snapshots[snapshot.kind].add({ ...snapshot });
      if (position > (checkpoints.at(-1) ?? 0)) checkpoints.push(position);
    },
    *read({ after = 0, upTo = Infinity, limit = Infinity } = {}) {
      const end = Math.min(upTo, Math.max(after, base) + limit);
      for (let at = Math.max(after, base) + 1; at <= end; at += 1) {
        ready();
        const record = records[at - base - 1];
        if (record === undefined) return;
        yield record;
      }
    },
    recordAt(position) {
      ready();
      return records[position - base - 1];
    },
    base() {
      ready();
      return base;
    },
    snapshot(kind, key, upTo) {
      ready();
      return snapshots[kind].newest(key, upTo);
    },
    checkpoint(upTo = Infinity) {
      ready();
      return checkpoints.findLast((position) => position <= upTo) ?? 0;
    },
    *snapshots(query) {
      ready();
      yield* snapshots[query.kind].page(query);
    },
    *deadlines() {
      ready();
      for (const { key, dueAtMs } of snapshots.heartbeat.allNewest()) {
        if (dueAtMs !== null) yield { lane: key, dueAtMs };
      }
    },
    findDuplicate(key, nowMs) {
      ready();
      const known = dedupe.get(key);
      return known !== undefined && known.expiresAtMs > nowMs ? known.position : undefined;
    },
    erase(sessionKey, positions) {
      ready();
      for (const position of positions) {
        const record = records[position - base - 1];
        if (record?.sessionKey === sessionKey) records[position - base - 1] = { ...record, body: null };
      }
      const last = positions.reduce((max, position) => Math.max(max, position), base);
      snapshots.session.remove(sessionKey, ({ previous }) => previous <= last);
    },
    compact(upTo, nowMs) {
      ready();
      checkCompaction(upTo, upTo === base || checkpoints.includes(upTo));
      const dropped = upTo - base;
      baseAtMs = records[dropped - 1]?.atMs ?? baseAtMs;
      records = records.slice(dropped);
      base = upTo;
      checkpoints = checkpoints.filter((position) => position >= upTo);
      for (const [key, { expiresAtMs }] of dedupe) if (expiresAtMs <= nowMs) dedupe.delete(key);
      return {
        records: dropped,
        snapshots: snapshots.heartbeat.compact(upTo) + snapshots.session.compact(upTo),
      };
    },
    backup() {
      throw new LubdubError("LUBDUB_INPUT_INVALID", {
        expected: "a store on disk to make a backup of",
        got: "a store in memory",
        fix: "Use sqliteStore({ folder }).",
      });
    },
    close() {
      isClosed = true;
    },
    [Symbol.dispose]: () => store.close(),
  };
  return store;
}

/** All versions of all snapshots of one kind, oldest first; keys in bytewise order when they are asked for. */
class Versions {
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

  newest(key: string, upTo = Infinity): Snapshot | undefined {
    return this.#byKey.get(key)?.findLast(({ position }) => position <= upTo);
  }

  *allNewest(): Iterable<Snapshot> {
    for (const key of this.#keys()) {
      const newest = this.newest(key);
      if (newest !== undefined) yield newest;
    }
  }

  *page({ after, limit, upTo, withDeadLetters = false }: SnapshotQuery): Iterable<Snapshot> {
    let left = limit;
    for (const key of this.#keys()) {
      if (left <= 0) return;
      if (after !== undefined && bytewise(key, after) <= 0) continue;
      const newest = this.newest(key, upTo);
      if (newest === undefined || (withDeadLetters && newest.dead === 0)) continue;
      left -= 1;
      yield newest;
    }
  }

  remove(key: string, unwanted: (snapshot: Snapshot) => boolean): number {
    const versions = this.#byKey.get(key) ?? [];
    const kept = versions.filter((snapshot) => !unwanted(snapshot));
    if (kept.length > 0) this.#byKey.set(key, kept);
    else if (this.#byKey.delete(key)) this.#sortedKeys = null;
    return versions.length - kept.length;
  }

  /** Of the versions up to this position, only the newest is needed by it and by later ones. */
  compact(upTo: number): number {
    let removed = 0;
    for (const key of this.#keys()) {
      const needed = this.newest(key, upTo);
      removed += this.remove(key, ({ position }) => position < (needed?.position ?? 0));
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

/** What any store gives back: plain JSON, apart from the caller's objects. */
function asStored(record: LogRecord): LogRecord {
  return JSON.parse(JSON.stringify({ ...record, body: record.body ?? null })) as LogRecord;
}
