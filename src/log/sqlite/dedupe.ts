import type { DatabaseSync } from "node:sqlite";
import type { Batch, Store } from "../store.ts";
import { corrupt } from "./failures.ts";
import { sum } from "./integrity.ts";

/** The table `dedupe`. */
export interface DedupeTable extends Pick<Store, "findDuplicate"> {
  insert(keys: Batch["dedupe"]): void;
}

export function dedupeTable(db: DatabaseSync, file: string): DedupeTable {
  const insert = db.prepare("INSERT OR REPLACE INTO dedupe VALUES (?, ?, ?, ?)");
  const select = db.prepare("SELECT position, expires_at_ms, crc FROM dedupe WHERE key = ?");
  select.setReturnArrays(true);
  return {
    insert(keys) {
      for (const { key, position, expiresAtMs } of keys) {
        insert.run(key, position, expiresAtMs, sum(key, position, expiresAtMs));
      }
    },
    findDuplicate(key, nowMs) {
      const row = select.get(key) as unknown as [number, number, number] | undefined;
      if (row === undefined) return undefined;
      const [position, expiresAtMs, crc] = row;
      if (sum(key, position, expiresAtMs) !== crc) throw corrupt(file, "a dedupe key was changed");
      return expiresAtMs > nowMs ? position : undefined;
    },
  };
}
