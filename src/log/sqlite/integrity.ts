import { hash, randomUUID } from "node:crypto";
import { crc32 } from "node:zlib";

/**
 * SQLite does not checksum what it stores, so we do. Two sums with two jobs:
 *
 * - a CRC-32 over all columns of a row, in every table: finds a changed bit by looking at that row alone;
 * - a SHA-256 chain over the log: each record's hash covers its predecessor's hash, its columns and the hash of its body. It
 *   finds rows that are missing, moved or replaced.
 *
 * The body itself is in neither: it can be erased, and both still hold. It is hashed with a salt that is erased with it, so
 * that nobody can find a short text again by trying.
 */
export const GENESIS = "";

export interface StoredBody {
  readonly body: string;
  readonly salt: string;
  readonly hash: string;
}

export function protectBody(body: string): StoredBody {
  const salt = randomUUID();
  return { body, salt, hash: bodyHash(body, salt) };
}

export function bodyHash(body: string, salt: string): string {
  return hash("sha256", salt + body, "hex");
}

/** What both sums of a record are over. Lengths keep neighbouring columns apart. */
export function sealed(
  position: number,
  previous: number,
  atMs: number,
  type: string,
  session: string,
  facts: string,
  hashOfBody: string | null,
): string {
  return `${position} ${previous} ${atMs} ${type} ${hashOfBody ?? "-"} ${session.length} ${session} ${facts}`;
}

export function chained(previousHash: string, sealedColumns: string): string {
  return hash("sha256", previousHash + sealedColumns, "hex");
}

/** CRC-32 over a row's columns. */
export function sum(...columns: readonly (string | number | null)[]): number {
  return crc32(columns.join("\n"));
}
