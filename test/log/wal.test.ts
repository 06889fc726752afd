import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LubdubError } from "../../src/errors.ts";
import { sqliteStore, verifyStore } from "../../src/log/sqlite/index.ts";
import { fill, queued, range } from "../contract/store-records.ts";
import { temporaryFolder } from "./folder.ts";

/** What a power failure may leave of a WAL, and what it may not. */

const HEADER_BYTES = 32;
const FRAME_BYTES = 24 + 4_096;
const COMMITS = 6;
const FRAME_HEADER_BYTES = 24;
const SECTOR_BYTES = 512;

const headerAt = (frame: number): number => HEADER_BYTES + frame * FRAME_BYTES;
const sectorOf = (at: number): number => Math.floor(at / SECTOR_BYTES);

test("a WAL of which any part of the last commit is missing opens, with all that was committed before", () => {
  using folder = temporaryFolder();
  const { wal, ends } = killed(folder.path);
  const from = ends.at(-2) ?? 0;
  for (let at = from; at < wal.length; at += SECTOR_BYTES) {
    const torn = Buffer.from(wal).fill("old", at, Math.min(at + SECTOR_BYTES, wal.length));
    for (const left of [torn, wal.subarray(0, at)])
      expect(found(folder.path, left)).toEqual({ found: COMMITS - 1, isSound: true });
  }
});

test("a frame of the last commit whose header stands in two sectors may keep the older one's half: no damage", () => {
  using folder = temporaryFolder();
  const { wal, ends } = killed(folder.path, 1_500);
  const frames = Array.from({ length: (wal.length - HEADER_BYTES) / FRAME_BYTES }, (_, n) => n);
  const parted = frames.filter(
    (n) => sectorOf(headerAt(n)) !== sectorOf(headerAt(n) + FRAME_HEADER_BYTES - 1),
  );
  const last = ends.at(-2) ?? 0;
  // The WAL has begun again over an older log, in which each frame was a commit: such a header stands where one was lost.
  for (const n of parted.filter((frame) => headerAt(frame) >= last)) {
    const torn = Buffer.from(wal);
    torn.fill(1, headerAt(n), (sectorOf(headerAt(n)) + 1) * SECTOR_BYTES);
    expect(found(folder.path, torn), `frame ${n}`).toEqual({ found: COMMITS - 1, isSound: true });
  }
  expect(parted.filter((frame) => headerAt(frame) >= last).length).toBeGreaterThan(1);
});

test("a WAL with a flipped bit in any commit that others followed is refused, and doctor says so", () => {
  using folder = temporaryFolder();
  const { wal, ends } = killed(folder.path);
  // The last two commits cannot be told from what a power failure leaves.
  for (let at = HEADER_BYTES; at < (ends.at(-3) ?? 0); at += 499) {
    const damaged = Buffer.from(wal);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    expect(found(folder.path, damaged), `byte ${at}`).toEqual({
      found: "LUBDUB_STORE_CORRUPT",
      isSound: false,
    });
  }
});

/** A folder as `kill -9` leaves it: its WAL, and where in it each commit ends. */
function killed(folder: string, lastRecords = 1): { readonly wal: Buffer; readonly ends: readonly number[] } {
  sqliteStore({ folder }).close(); // the tables are in the database
  const file = join(folder, "lubdub.db");
  using store = sqliteStore({ folder });
  for (let commit = 1; commit < COMMITS; commit++) fill(store, 1);
  const records = range(COMMITS, COMMITS + lastRecords - 1).map((position) => queued(position, "agent:main"));
  store.append({ records, dedupe: [] });
  const [database, wal] = [readFileSync(file), readFileSync(`${file}-wal`)];
  store.close();
  writeFileSync(file, database);
  const ends: number[] = [];
  for (let at = HEADER_BYTES; at < wal.length; at += FRAME_BYTES)
    if (wal.readUInt32BE(at + 4) > 0) ends.push(at + FRAME_BYTES);
  return { wal, ends };
}

/** What an owner finds, or why it is refused, and what doctor thinks of it. */
function found(folder: string, wal: Buffer): { readonly found: number | string; readonly isSound: boolean } {
  const file = join(folder, "lubdub.db");
  const database = readFileSync(file);
  writeFileSync(`${file}-wal`, wal);
  const isSound = verifyStore(folder).problems.length === 0;
  try {
    using store = sqliteStore({ folder });
    return { found: [...store.read()].length, isSound };
  } catch (error) {
    if (!(error instanceof LubdubError)) throw error;
    return { found: error.code, isSound };
  } finally {
    writeFileSync(file, database);
  }
}
