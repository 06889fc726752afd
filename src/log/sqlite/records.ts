import { crc32 } from "node:zlib";
import { RECORD_TYPES, type LogRecord } from "../../core/records.ts";
import { LubdubError, shown } from "../../errors.ts";
import { corrupt } from "./failures.ts";
import { bodyHash, chained, protectBody, sealed } from "./integrity.ts";

/** A row of `log`, in the order of its columns. */
export type LogRow = [
  position: number,
  previous: number,
  atMs: number,
  type: string,
  session: string,
  facts: string,
  body: string | null,
  salt: string | null,
  bodyHash: string | null,
  crc: number,
  hash: string,
];

export function toRow(record: LogRecord, previousHash: string): LogRow {
  const { position, previous, atMs, type, sessionKey } = record;
  const facts = JSON.stringify(record.facts);
  const stored = record.body === null ? null : protectBody(JSON.stringify(record.body));
  const columns = sealed(position, previous, atMs, type, sessionKey, facts, stored?.hash ?? null);
  const hash = chained(previousHash, columns);
  return [
    position,
    previous,
    atMs,
    type,
    sessionKey,
    facts,
    stored?.body ?? null,
    stored?.salt ?? null,
    stored?.hash ?? null,
    crc32(columns + hash),
    hash,
  ];
}

/**
 * Takes a record out of its row, if every column is as it was written.
 *
 * @param previousHash - checks the chain too; left out, the row is checked by itself
 * @throws LubdubError `LUBDUB_STORE_CORRUPT`, or `LUBDUB_STORE_NEWER` for a sound record of a type that this version cannot fold
 */
export function fromRow(row: LogRow, location: string, previousHash?: string): LogRecord {
  const [position, previous, atMs, type, sessionKey, facts, body, salt, hashOfBody, crc, hash] = row;
  const columns = sealed(position, previous, atMs, type, sessionKey, facts, hashOfBody);
  if (crc32(columns + hash) !== crc) {
    throw corrupt(location, `record ${position} was changed: its CRC does not fit`);
  }
  if (previousHash !== undefined && chained(previousHash, columns) !== hash) {
    throw corrupt(location, `record ${position} does not follow from the record before it`);
  }
  if (!isBodySound(body, salt, hashOfBody)) {
    throw corrupt(location, `the body of record ${position} was changed`);
  }
  if (!RECORD_TYPES.has(type)) throw unknownType(location, type);
  return {
    position,
    previous,
    atMs,
    type,
    sessionKey,
    facts: JSON.parse(facts),
    body: body === null ? null : JSON.parse(body),
  } as LogRecord;
}

export function unknownType(location: string, type: string): LubdubError {
  return new LubdubError("LUBDUB_STORE_NEWER", {
    expected: `only records in ${location} that this version of Lubdub knows`,
    got: `one of type ${shown(type)}`,
    fix: "Start the version of Lubdub that wrote it, or a newer one.",
  });
}

/** Never there, forgotten, or as it was written. */
function isBodySound(body: string | null, salt: string | null, hashOfBody: string | null): boolean {
  if (body === null || salt === null) return body === null && salt === null;
  return hashOfBody !== null && bodyHash(body, salt) === hashOfBody;
}
