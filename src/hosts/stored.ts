import { encode, MACHINE_IDS, redacted } from "../core/actor.ts";
import type { LogRecord } from "../core/records.ts";
import type { HeartbeatEntry, SessionEntry, Source } from "../core/world.ts";
import { LubdubError } from "../errors.ts";
import type { ActorKind, Store } from "../log/store.ts";

/**
 * Erases what `session.forgotten` promised, right after its commit; again at a start for those since the last checkpoint,
 * which is always older (see the journal), so that a crash in between leaves no text behind.
 */
export function eraseSession(store: Store, { sessionKey, previous }: LogRecord): void {
  const positions: number[] = [];
  for (let at = previous; at > store.base();) {
    const record = store.recordAt(at);
    if (record === undefined) break;
    positions.push(at);
    at = record.previous;
  }
  store.erase(sessionKey, positions, redacted);
}

/** Actors that are not live, from their newest snapshots. */
export function storedActors(store: Store): Source {
  const stored = (kind: ActorKind, key: string) => {
    const snapshot = store.snapshot(kind, key);
    if (snapshot !== undefined && snapshot.machine !== MACHINE_IDS[kind]) {
      throw new LubdubError("LUBDUB_STORE_NEWER", {
        expected: `a snapshot of ${MACHINE_IDS[kind]}`,
        got: snapshot.machine,
        fix: "Start the version of Lubdub that wrote it, or a newer one.",
      });
    }
    return snapshot;
  };
  return { session: (key) => stored("session", key), heartbeat: (lane) => stored("heartbeat", lane) };
}

/** An actor as plain data. */
export function plain({ actor }: SessionEntry | HeartbeatEntry): unknown {
  return JSON.parse(encode(actor));
}
