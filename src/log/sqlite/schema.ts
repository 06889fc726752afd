import { DatabaseSync } from "node:sqlite";

/** "LbDb" in the file's header: tells our databases from all others. */
export const APPLICATION_ID = 0x4c_62_44_62;

/**
 * What makes a database of version n out of one of version n - 1; a released step never changes. The version is SQLite's `user_version`.
 *
 * SQLite does not check what it reads from the disk, so every row carries a CRC-32 of its other columns (see integrity.ts).
 */
const STEPS: readonly string[] = [
  `
  -- body is NULL with a body_hash once it is forgotten, and NULL without one if there never was any.
  CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    previous INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    session TEXT NOT NULL,
    facts TEXT NOT NULL,
    body TEXT,
    salt TEXT,
    body_hash TEXT,
    crc INTEGER NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  -- base: the last record that was compacted away. head: the newest. Both with the hash that the chain goes on from.
  CREATE TABLE ends (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    hash TEXT NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  -- Every type that was ever written: a log that this version cannot fold is known without reading it.
  CREATE TABLE record_types (type TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE checkpoints (position INTEGER PRIMARY KEY, crc INTEGER NOT NULL) STRICT;
  -- state comes last: the columns before it are read without it.
  CREATE TABLE snapshots (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    position INTEGER NOT NULL,
    machine TEXT NOT NULL,
    previous INTEGER NOT NULL,
    due_at_ms INTEGER,
    queued INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    state_crc INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (kind, key, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX snapshots_with_dead_letters ON snapshots (kind, key, position) WHERE dead > 0;
  CREATE TABLE dedupe (
    key TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];

export const SCHEMA_VERSION = STEPS.length;

/** Brings a database from the version that it has to ours. Call it in a transaction. */
export function migrate(db: DatabaseSync, fromVersion: number): void {
  for (const step of STEPS.slice(fromVersion)) db.exec(step);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
}

/** Every table and index as it was declared: the same in every sound database of our version. */
export function declarations(db: DatabaseSync): string {
  const rows = db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").all();
  return JSON.stringify(rows);
}

export function expectedDeclarations(): string {
  using db = new DatabaseSync(":memory:");
  migrate(db, 0);
  return declarations(db);
}
