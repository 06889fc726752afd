import type { DatabaseSync } from "node:sqlite";
import type { LogRecord } from "../../core/records.ts";
import type { RecordHead } from "../store.ts";
import type { Ends } from "./ends.ts";
import { corrupt, mapped } from "./failures.ts";

/** Heads looked at at a time. */
const PAGE_HEADS = 4_096;

type Head = [position: number, type: RecordHead["type"], session: string];

interface Range {
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
  readonly wanted: (head: RecordHead) => boolean;
}

interface WantedParts {
  readonly ends: () => Ends;
  readonly recordAt: (position: number) => LogRecord;
}

/** Reads only what is wanted: of the others no more than their heads, which is done without taking them apart. */
export function wantedReader(db: DatabaseSync, file: string, { ends, recordAt }: WantedParts) {
  const select = db.prepare(
    "SELECT position, type, session FROM log WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",
  );
  select.setReturnArrays(true);

  function page(from: number, end: number, wanted: Range["wanted"]): readonly number[] {
    const heads = select.all(from, end, PAGE_HEADS) as unknown as Head[];
    if (heads.length < end - from) throw corrupt(file, `a record from ${from + 1} to ${end} is missing`);
    return heads
      .filter(([position, type, sessionKey]) => wanted({ position, type, sessionKey }))
      .map(([position]) => position);
  }

  return function* read({ after, upTo, limit, wanted }: Range): Generator<LogRecord> {
    const { base, head } = ends();
    const last = Math.min(upTo, head.position);
    let left = limit;
    for (let at = Math.max(after, base.position); at < last && left > 0; at += PAGE_HEADS) {
      const end = Math.min(last, at + PAGE_HEADS);
      const positions = mapped(file, () => page(at, end, wanted));
      for (const position of positions.slice(0, left)) yield mapped(file, () => recordAt(position));
      left -= positions.length;
    }
  };
}
