import type { DatabaseSync } from "node:sqlite";
import { ENDED, type Erasure } from "../store.ts";
import type { OpenEnds } from "./ends.ts";
import type { SnapshotTables } from "./snapshots.ts";

/** Bodies per transaction. */
const CHUNK = 1_000;

interface Tables {
  readonly ends: OpenEnds;
  readonly snapshots: SnapshotTables;
}

/**
 * Erases bodies, and redacts the actors' snapshots whose newest record is at or before `last`. Each step may be repeated, so a
 * crash in between does no harm. `secure_delete` overwrites what is freed.
 */
export function eraser(
  db: DatabaseSync,
  { ends, snapshots }: Tables,
): (erasure: Erasure, last: number) => void {
  // A start repeats the erasures since the last checkpoint, one by one: preparing it each time would cost more than the rest.
  const eraseBody = db.prepare("UPDATE log SET body = NULL, salt = NULL WHERE position = ? AND session = ?");
  return ({ sessionKey, positions, actors, redact }, last) => {
    for (let at = 0; at < positions.length; at += CHUNK) {
      ends.transaction(() => {
        for (const position of positions.slice(at, at + CHUNK)) eraseBody.run(position, sessionKey);
      });
    }
    ends.transaction(() => {
      for (const { kind, key } of actors) {
        for (const old of snapshots.upTo(kind, key, last)) {
          if (old.machine !== ENDED.machine) snapshots.replace({ ...old, state: redact(kind, old.state) });
        }
      }
    });
    // The old pages lie in the WAL too. A reader may hold that up; then the next checkpoint does it.
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  };
}
