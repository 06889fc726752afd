import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/**
 * Asks one query of a SQLite file, read-only, and says in a gate's words whether there is anything.
 *
 *     echo '{"file":"mail.db","query":"SELECT count(*) FROM mail WHERE seen = 0"}' | node sql-child.js
 */
const ROWS_MAX = 20;

const EMPTY: ReadonlySet<unknown> = new Set([null, 0n, 0, ""]);

const { file, query } = JSON.parse(readFileSync(0, "utf8")) as { file: string; query: string };
using database = new DatabaseSync(file, { readOnly: true });
const statement = database.prepare(query);
statement.setReadBigInts(true);
const rows: Record<string, unknown>[] = [];
for (const row of statement.iterate()) {
  rows.push(row);
  if (rows.length === ROWS_MAX) break;
}
const values = Object.values(rows[0] ?? {});
const single = rows.length === 1 && values.length === 1;
const wakeAgent = single ? !EMPTY.has(values[0]) : rows.length > 0;
process.stdout.write(`${JSON.stringify({ wakeAgent, data: rows }, plainValue)}\n`);

function plainValue(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value instanceof Uint8Array ? `(${value.length} bytes)` : value;
}
