import type { DatabaseSync } from "node:sqlite";
import { ENDED } from "../store.ts";
import { endWriter, type End, type OpenEnds } from "./ends.ts";

/** Rows per transaction: other work waits for one of them, not for all. */
const CHUNK_ROWS = 5_000;

/**
 * Moves the base of the log first, in one small transaction: from then on nobody sees what lies before it. Then removes
 * that in bounded steps. After a crash in between, the rest is removed by the next compaction.
 */
export function compact(
  db: DatabaseSync,
  ends: OpenEnds,
  base: End,
  nowMs: number,
): { readonly records: number; readonly snapshots: number } {
  const writeEnd = endWriter(db);
  ends.transaction(() => {
    writeEnd("base", base);
    db.prepare("DELETE FROM checkpoints WHERE position < ?").run(base.position);
  });
  ends.moveBase(base);
  const records = removeRecords(db, ends, base.position);
  const snapshots = removeSnapshots(db, ends, base.position);
  removeDedupeKeys(db, ends, nowMs);
  return { records, snapshots };
}

function removeRecords(db: DatabaseSync, ends: OpenEnds, upTo: number): number {
  const remove = db.prepare(
    "DELETE FROM log WHERE position IN (SELECT position FROM log WHERE position <= ? ORDER BY position LIMIT ?)",
  );
  let removed = 0;
  for (;;) {
    const changes = ends.transaction(() => Number(remove.run(upTo, CHUNK_ROWS).changes));
    removed += changes;
    if (changes < CHUNK_ROWS) return removed;
  }
}

/** Of an actor's snapshots up to the base, only the newest is needed by the base and by later positions; of an ended one none. */
function removeSnapshots(db: DatabaseSync, ends: OpenEnds, upTo: number): number {
  const nextBound = db.prepare(
    "SELECT kind, key FROM snapshots WHERE (kind, key) > (?, ?) ORDER BY kind, key LIMIT 1 OFFSET ?",
  );
  const remove = db.prepare(`
    DELETE FROM snapshots AS s
    WHERE (kind, key) > (?1, ?2) AND (kind, key) <= (?3, ?4) AND (
      EXISTS (
        SELECT 1 FROM snapshots AS later
        WHERE later.kind = s.kind AND later.key = s.key AND later.position > s.position AND later.position <= ?5
      )
      OR (machine = '${ENDED.machine}' AND position <= ?5)
    )`);
  const lastKind = "t"; // sorts after every kind of actor
  let removed = 0;
  for (let from = ["", ""] as [string, string]; from[0] !== lastKind;) {
    const bound = nextBound.get(...from, CHUNK_ROWS) as { kind: string; key: string } | undefined;
    const to: [string, string] = bound === undefined ? [lastKind, ""] : [bound.kind, bound.key];
    const start = from;
    removed += ends.transaction(() => Number(remove.run(...start, ...to, upTo).changes));
    from = to;
  }
  return removed;
}

function removeDedupeKeys(db: DatabaseSync, ends: OpenEnds, nowMs: number): void {
  const nextBound = db.prepare("SELECT key FROM dedupe WHERE key > ? ORDER BY key LIMIT 1 OFFSET ?");
  const remove = db.prepare("DELETE FROM dedupe WHERE key > ? AND key <= ? AND expires_at_ms <= ?");
  const removeRest = db.prepare("DELETE FROM dedupe WHERE key > ? AND expires_at_ms <= ?");
  for (let from = ""; ;) {
    const start = from;
    const to = nextBound.get(start, CHUNK_ROWS)?.["key"] as string | undefined;
    ends.transaction(() => (to === undefined ? removeRest.run(start, nowMs) : remove.run(start, to, nowMs)));
    if (to === undefined) return;
    from = to;
  }
}
