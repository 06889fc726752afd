import { closeSync, fsyncSync, openSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { LubdubError } from "../../errors.ts";
import { checkBatch, checkCompaction, closed } from "../guards.ts";
import type { Store } from "../store.ts";
import { compact } from "./compact.ts";
import { dedupeTable } from "./dedupe.ts";
import { checkEnds, endsReader, endWriter } from "./ends.ts";
import { asStoreError } from "./failures.ts";
import { checkPrivateFolder, FILE_MODE, preparePrivateFolder } from "./folder.ts";
import { logTable, mapped } from "./log.ts";
import { databaseFile, openDatabase } from "./open.ts";
import { takeOwnership } from "./owner.ts";
import { snapshotTables } from "./snapshots.ts";
import { transaction } from "./transaction.ts";
import { typeNotes } from "./types.ts";

export interface SqliteStoreOptions {
  /** The data folder. Made with mode 0700 if it is not there; one that others can look into is refused. */
  readonly folder: string;
  /** Only look, also while another process owns the folder: a still picture as of now. @default false */
  readonly readOnly?: boolean;
}

/** Bodies erased per transaction. */
const ERASE_CHUNK = 1_000;

/**
 * A durable store: a SQLite database `lubdub.db` in a folder of its own. What `append` has written is on the disk when it
 * returns. One process owns the folder, until it closes the store or ends.
 *
 * @throws LubdubError `LUBDUB_DATA_FOLDER_INVALID`, `LUBDUB_DATA_FOLDER_OWNED`, `LUBDUB_STORE_CORRUPT`, `LUBDUB_STORE_FOREIGN`,
 * `LUBDUB_STORE_NEWER`, `LUBDUB_STORE_FAILED`, `LUBDUB_STORE_FULL`, `LUBDUB_STORE_SQLITE_TOO_OLD`; `LUBDUB_NOT_FOUND` for a
 * read-only store that is not there
 *
 * @example
 * const heartbeat = createHeartbeat({ run, store: sqliteStore({ folder: "./data" }) });
 */
export function sqliteStore({ folder, readOnly = false }: SqliteStoreOptions): Store {
  const path = resolve(folder);
  if (readOnly) checkPrivateFolder(path);
  else preparePrivateFolder(path);
  const ownership = readOnly ? null : takeOwnership(path);
  let db: DatabaseSync | null = null;
  try {
    db = openDatabase(path, readOnly);
    return storeOn(db, databaseFile(path), ownership);
  } catch (error) {
    db?.close();
    ownership?.[Symbol.dispose]();
    throw error;
  }
}

/** @param ownership - given up when the store closes; null for a still picture */
export function storeOn(db: DatabaseSync, file: string, ownership: Disposable | null): Store {
  const attempt = <T>(work: () => T): T => mapped(file, work);
  // One read transaction for life: whatever the owner does meanwhile, all answers fit together.
  if (ownership === null) attempt(() => db.exec("BEGIN"));
  const readEnds = endsReader(db, file);
  let ends = attempt(readEnds);
  attempt(() => checkEnds(db, file, ends));
  const currentEnds = () => {
    if (!db.isOpen) throw closed();
    return ends;
  };
  const writeEnd = endWriter(db);
  const log = logTable(db, file, currentEnds);
  const snapshots = snapshotTables(db, file);
  const dedupe = dedupeTable(db, file);
  const types = typeNotes(db);
  /** After a commit of unknown outcome this connection may disagree with the disk. */
  let failure: LubdubError | null = null;

  const store: Store = {
    location: file,
    head() {
      const { position, atMs } = currentEnds().head;
      return { position, atMs };
    },
    append(batch) {
      if (failure !== null) throw failure;
      const { head } = currentEnds();
      const end = checkBatch(batch, head);
      try {
        const hash = transaction(db, () => {
          types.note(batch.records);
          const last = log.insert(batch.records, head.hash);
          dedupe.insert(batch.dedupe);
          if (batch.snapshots !== undefined) snapshots.insert(end.position, batch.snapshots);
          writeEnd("head", { ...end, hash: last });
          return last;
        });
        ends = { ...ends, head: { ...end, hash } };
        types.committed();
      } catch (error) {
        types.rolledBack();
        const cause = asStoreError(error, file);
        if (cause.code !== "LUBDUB_STORE_FULL") failure = cause;
        throw cause;
      }
    },
    read: log.read,
    recordAt: (position) => attempt(() => log.recordAt(position)),
    base: () => currentEnds().base.position,
    snapshot: (...query) => attempt(() => snapshots.snapshot(...query)),
    checkpoint: (upTo) => attempt(() => snapshots.checkpoint(upTo)),
    snapshots: snapshots.snapshots,
    deadlines: snapshots.deadlines,
    findDuplicate: (key, nowMs) => attempt(() => dedupe.findDuplicate(key, nowMs)),
    erase(sessionKey, positions) {
      const last = positions.reduce((max, position) => Math.max(max, position), store.base());
      attempt(() => {
        for (let at = 0; at < positions.length; at += ERASE_CHUNK) {
          const chunk = positions.slice(at, at + ERASE_CHUNK);
          transaction(db, () => chunk.forEach((position) => log.eraseBody(position, sessionKey)));
        }
        transaction(db, () => snapshots.eraseSession(sessionKey, last));
        // The old pages also lie in the WAL.
        db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      });
    },
    compact(upTo, nowMs) {
      const { base } = currentEnds();
      checkCompaction(upTo, upTo === base.position || (upTo > 0 && store.checkpoint(upTo) === upTo));
      return attempt(() => {
        try {
          return compact(db, upTo === base.position ? base : log.endAt(upTo), nowMs);
        } finally {
          ends = readEnds(); // the base may have moved although a later step failed
        }
      });
    },
    backup: (target) => attempt(() => backup(db, resolve(target))),
    close() {
      if (!db.isOpen) return;
      attempt(() => db.close());
      ownership?.[Symbol.dispose]();
    },
    [Symbol.dispose]: () => store.close(),
  };
  return store;
}

function backup(db: DatabaseSync, target: string): void {
  try {
    closeSync(openSync(target, "wx", FILE_MODE));
  } catch (error) {
    throw new LubdubError("LUBDUB_INPUT_INVALID", {
      expected: "a new file to write the backup into",
      got: (error as Error).message,
      fix: "Name a file that is not there yet, in a folder that is.",
    });
  }
  try {
    db.prepare("VACUUM INTO ?").run(target);
    sync(target);
  } catch (error) {
    rmSync(target, { force: true });
    throw error;
  }
}

function sync(file: string): void {
  const handle = openSync(file, "r+");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
