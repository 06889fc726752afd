import { RECORD_TYPES } from "../core/records.ts";
import { LubdubError, shown } from "../errors.ts";
import type { Batch, CheckpointSlice } from "./store.ts";

/** Where a log ends. */
export interface End {
  readonly position: number;
  readonly atMs: number;
}

/**
 * Refuses a batch that does not continue the log: a gap, time that runs backwards, a record type that no version could
 * fold, a checkpoint of what is yet to come.
 *
 * @returns where the log ends after it
 * @throws LubdubError `LUBDUB_INTERNAL`: only a mistake in Lubdub makes such a batch
 */
export function checkBatch({ records, dedupe, checkpoint }: Batch, head: End): End {
  let { position, atMs } = head;
  for (const record of records) {
    position += 1;
    if (record.position !== position) throw refused(`position ${position} next`, record.position);
    if (!Number.isSafeInteger(record.atMs) || record.atMs < atMs) {
      throw refused(`atMs of record ${position} to be ${atMs} or later`, record.atMs);
    }
    if (!Number.isSafeInteger(record.previous) || record.previous < 0 || record.previous >= position) {
      throw refused(`previous of record ${position} to be below it`, record.previous);
    }
    if (!RECORD_TYPES.has(record.type)) {
      throw refused(`a known type for record ${position}`, record.type);
    }
    atMs = record.atMs;
  }
  if (checkpoint !== undefined) checkSlice(checkpoint, position);
  for (const known of dedupe) {
    if (known.position <= head.position || known.position > position) {
      throw refused(`dedupe keys of this batch's records, up to ${position}`, known.position);
    }
  }
  return { position, atMs };
}

function checkSlice({ position, snapshots }: CheckpointSlice, end: number): void {
  if (position > end) throw refused(`a checkpoint at the batch's end, ${end}, or before`, position);
  const other = snapshots.find((snapshot) => snapshot.position !== position);
  if (other !== undefined)
    throw refused(`snapshots of the checkpoint's position, ${position}`, other.position);
}

/** What a log holds, as its owner left it or as it is found. */
export interface Reach {
  readonly base: number;
  readonly head: number;
}

/**
 * Refuses the write of an owner that was replaced without knowing, which no position in a batch would give away: of a checkpoint
 * without records, of a compaction. Every store that outlives its process asks this in each transaction.
 *
 * @throws LubdubError `LUBDUB_DATA_FOLDER_OWNED`
 */
export function checkOwned(left: Reach, found: Reach, location: string): void {
  if (found.base === left.base && found.head === left.head) return;
  throw new LubdubError("LUBDUB_DATA_FOLDER_OWNED", {
    expected: `the log in ${location} to hold records ${left.base + 1} to ${left.head}, as it was left`,
    got: `records ${found.base + 1} to ${found.head}: another process has written there`,
    fix: "Stop one of the two, and do not remove `owner.db` while Lubdub runs.",
  });
}

/** Compaction may only drop what a checkpoint has folded in. */
export function checkCompaction(upTo: number, isCheckpoint: boolean): void {
  if (!isCheckpoint) throw refused("the position of a checkpoint to compact up to", upTo);
}

export function closed(): LubdubError {
  return new LubdubError("LUBDUB_CLOSED", {
    expected: "an open store",
    got: "one that was closed",
    fix: "Open it again.",
  });
}

function refused(expected: string, got: unknown): LubdubError {
  return new LubdubError("LUBDUB_INTERNAL", { expected, got: shown(got), fix: "Report this as a bug." });
}
