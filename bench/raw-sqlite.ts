import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { benchFolder } from "./folders.ts";
import { timed, type Round } from "./statistics.ts";
import { sessionKeys, TEXT } from "./workload.ts";

/** As much beside the text as a queued event has in Lubdub's log: ids, words, times. */
const FACTS = JSON.stringify({
  eventId: "e-0000-00000000",
  wakeId: "w-0000-00000000",
  source: "exec-event",
  intent: "event",
  reason: "exec-event",
  dueAtMs: 1_800_000_000_000,
  trust: "untrusted",
});

/**
 * The floor: nothing but `node:sqlite` with Lubdub's durability settings. A group of events is inserted and committed, then
 * read and acknowledged and committed. No order, no machine, no lease, no history, no hashes.
 */
export async function rawSqlite(events: number, group: number): Promise<Round> {
  using folder = benchFolder();
  using db = openRaw(folder.path);
  const keys = sessionKeys(1_000);
  const insert = db.prepare("INSERT INTO queue (session, facts, text) VALUES (?, ?, ?)");
  const read = db.prepare("SELECT id, session, facts, text FROM queue ORDER BY id LIMIT ?");
  const ack = db.prepare("DELETE FROM queue WHERE id = ?");
  return timed(events, () => {
    for (let done = 0; done < events; done += group) {
      db.exec("BEGIN IMMEDIATE");
      for (let at = done; at < done + group; at += 1)
        insert.run(keys[at % keys.length] as string, FACTS, TEXT);
      db.exec("COMMIT");
      const rows = read.all(group);
      db.exec("BEGIN IMMEDIATE");
      for (const { id } of rows) ack.run(Number(id));
      db.exec("COMMIT");
    }
  });
}

/** Milliseconds that each of `count` commits of one small row takes: what one sync costs on this disk. */
export function rawCommits(count: number): number[] {
  using folder = benchFolder();
  using db = openRaw(folder.path);
  const insert = db.prepare("INSERT INTO queue (session, facts, text) VALUES (?, ?, ?)");
  return Array.from({ length: count }, (_, at) => {
    const startMs = performance.now();
    insert.run(`session-${at}`, FACTS, TEXT);
    return performance.now() - startMs;
  });
}

function openRaw(folder: string): DatabaseSync {
  const db = new DatabaseSync(join(folder, "raw.db"));
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    CREATE TABLE queue (id INTEGER PRIMARY KEY, session TEXT NOT NULL, facts TEXT NOT NULL, text TEXT NOT NULL) STRICT;
  `);
  return db;
}
