import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { compact } from "../../src/log/sqlite/compact.ts";
import { endsReader, openEnds } from "../../src/log/sqlite/ends.ts";
import { openDatabase } from "../../src/log/sqlite/open.ts";
import { storeOn } from "../../src/log/sqlite/store.ts";
import { sqliteStore, verifyStore } from "../../src/log/sqlite/index.ts";
import type { Store } from "../../src/log/store.ts";
import { checkpoint, erasure, fill, queued, range, session } from "../contract/store-records.ts";
import { temporaryFolder } from "./folder.ts";

const A = "agent:main:discord:channel:42";

test("a full disk refuses the batch, keeps nothing of it, and the store goes on", () => {
  using folder = temporaryFolder();
  const { db, store } = openParts(folder.path);
  fill(store, 100, A);
  const pages = Number(db.prepare("PRAGMA page_count").get()?.["page_count"]);
  db.exec(`PRAGMA max_page_count = ${pages + 2}`);
  const isFull = expect.objectContaining({ code: "LUBDUB_STORE_FULL", retryable: true });
  expect(() => fill(store, 100, A)).toThrow(isFull);
  expect(() => fill(store, 100, A)).toThrow(isFull);
  expect(store.head().position).toBe(100);
  expect([...store.read()]).toHaveLength(100);
  expect(store.recordAt(101)).toBeUndefined();
  store.append({ records: [queued(101, A)], dedupe: [] });
  db.exec("PRAGMA max_page_count = 1000000");
  fill(store, 100, A);
  store.close();
  expect(verifyStore(folder.path)).toMatchObject({ records: 201, problems: [] });
});

test("after a write that failed in another way nothing more is written", () => {
  using folder = temporaryFolder();
  const { db, store } = openParts(folder.path);
  fill(store, 10, A);
  db.exec("PRAGMA query_only = ON");
  const isFailed = expect.objectContaining({ code: "LUBDUB_STORE_FAILED" });
  expect(() => fill(store, 1, A)).toThrow(isFailed);
  db.exec("PRAGMA query_only = OFF");
  expect(() => fill(store, 1, A)).toThrow(isFailed);
  expect([...store.read()]).toHaveLength(10);
  store.close();
});

test("an erased text is in no file any more, in whatever order texts are erased", () => {
  using folder = temporaryFolder();
  const store = sqliteStore({ folder: folder.path });
  const positions = range(1, 400);
  for (const at of range(0, 39)) {
    const group = range(at * 10 + 1, at * 10 + 10);
    checkpoint(
      store,
      group.map((position) => queued(position, A, { text: secret(position) })),
      [session(A, at * 10 + 10, { previous: at * 10 + 10, state: JSON.stringify(group.map(secret)) })],
    );
  }
  expect(filesWith(folder.path, "secret-")).not.toEqual([]);
  for (const step of range(0, 3)) {
    const part = positions.filter((position) => (position * 7) % 4 === step);
    store.erase(erasure(A, part, () => "{}"));
    expect(part.filter((position) => filesWith(folder.path, secret(position)).length > 0)).toEqual([]);
  }
  expect(filesWith(folder.path, "secret-")).toEqual([]);
  store.close();
  expect(filesWith(folder.path, "secret-")).toEqual([]);
  expect(verifyStore(folder.path)).toMatchObject({ records: 400, problems: [] });
});

test("a compaction that was cut off after its first step is sound, and the next one finishes it", () => {
  using folder = temporaryFolder();
  const { db, store } = openParts(folder.path);
  fill(store, 50, A);
  checkpoint(store, [queued(51, A)], [session(A, 51)]);
  fill(store, 9, A);
  const target = { position: 51, atMs: store.recordAt(51)?.atMs ?? 0, hash: hashAt(db, 51) };
  db.function("fail", () => {
    throw new Error("the power is gone");
  });
  db.exec("CREATE TEMP TRIGGER cut BEFORE DELETE ON log BEGIN SELECT fail(); END");
  expect(() => compact(db, openEnds(db, "test"), target, 0)).toThrow("the power is gone");
  store.close();
  expect(verifyStore(folder.path)).toMatchObject({ records: 9, problems: [] });
  using again = sqliteStore({ folder: folder.path });
  expect([again.base(), again.checkpoint(), again.head().position]).toEqual([51, 51, 60]);
  expect(again.recordAt(50)).toBeUndefined();
  expect(again.compact(51, 0).records).toBe(51);
});

