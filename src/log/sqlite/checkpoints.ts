import type { DatabaseSync } from "node:sqlite";
import type { ActorKind, CheckpointSlice, Snapshot } from "../store.ts";
import { corrupt } from "./failures.ts";
import { sum } from "./integrity.ts";

type SnapshotId = [kind: ActorKind, key: string, position: number];

/** The table `checkpoints`: a row is written with the last part of one, and makes its snapshots count. */
export interface CheckpointTable {
  /** Position of the newest at or before `upTo`; 0 if there is none. */
  newest(upTo?: number): number;
  /** Writes a part of one. */
  write(slice: CheckpointSlice): void;
  /** The transaction with this part is on the disk. */
  committed(slice: CheckpointSlice): void;
  /**
   * Looks for what another process has left of one that is not whole: the next one removes it. Who closes in order leaves one at the
   * head of the log: then there is nothing to look for.
   */
  findUnfinished(head: number): void;
}

/** @param insert - writes a row of `snapshots` */
export function checkpointTable(
  db: DatabaseSync,
  file: string,
  insert: (snapshot: Snapshot) => void,
): CheckpointTable {
  const put = db.prepare("INSERT OR REPLACE INTO checkpoints VALUES (?, ?)");
  const selectNewest = db.prepare(
    "SELECT position, crc FROM checkpoints WHERE position <= ? ORDER BY position DESC LIMIT 1",
  );
  const selectAfter = db.prepare("SELECT kind, key, position FROM snapshots WHERE position > ?");
  const remove = db.prepare("DELETE FROM snapshots WHERE kind = ? AND key = ? AND position = ?");
  selectNewest.setReturnArrays(true);
  selectAfter.setReturnArrays(true);
  let unfinished: SnapshotId[] = [];
  const rowAt = (upTo: number) => selectNewest.get(upTo) as unknown as [number, number] | undefined;
  const newest = (upTo = Number.MAX_SAFE_INTEGER): number => {
    const row = rowAt(upTo);
    if (row === undefined) return 0;
    const [position, crc] = row;
    if (sum(position) !== crc) throw corrupt(file, `checkpoint ${position} was changed`);
    return position;
  };
  return {
    newest,
    write({ position, snapshots, isFirst, isLast }) {
      if (isFirst) for (const id of unfinished) remove.run(...id);
      for (const snapshot of snapshots) insert(snapshot);
      if (isLast) put.run(position, sum(position));
    },
    committed({ snapshots, isFirst, isLast }) {
      if (isFirst || isLast) unfinished = [];
      if (!isLast) for (const { kind, key, position } of snapshots) unfinished.push([kind, key, position]);
    },
    findUnfinished(head) {
      const [whole] = rowAt(Number.MAX_SAFE_INTEGER) ?? [0];
      if (whole < head) unfinished = selectAfter.all(whole) as unknown as SnapshotId[];
    },
  };
}
