import type { DatabaseSync } from "node:sqlite";
import type { StoreProblem } from "../store.ts";
import type { Ends } from "./ends.ts";
import { asStoreError, corrupt } from "./failures.ts";
import { fromRow, type LogRow } from "./records.ts";
import { asProblem, type Findings } from "./findings.ts";

const PAGE_RECORDS = 1_000;
const PROGRESS_RECORDS = 1_000;
/** After so many records in a row that cannot be read at all, the rest of the log is given up. */
const UNREADABLE_MAX = 10_000;

/** Verifies each record by itself and against the one before it. */
export function verifyLog(db: DatabaseSync, findings: Findings, ends: Ends | undefined) {
  const { file, problem, progress } = findings;
  const sessions = new Set<string>();
  let records = 0;
  let last = ends?.base.position ?? 0;
  /** Hash of the record before; undefined after one that is missing or cannot be read. */
  let hash: string | undefined = ends?.base.hash;
  const total = ends === undefined ? {} : { total: ends.head.position - ends.base.position };
  progress({ step: "records", done: 0, ...total });
  for (const found of rowsOf(db, file, last, ends?.head.position ?? Infinity)) {
    if (!Array.isArray(found)) {
      problem(found);
      hash = undefined;
      last = found.position ?? last;
      continue;
    }
    const [position, , , , session] = found;
    if (position !== last + 1 && ends !== undefined) {
      problem(missing(file, last + 1, position - 1));
      hash = undefined;
    }
    verifyRow(found, hash, findings);
    if (typeof session === "string") sessions.add(session);
    hash = found[10];
    last = position;
    records += 1;
    if (records % PROGRESS_RECORDS === 0) progress({ step: "records", done: records, ...total });
  }
  return { records, sessions: sessions.size };
}

function verifyRow(row: LogRow, previousHash: string | undefined, { file, problem }: Findings): void {
  try {
    fromRow(row, file, previousHash);
  } catch (error) {
    const [position, , , , session] = row;
    problem(asProblem(asStoreError(error, file), { position, sessionKey: String(session) }));
  }
}

/** Every row that can be read; a problem for each that cannot. */
function* rowsOf(
  db: DatabaseSync,
  file: string,
  after: number,
  head: number,
): Iterable<LogRow | StoreProblem> {
  const select = db.prepare("SELECT * FROM log WHERE position > ? ORDER BY position LIMIT ?");
  select.setReturnArrays(true);
  const page = (from: number, count: number) => {
    const rows = select.all(from, count) as unknown as LogRow[];
    // A damaged page answers with anything: going on from a smaller position would never end.
    const isInOrder = rows.every(([position], index) => position > (rows[index - 1]?.[0] ?? from));
    if (!isInOrder) throw corrupt(file, `rows out of order after record ${from}`);
    return rows;
  };
  let from = after;
  for (let unreadable = 0; unreadable < UNREADABLE_MAX;) {
    const rows = orError(() => page(from, PAGE_RECORDS));
    if (Array.isArray(rows)) {
      if (rows.length === 0) return;
      yield* rows;
      from = rows.at(-1)?.[0] ?? from;
      unreadable = 0;
      continue;
    }
    // Something in this page is damaged: one by one.
    const one = orError(() => page(from, 1));
    if (Array.isArray(one) && one[0] !== undefined) {
      yield one[0];
      from = one[0][0];
      unreadable = 0;
    } else {
      if (from >= head) return;
      from += 1;
      unreadable += 1;
      yield asProblem(asStoreError(rows, file), { position: from });
    }
  }
  yield asProblem(corrupt(file, `nothing after record ${from} can be read`));
}

function orError<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error as Error;
  }
}

function missing(file: string, first: number, last: number): StoreProblem {
  const which = first === last ? `record ${first} is missing` : `records ${first} to ${last} are missing`;
  return asProblem(corrupt(file, which), { position: first });
}
