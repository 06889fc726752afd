import type { DatabaseSync } from "node:sqlite";
import type { LogRecord } from "../../core/records.ts";
import type { Store } from "../store.ts";
import type { End, Ends } from "./ends.ts";
import { corrupt, mapped } from "./failures.ts";
import { wantedReader } from "./wanted.ts";
import { fromRow, toRow, type LogRow } from "./records.ts";

/** Records read at a time: no statement stays open while the caller works, so writes and WAL resets are never held up. */
const PAGE_RECORDS = 256;

/** The table `log`. */
export interface LogTable {
  /** Writes records that follow a record with this hash. @returns the hash of the last */
  insert(records: readonly LogRecord[], previousHash: string): string;
  read: Store["read"];
  recordAt: Store["recordAt"];
  /** Where the log would begin if it were compacted up to a record. */
  endAt(position: number): End;
}

/** @param ends - as they are now */
export function logTable(db: DatabaseSync, file: string, ends: () => Ends): LogTable {
  const insert = db.prepare("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const selectPage = db.prepare(
    "SELECT * FROM log WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",
  );
  const selectOne = db.prepare("SELECT * FROM log WHERE position = ?");
  selectPage.setReturnArrays(true);
  selectOne.setReturnArrays(true);

  const rowAt = (position: number) => selectOne.get(position) as unknown as LogRow | undefined;

  /** Up to a page of records after a position, and the hash of the last of them. */
  function page(after: number, hash: string | null, upTo: number, limit: number) {
    const { base, head } = ends();
    const from = Math.max(after, base.position);
    const end = Math.min(upTo, head.position, from + Math.min(limit, PAGE_RECORDS));
    const rows = from >= end ? [] : (selectPage.all(from, end, PAGE_RECORDS) as unknown as LogRow[]);
    let previousHash = from === base.position ? base.hash : (hash ?? rowAt(from)?.[10]);
    const records = rows.map((row, index) => {
      if (row[0] !== from + index + 1 || previousHash === undefined) throw missing(from + index + 1);
      const record = fromRow(row, file, previousHash);
      previousHash = row[10];
      return record;
    });
    if (records.length < end - from) throw missing(from + records.length + 1);
    return { records, hash: previousHash ?? null };
  }

  const missing = (position: number) => corrupt(file, `record ${position} is missing`);
  const heldRow = (position: number): LogRow => {
    const row = rowAt(position);
    if (row === undefined) throw missing(position);
    return row;
  };

  const readWanted = wantedReader(db, file, {
    ends,
    recordAt: (position) => fromRow(heldRow(position), file),
  });

  return {
    insert(records, previousHash) {
      let hash = previousHash;
      for (const record of records) {
        const row = toRow(record, hash);
        hash = row[10];
        insert.run(...row);
      }
      return hash;
    },
    *read({ after = 0, upTo = Infinity, limit = Infinity, wanted } = {}) {
      if (wanted !== undefined) return yield* readWanted({ after, upTo, limit, wanted });
      let at = after;
      let left = limit;
      let hash: string | null = null;
      while (left > 0) {
        const next: ReturnType<typeof page> = mapped(file, () => page(at, hash, upTo, left));
        const last = next.records.at(-1);
        if (last === undefined) return;
        yield* next.records;
        at = last.position;
        left -= next.records.length;
        hash = next.hash;
      }
    },
    recordAt(position) {
      const { base, head } = ends();
      if (!(position > base.position && position <= head.position)) return undefined;
      return fromRow(heldRow(position), file);
    },
    endAt(position) {
      const row = heldRow(position);
      return { position, atMs: fromRow(row, file).atMs, hash: row[10] };
    },
  };
}
