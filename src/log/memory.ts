import type { LogRecord } from "../core/records.ts";
import { LubdubError } from "../errors.ts";
import { checkBatch, checkCompaction, closed } from "./guards.ts";
import type { ActorKind, CheckpointSlice, Snapshot, Store } from "./store.ts";
import { isEnded, Versions } from "./versions.ts";

/**
 * A store in memory: the reference for all others, for tests and for hosts that need no durability. Nothing survives
 * the process, `append` syncs nothing, and it grows until `compact`.
 *
 * @example
 * const heartbeat = createHeartbeat({ run, store: memoryStore() });
 */
export function memoryStore(): Store {
  const log = memoryLog();
  const snapshots = versionsOfEachKind();
  const dedupe = new Map<string, { readonly position: number; readonly expiresAtMs: number }>();
  const checkpoints = checkpointsOf(snapshots);
  const store: Store = {
    location: "memory",
    head: () => log.head(),
    append(batch) {
      checkBatch(batch, log.head());
      log.append(batch.records);
      for (const { key, ...known } of batch.dedupe) dedupe.set(key, known);
      if (batch.checkpoint !== undefined) checkpoints.write(batch.checkpoint);
    },
    read: (range) => log.read(range),
    recordAt: (position) => log.recordAt(position),
    base: () => log.base(),
    snapshot(kind, key, upTo = checkpoints.newest()) {
      log.checkOpen();
      return snapshots[kind].newest(key, upTo);
    },
    checkpoint(upTo) {
      log.checkOpen();
      return checkpoints.newest(upTo);
    },
    *keys(query) {
      log.checkOpen();
      yield* snapshots[query.kind].page({ upTo: checkpoints.newest(), ...query });
    },
    *deadlines(kind) {
      log.checkOpen();
      for (const { key, dueAtMs } of snapshots[kind].allNewest(checkpoints.newest())) {
        if (dueAtMs !== null) yield { key, dueAtMs };
      }
    },
    findDuplicate(key, nowMs) {
      log.checkOpen();
      const known = dedupe.get(key);
      return known !== undefined && known.expiresAtMs > nowMs ? known.position : undefined;
    },
    erase({ sessionKey, positions, actors, redact }) {
      const last = positions.reduce((max, position) => Math.max(max, position), log.base());
      log.erase(sessionKey, positions);
      for (const { kind, key } of actors) {
        snapshots[kind].change(key, (old) =>
          old.previous <= last && !isEnded(old) ? { ...old, state: redact(kind, old.state) } : old,
        );
      }
    },
    compact(upTo, nowMs) {
      checkCompaction(upTo, upTo === log.base() || checkpoints.newest(upTo) === upTo);
      const records = log.compact(upTo);
      checkpoints.compact(upTo);
      for (const [key, { expiresAtMs }] of dedupe) if (expiresAtMs <= nowMs) dedupe.delete(key);
      const removed = Object.values(snapshots).map((versions) => versions.compact(upTo));
      return { records, snapshots: removed.reduce((sum, count) => sum + count, 0) };
    },
    backup: async () => refuseBackup(),
    close: () => log.close(),
    [Symbol.dispose]: () => log.close(),
  };
  return store;
}

const versionsOfEachKind = (): Record<ActorKind, Versions> => ({
  heartbeat: new Versions(),
  session: new Versions(),
  schedule: new Versions(),
  agent: new Versions(),
  delivery: new Versions(),
});

/** Where checkpoints are whole. */
function checkpointsOf(snapshots: Record<ActorKind, Versions>) {
  let positions: number[] = [];
  /** Snapshots of one that is not whole. */
  let unfinished: Snapshot[] = [];
  const newest = (upTo = Infinity): number => positions.findLast((position) => position <= upTo) ?? 0;
  return {
    newest,
    write({ position, snapshots: written, isFirst, isLast }: CheckpointSlice) {
      if (isFirst) {
        for (const left of unfinished)
          snapshots[left.kind].remove(left.key, (one) => one.position === left.position);
        unfinished = [];
      }
      for (const snapshot of written) snapshots[snapshot.kind].add({ ...snapshot });
      unfinished = isLast ? [] : [...unfinished, ...written];
      if (isLast && position > newest()) positions.push(position);
    },
    compact(upTo: number) {
      positions = positions.filter((position) => position >= upTo);
    },
  };
}

type Range = NonNullable<Parameters<Store["read"]>[0]>;
const all = (): boolean => true;

function memoryLog() {
  let records: LogRecord[] = [];
  /** The last record that was compacted away. */
  let base = { position: 0, atMs: 0 };
  let isClosed = false;
  const checkOpen = (): void => {
    if (isClosed) throw closed();
  };
  const recordAt = (position: number): LogRecord | undefined => {
    checkOpen();
    return records[position - base.position - 1];
  };
  return {
    checkOpen,
    recordAt,
    head() {
      checkOpen();
      const { position, atMs } = records.at(-1) ?? base;
      return { position, atMs };
    },
    base() {
      checkOpen();
      return base.position;
    },
    append(added: readonly LogRecord[]) {
      for (const record of added) records.push(asStored(record));
    },
    *read({ after = 0, upTo = Infinity, limit = Infinity, wanted = all }: Range = {}) {
      let left = limit;
      for (let at = Math.max(after, base.position) + 1; at <= upTo && left > 0; at += 1) {
        const record = recordAt(at);
        if (record === undefined) return;
        if (!wanted(record)) continue;
        left -= 1;
        yield record;
      }
    },
    erase(sessionKey: string, positions: readonly number[]) {
      for (const position of positions) {
        const record = recordAt(position);
        if (record?.sessionKey === sessionKey) {
          records[position - base.position - 1] = { ...record, body: null };
        }
      }
    },
    /** @returns how many were dropped */
    compact(upTo: number): number {
      const last = recordAt(upTo);
      if (last === undefined) return 0;
      const dropped = upTo - base.position;
      records = records.slice(dropped);
      base = { position: upTo, atMs: last.atMs };
      return dropped;
    },
    close() {
      isClosed = true;
    },
  };
}

/** What any store gives back: plain JSON, apart from the caller's objects. */
function asStored(record: LogRecord): LogRecord {
  return JSON.parse(JSON.stringify({ ...record, body: record.body ?? null })) as LogRecord;
}

function refuseBackup(): never {
  throw new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: "a store on disk to make a backup of",
    got: "a store in memory",
    fix: "Use sqliteStore({ folder }).",
  });
}