test("compaction in many steps", () => {
  using folder = temporaryFolder();
  using store = sqliteStore({ folder: folder.path });
  const count = 12_000;
  fill(store, count, A);
  checkpoint(
    store,
    [],
    range(1, count).map((n) => session(`agent:${n}`, count)),
  );
  const last = count + 1;
  store.append({
    records: [queued(last, A)],
    dedupe: [{ key: "k", position: last, expiresAtMs: 1 }],
    checkpoint: {
      position: last,
      snapshots: range(1, count).map((n) => session(`agent:${n}`, last)),
      isFirst: true,
      isLast: true,
    },
  });
  expect(store.compact(last, 1)).toEqual({ records: last, snapshots: count });
  expect(store.findDuplicate("k", 0)).toBeUndefined();
  expect([...store.keys({ kind: "session", limit: 2 * count })]).toHaveLength(count);
});

test("a backup is a store of its own, for its owner only, and replaces nothing", async () => {
  using folder = temporaryFolder();
  using other = temporaryFolder();
  mkdirSync(other.path, { mode: 0o700 });
  using store = sqliteStore({ folder: folder.path });
  fill(store, 250, A);
  const copy = join(other.path, "backup.db");
  await store.backup(copy);
  expect((statSync(copy).mode & 0o777).toString(8)).toBe("600");
  fill(store, 1, A);
  copyFileSync(copy, join(other.path, "lubdub.db"));
  using restored = sqliteStore({ folder: other.path });
  expect([...restored.read()]).toEqual([...store.read({ upTo: 250 })]);
  expect(restored.head().position).toBe(250);

  const isRefused = expect.objectContaining({ code: "LUBDUB_INPUT_INVALID" });
  await expect(store.backup(copy)).rejects.toThrow(isRefused);
  writeFileSync(copy, "mine");
  await expect(store.backup(copy)).rejects.toThrow(isRefused);
  expect(readFileSync(copy, "utf8")).toBe("mine");
  await expect(store.backup(join(other.path, "no-such-folder", "b.db"))).rejects.toThrow(isRefused);
});

test("writing goes on while a backup is made, and what was forgotten is in no page of it", async () => {
  using folder = temporaryFolder();
  using store = sqliteStore({ folder: folder.path });
  const secret = "the text that must go";
  store.append({ records: [queued(1, A, { text: secret })], dedupe: [] });
  fill(store, 2_000, A);
  store.erase(erasure(A, [1], (state) => state));
  const copy = join(folder.path, "backup.db");
  const made = store.backup(copy);
  for (let more = 0; more < 100; more++) fill(store, 1, A);
  await made;
  expect(readFileSync(copy).includes(secret)).toBe(false);
  using there = new DatabaseSync(copy, { readOnly: true });
  expect(there.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  const { n } = there.prepare("SELECT count(*) AS n FROM log").get() as { n: number };
  expect(n).toBeGreaterThanOrEqual(2_001);
});

/** A store and the connection below it, to do to it what a test cannot do to a disk. */
function openParts(folder: string): { db: DatabaseSync; store: Store } {
  mkdirSync(folder, { mode: 0o700 });
  const db = openDatabase(folder, false);
  return { db, store: storeOn(db, join(folder, "lubdub.db"), { [Symbol.dispose]() {} }) };
}

function hashAt(db: DatabaseSync, position: number): string {
  endsReader(db, "test")(); // sound before it is cut off
  return String(db.prepare("SELECT hash FROM log WHERE position = ?").get(position)?.["hash"]);
}

function secret(position: number): string {
  return `secret-${position}-${"x".repeat((position * 37) % 300)}.`;
}

function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(text));
}
