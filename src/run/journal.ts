import { encode, MACHINE_IDS } from "../core/actor.ts";
import { storedDeadlineOf } from "../core/deadline.ts";
import type { Effect } from "../core/effects.ts";
import type { LogRecord } from "../core/records.ts";
import { step, type Watch } from "../core/step.ts";
import type { World } from "../core/world.ts";
import type { Snapshot, Store } from "../log/store.ts";
import type { Clock } from "./clock.ts";

/** A record before it has its place in the log. */
export type RecordDraft = LogRecord extends infer R
  ? R extends LogRecord
    ? Pick<R, "type" | "sessionKey" | "facts" | "body">
    : never
  : never;

/**
 * Group commit. What arrives in one turn of the event loop is folded into the live actors at once and written as one
 * transaction at the end of the turn. Promises resolve and effects are carried out after it; if it fails, the live
 * actors are ahead of the disk and are thrown away.
 */
export interface Journal {
  readonly nextPosition: number;
  write<D extends RecordDraft>(draft: D): Extract<LogRecord, { type: D["type"] }>;
  /** Resolves when everything written so far is synced to disk; rejects with the store's error. */
  committed(): Promise<void>;
  /** Position of the `event.queued` record with this dedupe key, committed or in this turn, if the log still holds it. */
  findDuplicate(dedupeKey: string): number | undefined;
  /** Commits now. @param checkpoint - with a snapshot of every changed actor */
  flush(checkpoint?: boolean): void;
  /** Continues after what the store holds: at the start, and after a failed commit. */
  reset(): void;
}

interface JournalParts {
  readonly store: Store;
  readonly world: World;
  readonly clock: Clock;
  readonly dedupeWindowMs: number;
  readonly checkpointRecords: number;
  readonly liveActorsMax: number;
  /** Takes the effects that the actors have asked for since the last call. */
  readonly takeEffects: () => readonly Effect[];
  readonly watch?: Watch | undefined;
  /** Called for each lane that a record moved. */
  readonly touched: (lane: string) => void;
  /** Last chance to write into this turn's commit: starts what is due. */
  readonly beforeCommit: () => void;
  readonly afterCommit: (records: readonly LogRecord[], effects: readonly Effect[]) => void;
  /** A checkpoint was written: what is older may be dropped. */
  readonly checkpointed: () => void;
  readonly failed: (error: unknown, records: readonly LogRecord[]) => void;
}

export function createJournal(parts: JournalParts): Journal {
  const { store, world, clock, dedupeWindowMs } = parts;
  let { position, atMs } = store.head();
  let checkpointAt = store.checkpoint();
  let records: LogRecord[] = [];
  let dedupe: { key: string; position: number; expiresAtMs: number }[] = [];
  const dedupeInTurn = new Map<string, number>();
  /** One promise for all that wait for this turn's commit. */
  let commit: PromiseWithResolvers<void> | null = null;
  let scheduled = false;

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    clock.afterTurn(() => flush());
  };
  const take = (): { written: LogRecord[]; keys: typeof dedupe; waiting: typeof commit } => {
    const taken = { written: records, keys: dedupe, waiting: commit };
    records = [];
    dedupe = [];
    commit = null;
    dedupeInTurn.clear();
    return taken;
  };

  function flush(checkpoint = false): void {
    scheduled = true; // what `beforeCommit` writes belongs to this commit
    parts.beforeCommit();
    scheduled = false;
    const wanted =
      checkpoint || position - checkpointAt >= parts.checkpointRecords || crowded(world, parts.liveActorsMax);
    // What must still be erased after its commit stays behind no checkpoint, so that a restart finds it.
    const due = wanted && !records.some(({ type }) => type === "session.forgotten");
    const effects = parts.takeEffects();
    const { written, keys, waiting } = take();
    if (written.length === 0 && !due) return waiting?.resolve();
    const snapshots = due ? { snapshots: snapshotsOf(world, position) } : {};
    try {
      store.append({ records: written, dedupe: keys, ...snapshots });
    } catch (error) {
      parts.failed(error, written);
      return waiting?.reject(error);
    }
    if (due) {
      checkpointAt = position;
      rest(world, parts.liveActorsMax);
      parts.checkpointed();
    }
    waiting?.resolve();
    parts.afterCommit(written, effects);
  }

  return {
    get nextPosition() {
      return position + 1;
    },
    write(draft) {
      // Both actors first: taking one from a damaged store throws, and then nothing must have changed yet.
      const { previous, lane } = world.session(draft.sessionKey);
      world.heartbeat(lane);
      position += 1;
      atMs = Math.max(atMs, clock.nowMs());
      const record = { ...draft, position, previous, atMs } as LogRecord;
      step(world, record, parts.watch);
      records.push(record);
      if (record.type === "event.queued" && record.facts.dedupeKey !== undefined) {
        dedupe.push({ key: record.facts.dedupeKey, position, expiresAtMs: atMs + dedupeWindowMs });
        dedupeInTurn.set(record.facts.dedupeKey, position);
      }
      parts.touched(lane);
      schedule();
      return record as never;
    },
    committed() {
      commit ??= Promise.withResolvers<void>();
      schedule();
      return commit.promise;
    },
    findDuplicate(key) {
      const at = dedupeInTurn.get(key) ?? store.findDuplicate(key, clock.nowMs());
      return at !== undefined && at > store.base() ? at : undefined;
    },
    flush,
    reset() {
      ({ position, atMs } = store.head());
      checkpointAt = store.checkpoint();
      parts.takeEffects();
    },
  };
}

function crowded({ sessions, heartbeats }: World, max: number): boolean {
  return sessions.size > 2 * max || heartbeats.size > 2 * max;
}

/** Every actor changed since the last checkpoint, as of this position. */
function snapshotsOf(world: World, position: number): Snapshot[] {
  const snapshots: Snapshot[] = [];
  for (const { key, actor, previous, dirty } of world.sessions.values()) {
    if (!dirty) continue;
    const { queue, dead } = actor.context;
    snapshots.push({
      kind: "session",
      key,
      position,
      previous,
      machine: MACHINE_IDS.session,
      dueAtMs: null,
      queued: queue.length,
      dead: dead.length,
      state: encode(actor),
    });
  }
  for (const { lane, actor, dirty } of world.heartbeats.values()) {
    if (!dirty) continue;
    snapshots.push({
      kind: "heartbeat",
      key: lane,
      position,
      previous: 0,
      machine: MACHINE_IDS.heartbeat,
      dueAtMs: storedDeadlineOf(actor),
      queued: actor.context.pending.size,
      dead: 0,
      state: encode(actor),
    });
  }
  return snapshots;
}

/**
 * After a checkpoint every actor is on disk as it is. Beyond the limit, those brought to life first go back to rest there,
 * down to half of it, so that this is seldom.
 */
function rest(world: World, max: number): void {
  const crowd = { sessions: world.sessions.size > max, heartbeats: world.heartbeats.size > max };
  for (const entry of world.sessions.values()) {
    entry.dirty = false;
    if (crowd.sessions && world.sessions.size > max / 2 && entry.actor.value !== "offered")
      world.evictSession(entry.key);
  }
  for (const entry of world.heartbeats.values()) {
    entry.dirty = false;
    if (crowd.heartbeats && world.heartbeats.size > max / 2 && entry.actor.value !== "running") {
      world.evictHeartbeat(entry.lane);
    }
  }
}
