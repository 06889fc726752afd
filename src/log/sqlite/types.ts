import type { DatabaseSync } from "node:sqlite";
import type { LogRecord } from "../../core/records.ts";

/** Notes each record type when it is first written, in the transaction that writes it. */
export function typeNotes(db: DatabaseSync) {
  const insert = db.prepare("INSERT OR IGNORE INTO record_types VALUES (?)");
  const noted = new Set<string>();
  let fresh: string[] = [];
  return {
    note(records: readonly LogRecord[]): void {
      for (const { type } of records) {
        if (noted.has(type)) continue;
        insert.run(type);
        noted.add(type);
        fresh.push(type);
      }
    },
    committed(): void {
      fresh = [];
    },
    rolledBack(): void {
      for (const type of fresh) noted.delete(type);
      fresh = [];
    },
  };
}
