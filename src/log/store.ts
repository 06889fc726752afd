import type { ActorKind } from "../core/actor.ts";
import type { LogRecord } from "../core/records.ts";

export type { ActorKind };

/**
 * The port of the embedded host: one writer, synchronous, in process. Synchronous on purpose: a turn of the event
 * loop is the unit of atomicity, and nothing can slip in between a decision and its commit.
 * Every adapter passes `test/contract/store.ts`.
 */
export interface Store extends Disposable {
  /** Where it lies, for people: a path, or `"memory"`. */
  readonly location: string;
  /** The newest committed record: 0 and 0 for an empty log. */
  head(): { readonly position: number; readonly atMs: number };
  /**
   * Writes one batch as one transaction, synced to disk when it returns. All or nothing.
   * `records` continue the log without a gap.
   * @throws LubdubError `LUBDUB_STORE_FULL` (nothing written, the store goes on), `LUBDUB_STORE_FAILED`, or `LUBDUB_DATA_FOLDER_OWNED`
   * when another owner has written since: so do `erase` and `compact`.
   */
  append(batch: Batch): void;
  /**
   * Records in order, after position `after` (default 0, exclusive), up to and with `upTo`. Each is verified (CRC, chain). With
   * `wanted` the others are passed over without a look at more than their heads: far cheaper, and only the CRC is verified.
   * @throws LubdubError `LUBDUB_STORE_CORRUPT` at the first record that was changed.
   */
  read(range?: {
    readonly after?: number;
    readonly upTo?: number;
    readonly limit?: number;
    readonly wanted?: (head: RecordHead) => boolean;
  }): Iterable<LogRecord>;
  /** One record, verified by its CRC; undefined when there is none (any more). */
  recordAt(position: number): LogRecord | undefined;
  /** Oldest record still held is `base() + 1`; 0 before the first compaction. */
  base(): number;

  /** The newest snapshot of an actor at or before `upTo` (default: the newest checkpoint). */
  snapshot(kind: ActorKind, key: string, upTo?: number): Snapshot | undefined;
  /** Position of the newest checkpoint at or before `upTo` that is whole; 0 if there is none. */
  checkpoint(upTo?: number): number;
  /**
   * Actors of one kind that have a snapshot, ordered by key (bytewise), after `after` (exclusive). Ended ones are left out. Nothing
   * is verified here: a damaged snapshot is listed with its neighbours, and refused by `snapshot`.
   */
  keys(query: KeyQuery): Iterable<string>;
  /**
   * Actors that wait for something, as of the newest checkpoint: key and deadline only, so that a million fit in memory. One whose
   * deadline is damaged is due at 0: it is looked at at once, and `snapshot` says what is wrong.
   */
  deadlines(kind: ActorKind): Iterable<{ readonly key: string; readonly dueAtMs: number }>;

  /** Position of the `event.queued` record with this dedupe key (of one session: see the journal), if it is still remembered at `nowMs`. */
  findDuplicate(dedupeKey: string, nowMs: number): number | undefined;

  /**
   * Erases the bodies of these records of a session for good, and writes `redact(snapshot)` in the place of the state of every
   * snapshot of these actors whose newest record is not newer. Ids and times stay, so that a replay goes the same way. The chain
   * still verifies. May be repeated.
   */
  erase(erasure: Erasure): void;
  /**
   * Drops records up to and with `upTo`, which must be a checkpoint's position, older snapshots that no later position
   * needs, and dedupe keys expired at `nowMs`. Queued events and dead letters live on in the snapshots.
   */
  compact(upTo: number, nowMs: number): { readonly records: number; readonly snapshots: number };
  /** Consistent copy into a new file (refused if it exists), beside what is written meanwhile. Memory stores refuse. */
  backup(file: string): Promise<void>;
  /** Closes it and gives up ownership. Safe to call twice. */
  close(): void;
}

/** What is known of a record before it is read. */
export type RecordHead = Pick<LogRecord, "position" | "type" | "sessionKey">;

/** What is erased for good. */
export interface Erasure {
  readonly sessionKey: string;
  readonly positions: readonly number[];
  /** Whose snapshots hold texts of that session. */
  readonly actors: readonly { readonly kind: ActorKind; readonly key: string }[];
  readonly redact: (kind: ActorKind, state: string) => string;
}

/** In the place of machine and state: the actor is over. Compaction removes it. */
export const ENDED = { machine: "", state: "" } as const;

/** An actor's state at a position. */
export interface Snapshot {
  readonly kind: ActorKind;
  /** The lane of a heartbeat, the session key of a session, the id of a schedule or a delivery. */
  readonly key: string;
  /** All records up to this position are folded in. */
  readonly position: number;
  /** Id and version of the machine, e.g. `session@1`. */
  readonly machine: string;
  /** Position of its newest record. Heartbeat: 0. */
  readonly previous: number;
  /** Its deadline, or null when nothing waits. Session: null. */
  readonly dueAtMs: number | null;
  /** Session: events queued. Heartbeat: wakes pending. Others: 0. */
  readonly queued: number;
  /** Session: dead letters. Delivery: 1 when it is dead. Agent: 1 while its provider refuses. Others: 0. */
  readonly dead: number;
  /** `{ value, context }` of the machine as JSON. */
  readonly state: string;
}

/** Which actors to list. */
export interface KeyQuery {
  readonly kind: ActorKind;
  /** Keys greater than this. */
  readonly after?: string;
  readonly limit: number;
  /** As of this position. @default the newest checkpoint */
  readonly upTo?: number;
  readonly withDeadLetters?: boolean;
}

/** What one turn of the event loop writes. */
export interface Batch {
  readonly records: readonly LogRecord[];
  /** Dedupe keys of the batch's `event.queued` records, with the end of their window. */
  readonly dedupe: readonly {
    readonly key: string;
    readonly position: number;
    readonly expiresAtMs: number;
  }[];
  readonly checkpoint?: CheckpointSlice;
}

/**
 * A part of a checkpoint, which holds every actor changed since the one before. Until its last part is written, nobody finds any of
 * it; one that was left unfinished is removed when another begins.
 */
export interface CheckpointSlice {
  /** All its snapshots are as of this position, at or before the batch's end. */
  readonly position: number;
  readonly snapshots: readonly Snapshot[];
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** What a thorough look at a store found. */
export interface StoreReport {
  readonly location: string;
  readonly records: number;
  readonly sessions: number;
  readonly snapshots: number;
  readonly problems: readonly StoreProblem[];
}
/** One thing that is wrong with a store. */
export interface StoreProblem {
  readonly code: string;
  /** Position of the damaged record, if it is one. */
  readonly position?: number;
  readonly sessionKey?: string;
  readonly detail: string;
}
