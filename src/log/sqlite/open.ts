import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LubdubError } from "../../errors.ts";
import { RECORD_TYPES } from "../../core/records.ts";
import { createEnds } from "./ends.ts";
import { asStoreError, corrupt } from "./failures.ts";
import { preparePrivateFile } from "../../private-folder.ts";
import { unknownType } from "./records.ts";
import { checkWal, syncWal } from "./wal.ts";
import { APPLICATION_ID, declarations, expectedDeclarations, migrate, SCHEMA_VERSION } from "./schema.ts";

const DATABASE_FILE = "lubdub.db";
/** Older versions can damage a database when its WAL is reset. */
const SQLITE_VERSION_MIN = [3, 51, 3] as const;
/** Another process only ever reads, or makes a backup; a write must not stop the event loop for longer. */
const BUSY_TIMEOUT_MS = 250;
const CACHE_KIB = 16 * 1024;
const WAL_BYTES_MAX = 16 * 1024 * 1024;

export function databaseFile(folder: string): string {
  return join(folder, DATABASE_FILE);
}

/**
 * Opens the database of a folder and checks that it is one that we can read: ours, not newer, declared as we declare it. A writer
 * makes it if it is not there, and brings an older one up to date.
 *
 * @throws LubdubError `LUBDUB_STORE_FOREIGN`, `LUBDUB_STORE_NEWER`, `LUBDUB_STORE_CORRUPT`, `LUBDUB_STORE_SQLITE_TOO_OLD`,
 * `LUBDUB_STORE_FAILED`, `LUBDUB_STORE_FULL`, `LUBDUB_NOT_FOUND`
 */
export function openDatabase(folder: string, readOnly: boolean): DatabaseSync {
  checkSqliteVersion();
  const file = databaseFile(folder);
  if (readOnly && !existsSync(file)) throw notThere(file);
  let db: DatabaseSync | null = null;
  try {
    if (!readOnly) {
      preparePrivateFile(file);
      syncWal(file);
    }
    checkWal(file);
    db = new DatabaseSync(file, { readOnly, timeout: BUSY_TIMEOUT_MS, defensive: true });
    configure(db);
    const version = identify(db, file);
    if (!readOnly) prepareToWrite(db, version);
    else if (version < SCHEMA_VERSION) throw olderToRead(file, version);
    checkContents(db, file);
    return db;
  } catch (error) {
    db?.close();
    throw asStoreError(error, file);
  }
}

function configure(db: DatabaseSync): void {
  db.exec(`
    PRAGMA cell_size_check = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA cache_size = -${CACHE_KIB};
  `);
}

/** @returns the version of its schema; 0 if it is empty */
function identify(db: DatabaseSync, file: string): number {
  const applicationId = pragma(db, "application_id");
  const version = pragma(db, "user_version");
  const isEmpty = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"] === 0;
  if (applicationId === 0 && version === 0 && isEmpty) return 0;
  if (applicationId !== APPLICATION_ID) throw foreign(file);
  if (version > SCHEMA_VERSION) throw newer(file, version);
  if (version < 1) throw corrupt(file, `schema version ${version}`);
  return version;
}

/**
 * WAL with FULL: a commit is on the disk when it returns. secure_delete: what is forgotten is overwritten. fullfsync: on macOS
 * an ordinary sync stays in the drive's cache.
 */
function prepareToWrite(db: DatabaseSync, version: number): void {
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA secure_delete = ON;
    PRAGMA journal_size_limit = ${WAL_BYTES_MAX};
  `);
  if (version === SCHEMA_VERSION) return;
  db.exec("BEGIN IMMEDIATE");
  migrate(db, version);
  if (version === 0) createEnds(db);
  db.exec("COMMIT");
}

function checkContents(db: DatabaseSync, file: string): void {
  if (declarations(db) !== expectedDeclarations()) throw corrupt(file, "tables declared in another way");
  for (const { type } of db.prepare("SELECT type FROM record_types").iterate()) {
    if (!RECORD_TYPES.has(String(type))) throw unknownType(file, String(type));
  }
}

function pragma(db: DatabaseSync, name: "application_id" | "user_version"): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function checkSqliteVersion(): void {
  const version = process.versions["sqlite"] ?? "0";
  const parts = version.split(".").map(Number);
  const differs = SQLITE_VERSION_MIN.findIndex((part, index) => part !== parts[index]);
  if (differs === -1 || (parts[differs] ?? 0) > (SQLITE_VERSION_MIN[differs] ?? 0)) return;
  throw new LubdubError("LUBDUB_STORE_SQLITE_TOO_OLD", {
    expected: `SQLite ${SQLITE_VERSION_MIN.join(".")} or newer in Node`,
    got: version,
    fix: "Use a newer Node: older SQLite can damage a database.",
  });
}

function notThere(file: string): LubdubError {
  return new LubdubError("LUBDUB_NOT_FOUND", {
    expected: `a database at ${file}`,
    got: "none",
    fix: "Name the folder that Lubdub uses.",
  });
}

function foreign(file: string): LubdubError {
  return new LubdubError("LUBDUB_STORE_FOREIGN", {
    expected: `${file} to be a database of Lubdub`,
    got: "one of another program",
    fix: "Name another data folder. This file was not touched.",
  });
}

function newer(file: string, version: number): LubdubError {
  return new LubdubError("LUBDUB_STORE_NEWER", {
    expected: `${file} to have schema version ${SCHEMA_VERSION} or older`,
    got: `version ${version}`,
    fix: "Start the version of Lubdub that wrote it, or a newer one.",
  });
}

function olderToRead(file: string, version: number): LubdubError {
  return new LubdubError("LUBDUB_STORE_FAILED", {
    expected: `${file} to have schema version ${SCHEMA_VERSION} for reading`,
    got: `version ${version}`,
    fix: "Start Lubdub once: it brings the database up to date.",
  });
}
