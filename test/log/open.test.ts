import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openDatabase } from "../../src/log/sqlite/open.ts";
import { sqliteStore, verifyStore } from "../../src/log/sqlite/index.ts";
import { SCHEMA_VERSION } from "../../src/log/sqlite/schema.ts";
import { fill } from "../contract/store-records.ts";
import { temporaryFolder } from "./folder.ts";

test("a commit is synced, and what is erased is overwritten", () => {
  using folder = temporaryFolder();
  mkdirSync(folder.path, { mode: 0o700 });
  using db = openDatabase(folder.path, false);
  const pragma = (name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  expect(pragma("journal_mode")).toBe("wal");
  expect(pragma("synchronous")).toBe(2); // FULL
  expect(pragma("secure_delete")).toBe(1);
  expect(pragma("busy_timeout")).toBeLessThanOrEqual(250);
});

test("the folder and every file in it are for the owner only", () => {
  using folder = temporaryFolder();
  using store = sqliteStore({ folder: folder.path });
  fill(store, 1);
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  for (const name of ["lubdub.db", "lubdub.db-wal", "lubdub.db-shm", "owner.db", "owner.pid"]) {
    expect([name, (statSync(join(folder.path, name)).mode & 0o777).toString(8)]).toEqual([name, "600"]);
  }
});

test("a folder that others can look into is refused, with what to type", () => {
  using folder = temporaryFolder();
  sqliteStore({ folder: folder.path }).close();
  chmodSync(folder.path, 0o750);
  expect(() => sqliteStore({ folder: folder.path })).toThrow(
    expect.objectContaining({
      code: "LUBDUB_DATA_FOLDER_INVALID",
      fix: `Type: chmod 700 '${folder.path}'`,
    }),
  );
  expect(() => verifyStore(folder.path)).toThrow("mode 750");
});

test("a symbolic link and a file are no data folders", () => {
  using folder = temporaryFolder();
  mkdirSync(folder.path, { mode: 0o700 });
  const link = `${folder.path}-link`;
  const file = `${folder.path}-file`;
  symlinkSync(folder.path, link);
  writeFileSync(file, "");
  const isInvalid = expect.objectContaining({ code: "LUBDUB_DATA_FOLDER_INVALID" });
  expect(() => sqliteStore({ folder: link })).toThrow(isInvalid);
  expect(() => sqliteStore({ folder: file })).toThrow(isInvalid);
  expect(() => sqliteStore({ folder: join(file, "below") })).toThrow(isInvalid);
});

test("a database of another program is refused and not touched", () => {
  using folder = temporaryFolder();
  const file = databaseIn(folder.path, "CREATE TABLE t (x); INSERT INTO t VALUES (1)");
  const before = readFileSync(file);
  expect(() => sqliteStore({ folder: folder.path })).toThrow(coded("LUBDUB_STORE_FOREIGN"));
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(verifyStore(folder.path).problems.map(({ code }) => code)).toEqual(["LUBDUB_STORE_FOREIGN"]);
});

test("a database of a newer version is refused", () => {
  using folder = temporaryFolder();
  change(folder.path, `PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  expect(() => sqliteStore({ folder: folder.path })).toThrow(coded("LUBDUB_STORE_NEWER"));
  expect(verifyStore(folder.path).problems.map(({ code }) => code)).toEqual(["LUBDUB_STORE_NEWER"]);
});

test("a log with a record type of a newer version is refused at the start", () => {
  using folder = temporaryFolder();
  change(folder.path, "INSERT INTO record_types VALUES ('event.dreamt')");
  expect(() => sqliteStore({ folder: folder.path })).toThrow(/event\.dreamt/);
  expect(() => sqliteStore({ folder: folder.path })).toThrow(coded("LUBDUB_STORE_NEWER"));
});

test.each([
  ["garbage", Buffer.alloc(8_192, "not a database ")],
  ["a text file", Buffer.from("hello")],
])("%s in place of the database is refused", (_, bytes) => {
  using folder = temporaryFolder();
  mkdirSync(folder.path, { mode: 0o700 });
  writeFileSync(join(folder.path, "lubdub.db"), bytes);
  expect(() => sqliteStore({ folder: folder.path })).toThrow(coded("LUBDUB_STORE_CORRUPT"));
  expect(verifyStore(folder.path).problems.map(({ code }) => code)).toEqual(["LUBDUB_STORE_CORRUPT"]);
});

test("tables that were declared in another way are refused", () => {
  using folder = temporaryFolder();
  change(folder.path, "ALTER TABLE dedupe ADD COLUMN extra TEXT");
  expect(() => sqliteStore({ folder: folder.path })).toThrow(coded("LUBDUB_STORE_CORRUPT"));
});

test("an empty file becomes a database: a crash may leave one at the very first start", () => {
  using folder = temporaryFolder();
  mkdirSync(folder.path, { mode: 0o700 });
  writeFileSync(join(folder.path, "lubdub.db"), "");
  using store = sqliteStore({ folder: folder.path });
  fill(store, 1);
  expect(store.head().position).toBe(1);
});

test("after any refusal the folder has no owner", () => {
  using folder = temporaryFolder();
  const file = databaseIn(folder.path, "CREATE TABLE t (x)");
  expect(() => sqliteStore({ folder: folder.path })).toThrow(coded("LUBDUB_STORE_FOREIGN"));
  writeFileSync(file, "");
  sqliteStore({ folder: folder.path }).close();
});

test("a reader needs something to read", () => {
  using folder = temporaryFolder();
  expect(() => sqliteStore({ folder: folder.path, readOnly: true })).toThrow(
    coded("LUBDUB_DATA_FOLDER_INVALID"),
  );
  mkdirSync(folder.path, { mode: 0o700 });
  expect(() => sqliteStore({ folder: folder.path, readOnly: true })).toThrow(coded("LUBDUB_NOT_FOUND"));
  expect(verifyStore(folder.path)).toMatchObject({ records: 0, problems: [] });
});

function coded(code: string) {
  return expect.objectContaining({ code });
}

function databaseIn(folder: string, sql: string): string {
  mkdirSync(folder, { mode: 0o700 });
  const file = join(folder, "lubdub.db");
  using db = new DatabaseSync(file);
  db.exec(sql);
  return file;
}

/** Changes a database of ours behind its back. */
function change(folder: string, sql: string): void {
  const store = sqliteStore({ folder });
  fill(store, 3);
  store.close();
  using db = new DatabaseSync(join(folder, "lubdub.db"));
  db.exec(sql);
}
