import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { LubdubError } from "../../src/errors.ts";
import { sqliteStore, verifyStore } from "../../src/log/sqlite/index.ts";
import type { Store } from "../../src/log/store.ts";
import { checkpoint, fill, lane, queued, range, session } from "../contract/store-records.ts";
import { mulberry32 } from "../support/simulated-clock.ts";
import { contentsOf } from "../support/store-contents.ts";
import { temporaryFolder } from "./folder.ts";

const A = "agent:main:discord:channel:42";
const FLIPS = 400;
const SEED = 20_260_214;

test(`each of ${FLIPS} random bits flipped in a closed database is detected, or changes nothing that is read`, () => {
  using folder = temporaryFolder();
  populate(folder.path);
  const file = join(folder.path, "lubdub.db");
  const sound = readFileSync(file);
  const before = contents(folder.path);
  const random = mulberry32(SEED);
  const found = { atOpening: 0, atReading: 0, byDoctor: 0, harmless: 0 };
  const unnoticed: number[] = [];
  const missedByDoctor: number[] = [];
  for (let flip = 0; flip < FLIPS; flip += 1) {
    const bit = Math.floor(random() * sound.length * 8);
    const damaged = Buffer.from(sound);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(file, damaged);
    const isDoctorAlarmed = verifyStore(folder.path).problems.length > 0;
    const outcome = read(folder.path);
    if (outcome === "refused at opening") found.atOpening += 1;
    else if (outcome === "refused at reading") found.atReading += 1;
    else if (isDoctorAlarmed) found.byDoctor += 1;
    else if (outcome === before) found.harmless += 1;
    else unnoticed.push(bit);
    if (outcome.startsWith("refused") && !isDoctorAlarmed) missedByDoctor.push(bit);
  }
  console.log(`flipped bits: ${JSON.stringify(found)}`);
  expect({ unnoticed, missedByDoctor }).toEqual({ unnoticed: [], missedByDoctor: [] });
  expect(found.atOpening + found.atReading).toBeGreaterThan(FLIPS / 4);
});

test.each([
  ["position", "position = -7 WHERE position = 7"],
  ["previous", "previous = 3 WHERE position = 7"],
  ["at_ms", "at_ms = at_ms + 1 WHERE position = 7"],
  ["type", "type = 'wake.requested' WHERE position = 7"],
  ["session", "session = 'agent:main:other' WHERE position = 7"],
  ["facts", "facts = replace(facts, 'exec', 'exeb') WHERE position = 7"],
  ["body", "body = replace(body, 'event', 'evens') WHERE position = 7"],
  ["body, taken away without its salt", "body = NULL WHERE position = 7"],
  ["salt", "salt = 'x' WHERE position = 7"],
  ["body_hash", "body_hash = NULL WHERE position = 7"],
  ["crc", "crc = crc + 1 WHERE position = 7"],
  ["hash", "hash = replace(hash, 'a', 'b') WHERE position = 7"],
])("a record with another %s is found by itself, by reading and by doctor", (_, assignment) => {
  using folder = temporaryFolder();
  populate(folder.path);
  change(folder.path, `UPDATE log SET ${assignment}`);
  using store = sqliteStore({ folder: folder.path });
  const isCorrupt = expect.objectContaining({ code: "LUBDUB_STORE_CORRUPT" });
  expect(() => store.recordAt(7)).toThrow(isCorrupt);
  expect(() => [...store.read()]).toThrow(isCorrupt);
  expect([...store.read({ limit: 6 })]).toHaveLength(6);
  expect(verifyStore(folder.path).problems.length).toBeGreaterThan(0);
});

test("a record that was replaced together with its CRC breaks the chain", () => {
  using folder = temporaryFolder();
  populate(folder.path);
  using other = temporaryFolder();
  const forged = sqliteStore({ folder: other.path });
  fill(forged, 6, "agent:main:other");
  forged.append({ records: [queued(7, A, { text: "forged" })], dedupe: [] });
  forged.close();
  change(
    folder.path,
    `ATTACH '${join(other.path, "lubdub.db")}' AS other;
     REPLACE INTO main.log SELECT * FROM other.log WHERE position = 7`,
  );
  using store = sqliteStore({ folder: folder.path });
  expect(() => [...store.read()]).toThrow(/record 7 does not follow/);
});

test.each([
  ["the newest records", "DELETE FROM log WHERE position > 590", /ends at record 590/],
  ["the oldest records", "DELETE FROM log WHERE position < 3", /record 1 is missing/],
  ["all records", "DELETE FROM log", /records 1 to \d+ are missing/],
  ["the head", "DELETE FROM ends WHERE name = 'head'", /no head/],
  [
    "part of the head",
    "UPDATE ends SET position = position - 1 WHERE name = 'head'",
    /head of the log was changed/,
  ],
])("a log without %s does not open", (_, sql, message) => {
  using folder = temporaryFolder();
  populate(folder.path);
  change(folder.path, sql);
  expect(() => sqliteStore({ folder: folder.path })).toThrow(message);
  expect(verifyStore(folder.path).problems.length).toBeGreaterThan(0);
});

