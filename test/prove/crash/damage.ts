import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LubdubError } from "../../../src/errors.ts";
import { sqliteStore, verifyStore } from "../../../src/log/sqlite/index.ts";
import type { Store } from "../../../src/log/store.ts";
import { mulberry32 } from "../../support/simulated-clock.ts";
import { contentsOf } from "../../support/store-contents.ts";
import { dataFolder } from "./history.ts";
import { runChild } from "./spawn.ts";

const FILES = ["lubdub.db", "lubdub.db-wal"] as const;
type FileName = (typeof FILES)[number];
/** What a data folder holds: the database, and the WAL that a killed process leaves. */
export type Picture = ReadonlyMap<FileName, Buffer>;

export interface DamageReport {
  readonly counts: Readonly<
    Record<
      "flips" | "truncations" | "refused" | "doctor" | "harmless" | "likeAnOutage" | "neighboursRead",
      number
    >
  >;
  readonly violations: readonly string[];
}

const PLACE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const FILE_MODE = 0o600;
/** One damage in so many cuts a file off; the others flip one bit. */
const TRUNCATE_EVERY = 10;
/** Of the WAL, this much at its end cannot be told from what a power failure leaves. */
const TAIL_TRANSACTIONS = 2;

/** A folder as `kill -9` leaves it, with a live WAL, and one whose last process ended well. */
export async function pictures(seed: number): Promise<readonly Picture[]> {
  const folder = mkdtempSync(join(tmpdir(), "lubdub-damage-"));
  try {
    await runChild(folder, { process: 2 * seed, mode: "load", kill: { after: "open", delayMs: 300 } });
    const killed = pictureOf(dataFolder(folder));
    await runChild(folder, { process: 2 * seed + 1, mode: 3 });
    return [killed, pictureOf(dataFolder(folder))];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function pictureOf(folder: string): Picture {
  const there = FILES.filter((name) => existsSync(join(folder, name)));
  return new Map(there.map((name) => [name, readFileSync(join(folder, name))]));
}

/** Damages a picture so many times, each time in one place, and looks whether anyone could be fooled. */
export function damage(
  picture: Picture,
  seed: number,
  times: number,
  onEach: () => void = () => {},
): DamageReport {
  const random = mulberry32(seed);
  const sound = look(picture).contents;
  const counts = {
    flips: 0,
    truncations: 0,
    refused: 0,
    doctor: 0,
    harmless: 0,
    likeAnOutage: 0,
    neighboursRead: 0,
  };
  const violations: string[] = [];
  for (let time = 1; time <= times; time++) {
    const isTruncation = time % TRUNCATE_EVERY === 0;
    counts[isTruncation ? "truncations" : "flips"]++;
    const names = [...picture.keys()];
    const name = names[Math.floor(random() * names.length)] ?? "lubdub.db";
    const bytes = picture.get(name) as Buffer;
    const bit = Math.floor(random() * bytes.length * 8);
    const damaged = isTruncation ? bytes.subarray(0, bit >> 3) : flipped(bytes, bit);
    const seen = look(new Map([...picture, [name, damaged]]));
    const where = `${isTruncation ? "cut off at byte" : "a flipped bit in byte"} ${bit >> 3} of ${bytes.length} of ${name}`;
    if (seen.refused) counts.refused++;
    else if (seen.problems > 0) counts.doctor++;
    else if (seen.contents === sound) counts.harmless++;
    else if (name.endsWith("-wal") && isTail(bytes, bit >> 3, isTruncation)) counts.likeAnOutage++;
    else violations.push(`S15 ${where}: something else is read, and nobody says so`);
    if (seen.refused && seen.problems === 0)
      violations.push(`S15 ${where}: refused, and doctor says nothing`);
    counts.neighboursRead += seen.neighbours;
    onEach();
  }
  return { counts, violations };
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const damaged = Buffer.from(bytes);
  damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return damaged;
}

interface Look {
  readonly problems: number;
  readonly refused: boolean;
  /** Records that could be read beside a damaged one. */
  readonly neighbours: number;
  readonly contents: string;
}

/** What doctor and a user see of it. */
export function look(picture: Picture): Look {
  const folder = mkdtempSync(join(PLACE, "lubdub-damage-"));
  try {
    for (const [name, bytes] of picture) writeFileSync(join(folder, name), bytes, { mode: FILE_MODE });
    const problems = verifyStore(folder).problems.length;
    return { problems, ...use(folder) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function use(folder: string): Omit<Look, "problems"> {
  let store: Store | undefined;
  try {
    store = sqliteStore({ folder });
    return { refused: false, neighbours: 0, contents: JSON.stringify(contentsOf(store)) };
  } catch (error) {
    if (!(error instanceof LubdubError)) throw error;
    return { refused: true, neighbours: store === undefined ? 0 : neighbours(store), contents: "" };
  } finally {
    store?.close();
  }
}

function neighbours(store: Store): number {
  let read = 0;
  for (let position = store.base() + 1; position <= store.head().position; position++) {
    try {
      if (store.recordAt(position) !== undefined) read++;
    } catch (error) {
      if (!(error instanceof LubdubError)) throw error;
    }
  }
  return read;
}

const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const PAGE_SIZE_AT = 8;
const COMMIT_SIZE_AT = 4;

/** A WAL that is cut off anywhere, or changed in its last transactions, is what an outage leaves. */
function isTail(wal: Buffer, at: number, isTruncation: boolean): boolean {
  if (isTruncation) return true;
  const frameBytes = wal.readUInt32BE(PAGE_SIZE_AT) + FRAME_HEADER_BYTES;
  const salt = wal.subarray(16, 24);
  const commits: number[] = [];
  for (let frame = WAL_HEADER_BYTES; frame + frameBytes <= wal.length; frame += frameBytes) {
    if (!wal.subarray(frame + 8, frame + 16).equals(salt)) break;
    if (wal.readUInt32BE(frame + COMMIT_SIZE_AT) > 0) commits.push(frame + frameBytes);
  }
  return at >= (commits.at(-1 - TAIL_TRANSACTIONS) ?? 0);
}
