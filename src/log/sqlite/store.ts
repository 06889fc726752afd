import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { LubdubError } from "../../errors.ts";
import { checkCompaction, closed } from "../guards.ts";
import type { Store } from "../store.ts";
import { appender } from "./append.ts";
import { backup } from "./backup.ts";
import { compact } from "./compact.ts";
import { dedupeTable } from "./dedupe.ts";
import { openEnds } from "./ends.ts";
import { eraser } from "./erase.ts";
import { mapped } from "./failures.ts";
import { checkPrivateFolder, preparePrivateFolder } from "../../private-folder.ts";
import { logTable } from "./log.ts";
import { databaseFile, openDatabase } from "./open.ts";
import { takeOwnership } from "./owner.ts";
import { snapshotTables } from "./snapshots.ts";

/** Where a SQLite store lies, and how it is opened. */
export interface SqliteStoreOptions {
  /** The data folder. Made with mode 0700 if it is not there; one that others can look into is refused. */
  readonly folder: string;
  /** Only look, also while another process owns the folder: a still picture as of now. @default false */
  readonly readOnly?: boolean;
}

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
  const ends = attempt(() => openEnds(db, file));
  const log = logTable(db, file, ends.get);
  const snapshots = snapshotTables(db, file);
  const { checkpoints } = snapshots;
  const dedupe = dedupeTable(db, file);
  if (ownership !== null) attempt(() => checkpoints.findUnfinished(ends.get().head.position));
  const append = appender(db, file, { ends, log, snapshots, dedupe });
  const erase = eraser(db, { ends, snapshots });
  const checkWritable = (): void => {
    if (ownership === null) throw readOnlyRefusal(file);
  };

  const store: Store = {
    location: file,
    head() {
      const { position, atMs } = ends.get().head;
      return { position, atMs };
    },
    append(batch) {
      checkWritable();
      append(batch);
    },
    read: log.read,
    recordAt: (position) => attempt(() => log.recordAt(position)),
    base: () => ends.get().base.position,
    snapshot: (...query) => attempt(() => snapshots.snapshot(...query)),
    checkpoint: (upTo) => attempt(() => checkpoints.newest(upTo)),
    keys: snapshots.keys,
    deadlines: snapshots.deadlines,
    findDuplicate: (key, nowMs) => attempt(() => dedupe.findDuplicate(key, nowMs)),
    erase(erasure) {
      checkWritable();
      const last = erasure.positions.reduce((max, position) => Math.max(max, position), store.base());
      attempt(() => erase(erasure, last));
    },
    compact(upTo, nowMs) {
      checkWritable();
      const { base } = ends.get();
      checkCompaction(upTo, upTo === base.position || (upTo > 0 && store.checkpoint(upTo) === upTo));
      return attempt(() => compact(db, ends, upTo === base.position ? base : log.endAt(upTo), nowMs));
    },
    async backup(target) {
      checkWritable();
      if (!db.isOpen) throw closed();
      await backup(file, resolve(target));
    },
    close() {
      if (!db.isOpen) return;
      attempt(() => db.close());
      ownership?.[Symbol.dispose]();
    },
    [Symbol.dispose]: () => store.close(),
  };
  return store;
}

function readOnlyRefusal(file: string): LubdubError {
  return new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: `${file} to be open for writing`,
    got: "a store opened with readOnly",
    fix: "Open it without readOnly.",
  });
}
