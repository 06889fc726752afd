import type { DatabaseSync } from "node:sqlite";
import type { LubdubError } from "../../errors.ts";
import { checkBatch } from "../guards.ts";
import type { Batch } from "../store.ts";
import type { DedupeTable } from "./dedupe.ts";
import { endWriter, type OpenEnds } from "./ends.ts";
import { asStoreError } from "./failures.ts";
import type { LogTable } from "./log.ts";
import type { SnapshotTables } from "./snapshots.ts";
import { typeNotes } from "./types.ts";

interface Tables {
  readonly ends: OpenEnds;
  readonly log: LogTable;
  readonly snapshots: SnapshotTables;
  readonly dedupe: DedupeTable;
}

/** The hot path: one batch, one transaction, one sync. */
export function appender(
  db: DatabaseSync,
  file: string,
  { ends, log, snapshots, dedupe }: Tables,
): (batch: Batch) => void {
  const writeEnd = endWriter(db);
  const types = typeNotes(db);
  /** After a commit of unknown outcome this connection may disagree with the disk: nothing more is written. */
  let failure: LubdubError | null = null;
  return (batch) => {
    if (failure !== null) throw failure;
    const { head } = ends.get();
    const end = checkBatch(batch, head);
    try {
      const hash = ends.transaction(() => {
        types.note(batch.records);
        const last = log.insert(batch.records, head.hash);
        dedupe.insert(batch.dedupe);
        if (batch.checkpoint !== undefined) snapshots.checkpoints.write(batch.checkpoint);
        writeEnd("head", { ...end, hash: last });
        return last;
      });
      ends.moveHead({ ...end, hash });
      types.committed();
      if (batch.checkpoint !== undefined) snapshots.checkpoints.committed(batch.checkpoint);
    } catch (error) {
      types.rolledBack();
      const cause = asStoreError(error, file);
      if (cause.code !== "LUBDUB_STORE_FULL") failure = cause;
      throw cause;
    }
  };
}
