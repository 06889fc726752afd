import type { DatabaseSync } from "node:sqlite";
import { asStoreError, corrupt } from "./failures.ts";
import { sum } from "./integrity.ts";
import { fromRow, SNAPSHOT_COLUMNS, type SnapshotRow } from "./snapshots.ts";
import { asProblem, type Findings } from "./findings.ts";

const PROGRESS_SNAPSHOTS = 1_000;

/** @returns how many there are */
export function verifySnapshots(db: DatabaseSync, { file, problem, progress }: Findings): number {
  const select = db.prepare(`SELECT ${SNAPSHOT_COLUMNS} FROM snapshots`);
  select.setReturnArrays(true);
  let count = 0;
  progress({ step: "snapshots", done: 0 });
  for (const row of select.iterate() as unknown as Iterable<SnapshotRow>) {
    count += 1;
    if (count % PROGRESS_SNAPSHOTS === 0) progress({ step: "snapshots", done: count });
    try {
      fromRow(row, file);
    } catch (error) {
      const place = row[0] === "session" ? { sessionKey: String(row[1]) } : {};
      problem(asProblem(asStoreError(error, file), place));
    }
  }
  return count;
}

export function verifyCheckpoints(db: DatabaseSync, { file, problem }: Findings): void {
  const select = db.prepare("SELECT position, crc FROM checkpoints");
  select.setReturnArrays(true);
  for (const [position, crc] of select.iterate() as unknown as Iterable<[number, number]>) {
    if (sum(position) === crc) continue;
    problem(asProblem(corrupt(file, `checkpoint ${position} was changed`)));
  }
}

export function verifyDedupe(db: DatabaseSync, { file, problem }: Findings): void {
  const select = db.prepare("SELECT key, position, expires_at_ms, crc FROM dedupe");
  select.setReturnArrays(true);
  for (const row of select.iterate() as unknown as Iterable<[string, number, number, number]>) {
    const [key, position, expiresAtMs, crc] = row;
    if (sum(key, position, expiresAtMs) === crc) continue;
    problem(asProblem(corrupt(file, `the dedupe key of record ${position} was changed`), { position }));
  }
}
