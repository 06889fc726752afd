import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { ENDED, type ActorKind, type Snapshot, type Store } from "../store.ts";
import { checkpointTable, type CheckpointTable } from "./checkpoints.ts";
import { corrupt, mapped } from "./failures.ts";
import { sum } from "./integrity.ts";

const PAGE_ROWS = 4_096;

const COLUMNS = "kind, key, position, machine, previous, due_at_ms, queued, dead, state_crc, crc";
type Columns = [
  kind: ActorKind,
  key: string,
  position: number,
  machine: string,
  previous: number,
  dueAtMs: number | null,
  queued: number,
  dead: number,
  stateCrc: number,
  crc: number,
];
export type SnapshotRow = [...Columns, state: string];
export const SNAPSHOT_COLUMNS = `${COLUMNS}, state`;

/** The table `snapshots`, and that of the checkpoints that its rows belong to. */
export interface SnapshotTables extends Pick<Store, "snapshot" | "keys" | "deadlines"> {
  readonly checkpoints: CheckpointTable;
  /** All versions of an actor whose newest record is at or before `last`. */
  upTo(kind: ActorKind, key: string, last: number): readonly Snapshot[];
  replace(snapshot: Snapshot): void;
}

export function snapshotTables(db: DatabaseSync, file: string): SnapshotTables {
  const { insert, selectNewest, selectKeys, selectDeadKeys, selectColumns, selectUpTo } = statements(db);
  const replace = (snapshot: Snapshot): void => void insert.run(...toRow(snapshot));
  const checkpoints = checkpointTable(db, file, replace);
  const newest = (): number => mapped(file, () => checkpoints.newest());

  return {
    checkpoints,
    upTo(kind, key, last) {
      const rows = selectUpTo.all(kind, key, last) as unknown as SnapshotRow[];
      return rows.map((row) => fromRow(row, file));
    },
    replace,
    snapshot(kind, key, upTo = checkpoints.newest()) {
      const row = selectNewest.get(kind, key, upTo) as unknown as SnapshotRow | undefined;
      return row === undefined ? undefined : fromRow(row, file);
    },
    *keys({ kind, after = "", limit, upTo = newest(), withDeadLetters = false }) {
      const select = withDeadLetters ? selectDeadKeys : selectKeys;
      let from = after;
      for (let left = limit; left > 0;) {
        const size = Math.min(left, PAGE_ROWS);
        const rows = mapped(file, () => select.all(kind, from, upTo, upTo, size)) as unknown as [string][];
        for (const [key] of rows) yield key;
        if (rows.length < size) return;
        from = rows.at(-1)?.[0] ?? from;
        left -= size;
      }
    },
    *deadlines(kind) {
      const upTo = newest();
      let from = "";
      for (;;) {
        const rows = mapped(file, () =>
          selectColumns.all(kind, from, upTo, upTo, PAGE_ROWS),
        ) as unknown as Columns[];
        for (const row of rows) {
          const [, key, , , , dueAtMs] = row;
          if (!isSound(row)) yield { key, dueAtMs: 0 };
          else if (dueAtMs !== null) yield { key, dueAtMs };
        }
        if (rows.length < PAGE_ROWS) return;
        from = rows.at(-1)?.[1] ?? from;
      }
    },
  };
}

function statements(db: DatabaseSync) {
  const insert = db.prepare(
    `INSERT OR REPLACE INTO snapshots (${SNAPSHOT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const selectNewest = db.prepare(
    `SELECT ${SNAPSHOT_COLUMNS} FROM snapshots WHERE kind = ? AND key = ? AND position <= ? ORDER BY position DESC LIMIT 1`,
  );
  const selectKeys = db.prepare(newestOfEachKey("key", ""));
  const selectDeadKeys = db.prepare(
    newestOfEachKey("key", "AND dead > 0", "INDEXED BY snapshots_with_dead_letters"),
  );
  const selectColumns = db.prepare(newestOfEachKey(COLUMNS, ""));
  const selectUpTo = db.prepare(
    `SELECT ${SNAPSHOT_COLUMNS} FROM snapshots WHERE kind = ? AND key = ? AND previous <= ?`,
  );
  for (const select of [selectUpTo, selectNewest, selectKeys, selectDeadKeys, selectColumns]) {
    select.setReturnArrays(true);
  }
  return {
    insert,
    selectNewest,
    selectKeys,
    selectDeadKeys,
    selectColumns,
    selectUpTo,
  };
}

/** Ended actors are left out. Parameters: kind, key to start after, last position, the same again, limit. */
function newestOfEachKey(columns: string, where: string, index = ""): string {
  return `
    SELECT ${columns} FROM snapshots AS s ${index}
    WHERE kind = ? AND key > ? AND position <= ? AND machine <> '${ENDED.machine}' ${where} AND NOT EXISTS (
      SELECT 1 FROM snapshots AS later
      WHERE later.kind = s.kind AND later.key = s.key AND later.position > s.position AND later.position <= ?
    )
    ORDER BY key LIMIT ?`;
}

function toRow({
  kind,
  key,
  position,
  machine,
  previous,
  dueAtMs,
  queued,
  dead,
  state,
}: Snapshot): SnapshotRow {
  const stateCrc = crc32(state);
  const columns = [kind, key, position, machine, previous, dueAtMs, queued, dead, stateCrc] as const;
  return [...columns, sum(...columns), state];
}

/** @throws LubdubError `LUBDUB_STORE_CORRUPT` */
export function fromRow(row: SnapshotRow, file: string): Snapshot {
  const [kind, key, position, machine, previous, dueAtMs, queued, dead, stateCrc, , state] = row;
  if (!isSound(row) || crc32(state) !== stateCrc) {
    throw corrupt(file, `the snapshot of ${kind} ${key} at position ${position} was changed`);
  }
  return { kind, key, position, machine, previous, dueAtMs, queued, dead, state };
}

/** Whether the columns beside the state are as they were written. */
function isSound(row: Columns | SnapshotRow): boolean {
  const [kind, key, position, machine, previous, dueAtMs, queued, dead, stateCrc, crc] = row;
  return sum(kind, key, position, machine, previous, dueAtMs, queued, dead, stateCrc) === crc;
}