test("doctor names every damaged record and goes on with its neighbours", () => {
  using folder = temporaryFolder();
  populate(folder.path);
  change(
    folder.path,
    `UPDATE log SET body = replace(body, 'event', 'evens') WHERE position IN (3, 5, 300);
     DELETE FROM log WHERE position IN (100, 200, 201);
     UPDATE snapshots SET state = state || ' ' WHERE key = 'agent:9';
     UPDATE snapshots SET due_at_ms = due_at_ms + 1 WHERE key = 'lane:2';
     UPDATE dedupe SET expires_at_ms = 0 WHERE key = 'key-2';
     UPDATE checkpoints SET position = position - 1`,
  );
  const steps: string[] = [];
  const { records, problems } = verifyStore(folder.path, ({ step }) => steps.push(step));
  expect(steps).toEqual(["structure", "records", "snapshots"]);
  expect(records).toBe(RECORDS - 3);
  expect(problems.map(({ position, sessionKey, detail }) => [position, sessionKey, detail])).toEqual([
    [3, A, "the body of record 3 was changed"],
    [5, A, "the body of record 5 was changed"],
    [100, undefined, "record 100 is missing"],
    [200, undefined, "records 200 to 201 are missing"],
    [300, A, "the body of record 300 was changed"],
    [undefined, undefined, "checkpoint 600 was changed"],
    [2, undefined, "the dedupe key of record 2 was changed"],
    [undefined, undefined, "the snapshot of heartbeat lane:2 at position 601 was changed"],
    [undefined, "agent:9", "the snapshot of session agent:9 at position 601 was changed"],
  ]);
  expect(problems.every(({ code }) => code === "LUBDUB_STORE_CORRUPT")).toBe(true);
});

test("changed snapshots, checkpoints and dedupe keys are noticed before they are used", () => {
  using folder = temporaryFolder();
  populate(folder.path);
  change(
    folder.path,
    `UPDATE snapshots SET queued = 1 WHERE key = 'agent:9';
     UPDATE snapshots SET due_at_ms = due_at_ms + 1 WHERE key = 'lane:2';
     UPDATE dedupe SET position = 1 WHERE key = 'key-2'`,
  );
  const isCorrupt = expect.objectContaining({ code: "LUBDUB_STORE_CORRUPT" });
  const store = sqliteStore({ folder: folder.path });
  expect(() => store.snapshot("session", "agent:9")).toThrow(isCorrupt);
  expect(() => store.snapshot("heartbeat", "lane:2")).toThrow(isCorrupt);
  expect(() => store.findDuplicate("key-2", 0)).toThrow(isCorrupt);
  expect(store.snapshot("session", "agent:8")?.key).toBe("agent:8");
  store.close();

  change(folder.path, "UPDATE checkpoints SET position = position - 1");
  using again = sqliteStore({ folder: folder.path });
  expect(() => again.checkpoint()).toThrow(isCorrupt);
  expect(() => again.snapshot("session", "agent:8")).toThrow(isCorrupt);
});

test("what is damaged is listed with its neighbours, and due at once", () => {
  using folder = temporaryFolder();
  populate(folder.path);
  change(
    folder.path,
    `UPDATE snapshots SET state = state || ' ' WHERE key = 'agent:9';
     UPDATE snapshots SET due_at_ms = due_at_ms + 1 WHERE key = 'lane:2'`,
  );
  using store = sqliteStore({ folder: folder.path });
  expect([...store.keys({ kind: "session", after: "agent:7", limit: 2 })]).toEqual(["agent:8", "agent:9"]);
  expect(
    [...store.deadlines("heartbeat")].filter(({ key }) => key === "lane:2" || key === "lane:20"),
  ).toEqual([
    { key: "lane:2", dueAtMs: 0 },
    { key: "lane:20", dueAtMs: 1_020 },
  ]);
});

test("doctor works beside a running owner", () => {
  using folder = temporaryFolder();
  populate(folder.path);
  using _owner = sqliteStore({ folder: folder.path });
  expect(verifyStore(folder.path)).toMatchObject({
    records: RECORDS,
    sessions: 2,
    snapshots: 60,
    problems: [],
  });
});

const RECORDS = 601;

function populate(folder: string): void {
  mkdirSync(folder, { mode: 0o700, recursive: true });
  using store = sqliteStore({ folder });
  store.append({
    records: range(1, 100).map((position) => queued(position, A)),
    dedupe: range(1, 100).map((n) => ({ key: `key-${n}`, position: n, expiresAtMs: 1_000 + n })),
  });
  fill(store, RECORDS - 101, A);
  checkpoint(
    store,
    [queued(RECORDS, "agent:main:main")],
    range(1, 30).flatMap((n) => [
      session(`agent:${n}`, RECORDS, { dead: n % 3 }),
      lane(`lane:${n}`, RECORDS, n % 2 === 0 ? 1_000 + n : null),
    ]),
  );
}

/** Everything that a store tells, as one text. */
function contents(folder: string): string {
  using store = sqliteStore({ folder });
  return everything(store);
}

function read(folder: string): string {
  let store: Store;
  try {
    store = sqliteStore({ folder });
  } catch (error) {
    if (error instanceof LubdubError) return "refused at opening";
    throw error;
  }
  try {
    return everything(store);
  } catch (error) {
    if (error instanceof LubdubError) return "refused at reading";
    throw error;
  } finally {
    store.close();
  }
}

function everything(store: Store): string {
  return JSON.stringify([contentsOf(store), range(1, 100).map((n) => store.findDuplicate(`key-${n}`, 0))]);
}

function change(folder: string, sql: string): void {
  using db = new DatabaseSync(join(folder, "lubdub.db"));
  db.exec(sql);
}
