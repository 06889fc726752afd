import type { DatabaseSync } from "node:sqlite";
import { transaction } from "./transaction.ts";

/** Bodies per transaction. */
const CHUNK = 1_000;

/**
 * Erases bodies, and the session's snapshots whose newest record is at or before `last`. Each step may be repeated, so a
 * crash in between does no harm. `secure_delete` overwrites what is freed.
 */
export function erase(
  db: DatabaseSync,
  sessionKey: string,
  positions: readonly number[],
  last: number,
): void {
  const eraseBody = db.prepare("UPDATE log SET body = NULL, salt = NULL WHERE position = ? AND session = ?");
  const remove = db.prepare("DELETE FROM snapshots WHERE kind = 'session' AND key = ? AND previous <= ?");
  for (let at = 0; at < positions.length; at += CHUNK) {
    transaction(db, () => {
      for (const position of positions.slice(at, at + CHUNK)) eraseBody.run(position, sessionKey);
    });
  }
  transaction(db, () => remove.run(sessionKey, last));
  // The old pages lie in the WAL too. A reader may hold that up; then the next checkpoint does it.
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}
