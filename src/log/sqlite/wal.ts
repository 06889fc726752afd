import { closeSync, fsyncSync, openSync, readFileSync } from "node:fs";
import { corrupt } from "./failures.ts";

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const PAGE_SIZE_AT = 8;
const READS_MAX = 5;
/** No disk writes less than this at once. */
const SECTOR_BYTES = 512;

/**
 * A process that was killed between writing a commit and syncing it leaves one that can be read, and is not on the disk. Whoever
 * writes next reads it, so it syncs it first: nothing is told, and nothing is written after it, that a power failure could
 * still take the ground from.
 */
export function syncWal(file: string): void {
  const handle = ifThere(() => openSync(walOf(file), "r+"));
  if (handle === undefined) return;
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * SQLite takes the first frame of its write-ahead log that does not fit for the end of it: that is how a power failure looks. A
 * changed byte looks the same, and would silently take away all that was committed after it. The difference: every commit
 * is synced before the next one is written, by whom it may be (`syncWal`). So frames that do not fit, and a commit after them that
 * something else follows, were no power failure. What lies in the last two transactions cannot be told apart.
 *
 * @throws LubdubError `LUBDUB_STORE_CORRUPT`
 */
export function checkWal(file: string): void {
  const walFile = walOf(file);
  for (let read = 0; read < READS_MAX; read++) {
    const wal = ifThere(() => readFileSync(walFile));
    if (wal === undefined || !isChangedWithin(wal)) return;
    // An owner that begins its log again while we read it writes the header first.
    const now = ifThere(() => readFileSync(walFile));
    if (now?.subarray(0, HEADER_BYTES).equals(wal.subarray(0, HEADER_BYTES)) === true) {
      throw corrupt(walFile, "committed transactions that cannot be read any more");
    }
  }
}

const walOf = (file: string): string => `${file}-wal`;

function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

interface Sums {
  readonly first: number;
  readonly second: number;
}

function isChangedWithin(wal: Buffer): boolean {
  if (wal.length <= HEADER_BYTES) return false;
  const isBigEndian = (wal.readUInt32BE(0) & 1) === 1;
  const frameBytes = FRAME_HEADER_BYTES + wal.readUInt32BE(PAGE_SIZE_AT);
  const salt = wal.subarray(16, 24);
  let before = sumsAt(wal, 24);
  // The header is synced before the first frame is written.
  if (!isSame(before, sumsOf(wal.subarray(0, 24), { first: 0, second: 0 }, isBigEndian))) return true;
  let isBroken = false;
  let isAfterCommit = false;
  for (let at = HEADER_BYTES; at + frameBytes <= wal.length; at += frameBytes) {
    const frame = wal.subarray(at, at + frameBytes);
    const head = sumsOf(frame.subarray(0, 8), before, isBigEndian);
    const sums = sumsOf(frame.subarray(FRAME_HEADER_BYTES), head, isBigEndian);
    before = sumsAt(frame, 16);
    // Frames of an older log, which this one has not yet written over, have another salt.
    const follows = isSame(sums, before) && frame.subarray(8, 16).equals(salt);
    if (isBroken && follows && isAfterCommit) return true;
    isBroken ||= !follows;
    isAfterCommit = frame.readUInt32BE(4) !== 0 && (follows || isWrittenAtOnce(at));
  }
  return false;
}

/**
 * Whether a frame's header was written as one: what follows from its end follows from its beginning too. Of one that stands in
 * two sectors, a power failure may leave the beginning as an older log has left it, and that may have been a commit.
 */
function isWrittenAtOnce(header: number): boolean {
  return (header % SECTOR_BYTES) + FRAME_HEADER_BYTES <= SECTOR_BYTES;
}

function sumsAt(bytes: Buffer, at: number): Sums {
  return { first: bytes.readUInt32BE(at) | 0, second: bytes.readUInt32BE(at + 4) | 0 };
}

function isSame(a: Sums, b: Sums): boolean {
  return a.first === b.first && a.second === b.second;
}

/** SQLite's checksum, going on from one before it. */
function sumsOf(bytes: Buffer, { first, second }: Sums, isBigEndian: boolean): Sums {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + view.getInt32(at, !isBigEndian) + second) | 0;
    second = (second + view.getInt32(at + 4, !isBigEndian) + first) | 0;
  }
  return { first, second };
}
