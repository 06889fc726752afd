import type { DatabaseSync } from "node:sqlite";
import { checkOwned, closed, type Reach } from "../guards.ts";
import { corrupt } from "./failures.ts";
import { GENESIS, sum } from "./integrity.ts";
import { fromRow, type LogRow } from "./records.ts";
import { transaction } from "./transaction.ts";

/** A place in the log from which the chain goes on. */
export interface End {
  readonly position: number;
  readonly atMs: number;
  readonly hash: string;
}

/** The last record that was compacted away, and the newest one. Both are kept apart from the log, so that a log that was cut off is noticed. */
export interface Ends {
  readonly base: End;
  readonly head: End;
}

export function createEnds(db: DatabaseSync): void {
  const write = endWriter(db);
  write("base", { position: 0, atMs: 0, hash: GENESIS });
  write("head", { position: 0, atMs: 0, hash: GENESIS });
}

export function endWriter(db: DatabaseSync): (name: keyof Ends, end: End) => void {
  const put = db.prepare(
    "INSERT OR REPLACE INTO ends (name, position, at_ms, hash, crc) VALUES (?, ?, ?, ?, ?)",
  );
  return (name, { position, atMs, hash }) => {
    put.run(name, position, atMs, hash, sum(name, position, atMs, hash));
  };
}

export function endsReader(db: DatabaseSync, file: string): () => Ends {
  const select = db.prepare("SELECT position, at_ms, hash, crc FROM ends WHERE name = ?");
  select.setReturnArrays(true);
  const end = (name: keyof Ends): End => {
    const row = select.get(name) as unknown as [number, number, string, number] | undefined;
    if (row === undefined) throw corrupt(file, `no ${name} of the log`);
    const [position, atMs, hash, crc] = row;
    if (sum(name, position, atMs, hash) !== crc) throw corrupt(file, `the ${name} of the log was changed`);
    return { position, atMs, hash };
  };
  return () => ({ base: end("base"), head: end("head") });
}

/** The ends as this connection knows them. */
export interface OpenEnds {
  readonly get: () => Ends;
  readonly moveHead: (head: End) => void;
  readonly moveBase: (base: End) => void;
  /**
   * One transaction, if they are still what the database says: nobody else has written since.
   * @throws LubdubError `LUBDUB_DATA_FOLDER_OWNED`
   */
  readonly transaction: <T>(work: () => T) => T;
}

const reachOf = ({ base, head }: Ends): Reach => ({ base: base.position, head: head.position });

/** @throws LubdubError `LUBDUB_STORE_CORRUPT`; `LUBDUB_CLOSED` later, once the database is closed */
export function openEnds(db: DatabaseSync, file: string): OpenEnds {
  const read = endsReader(db, file);
  let ends = read();
  checkEnds(db, file, ends);
  return {
    get() {
      if (!db.isOpen) throw closed();
      return ends;
    },
    moveHead(head) {
      ends = { ...ends, head };
    },
    moveBase(base) {
      ends = { ...ends, base };
    },
    transaction: (work) =>
      transaction(db, () => {
        checkOwned(reachOf(ends), reachOf(read()), file);
        return work();
      }),
  };
}

/**
 * The log must begin right after its base and end at its head.
 *
 * @throws LubdubError `LUBDUB_STORE_CORRUPT`
 */
export function checkEnds(db: DatabaseSync, file: string, { base, head }: Ends): void {
  const select = db.prepare("SELECT * FROM log WHERE position > ? ORDER BY position LIMIT 1");
  const last = db.prepare("SELECT * FROM log WHERE position > ? ORDER BY position DESC LIMIT 1");
  select.setReturnArrays(true);
  last.setReturnArrays(true);
  const oldest = select.get(base.position) as unknown as LogRow | undefined;
  const newest = last.get(base.position) as unknown as LogRow | undefined;
  if (oldest === undefined || newest === undefined) {
    if (base.position === head.position && base.hash === head.hash) return;
    throw corrupt(file, `records ${base.position + 1} to ${head.position} are missing`);
  }
  if (oldest[0] !== base.position + 1) throw corrupt(file, `record ${base.position + 1} is missing`);
  if (newest[0] !== head.position) {
    throw corrupt(file, `the log ends at record ${newest[0]}, not at ${head.position}`);
  }
  const { atMs } = fromRow(newest, file);
  fromRow(oldest, file, base.hash);
  if (atMs !== head.atMs || newest[10] !== head.hash) throw corrupt(file, "the newest record is another one");
}
