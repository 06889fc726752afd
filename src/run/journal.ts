import type { Effect } from "../core/effects.ts";
import type { LogRecord } from "../core/records.ts";
import { actorsOf, step, type Place, type Watch } from "../core/step.ts";
import type { World } from "../core/world.ts";
import type { LubdubError } from "../errors.ts";
import type { CheckpointSlice, Store } from "../log/store.ts";
import { Checkpoint, isCrowded, rest } from "./checkpoint.ts";
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
  /** All that `work` writes, or nothing of it: if it throws, what it wrote is taken back, and the error goes on. */
  together<T>(work: () => T): T;
  /** Resolves when everything written so far is synced to disk; rejects with the store's error. */
  committed(): Promise<void>;
  /** One record, committed or of this turn. */
  recordAt(position: number): LogRecord | undefined;
  /** Position of the session's `event.queued` record with this dedupe key, committed or in this turn, if the log still holds it. */
  findDuplicate(sessionKey: string, dedupeKey: string): number | undefined;
  /** Commits now. @param checkpoint - with a snapshot of every changed actor, all in this commit */
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
  readonly checkpointSlice: number;
  readonly liveActorsMax: number;
  /** Takes the effects that the actors have asked for since the last call. */
  readonly takeEffects: () => readonly Effect[];
  readonly watch?: Watch | undefined;
  /** Called for each lane, schedule or delivery that a record moved. */
  readonly touched: (place: Place) => void;
  /** Last chance to write into this turn's commit: starts what is due. */
  readonly beforeCommit: () => void;
  readonly afterCommit: (records: readonly LogRecord[], effects: readonly Effect[]) => void;
  /** False while the world is not all that the log says. */
  readonly mayCheckpoint: () => boolean;
  /** Why the store is not to be trusted any more: nothing more is written to it. */
  readonly failure: () => LubdubError | null;
  /** A checkpoint was written: what is older may be dropped. */
  readonly checkpointed: () => void;
  /** @returns what those who wait for the commit are told */
  readonly failed: (error: unknown, records: readonly LogRecord[]) => LubdubError;
}

/** What one turn has gathered. */
interface Turn {
  readonly records: LogRecord[];
  /** What each record has moved, and what brings it back. */
  readonly moves: { readonly places: readonly Place[]; readonly takeBack: () => void }[];
  readonly dedupe: { key: string; position: number; expiresAtMs: number }[];
  readonly positionByDedupeKey: Map<string, number>;
  /** One promise for all that wait for this turn's commit. */
  commit: PromiseWithResolvers<void> | null;
}

const newTurn = (): Turn => ({
  records: [],
  moves: [],
  dedupe: [],
  positionByDedupeKey: new Map(),
  commit: null,
});

export class GroupCommit implements Journal {
  readonly #parts: JournalParts;
  #position = 0;
  #atMs = 0;
  #checkpointAt = 0;
  /** The one that is being written, a part of it with each commit. */
  #checkpoint: Checkpoint | null = null;
  #turn = newTurn();
  #scheduled = false;

  constructor(parts: JournalParts) {
    this.#parts = parts;
    this.reset();
  }

  get nextPosition(): number {
    return this.#position + 1;
  }

  write<D extends RecordDraft>(draft: D): Extract<LogRecord, { type: D["type"] }> {
    const { world, clock, dedupeWindowMs, watch, touched } = this.#parts;
    const { session, places, entries } = actorsOf(world, draft as LogRecord);
    const { previous } = session;
    const takeBack = world.mark(entries);
    const position = this.#position + 1;
    const atMs = Math.max(this.#atMs, clock.nowMs());
    const record = { ...draft, position, previous, atMs } as unknown as LogRecord;
    try {
      step(world, record, watch);
    } catch (error) {
      takeBack(); // a machine that threw is in no state any more
      throw error;
    }
    this.#position = position;
    this.#atMs = atMs;
    this.#turn.records.push(record);
    this.#turn.moves.push({ places, takeBack });
    if (record.type === "event.queued" && record.facts.dedupeKey !== undefined) {
      const key = dedupeId(record.sessionKey, record.facts.dedupeKey);
      this.#turn.dedupe.push({ key, position, expiresAtMs: atMs + dedupeWindowMs });
      this.#turn.positionByDedupeKey.set(key, position);
    }
    for (const place of places) touched(place);
    this.#schedule();
    return record as never;
  }

  together<T>(work: () => T): T {
    const { records, moves, dedupe, positionByDedupeKey } = this.#turn;
    const [recordsBefore, dedupeBefore] = [records.length, dedupe.length];
    try {
      return work();
    } catch (error) {
      this.#position -= records.splice(recordsBefore).length;
      for (const { key } of dedupe.splice(dedupeBefore)) positionByDedupeKey.delete(key);
      const moved = moves.splice(recordsBefore);
      for (const { takeBack } of moved.toReversed()) takeBack();
      // Who was told where they went is told where they are.
      for (const { places } of moved) places.forEach(this.#parts.touched);
      throw error;
    }
  }

  committed(): Promise<void> {
    this.#turn.commit ??= Promise.withResolvers<void>();
    this.#schedule();
    return this.#turn.commit.promise;
  }

  recordAt(position: number): LogRecord | undefined {
    const { records } = this.#turn;
    const first = this.nextPosition - records.length;
    return position < first ? this.#parts.store.recordAt(position) : records[position - first];
  }

  findDuplicate(sessionKey: string, dedupeKey: string): number | undefined {
    const { store, clock } = this.#parts;
    const key = dedupeId(sessionKey, dedupeKey);
    const at = this.#turn.positionByDedupeKey.get(key) ?? store.findDuplicate(key, clock.nowMs());
    return at !== undefined && at > store.base() ? at : undefined;
  }

  flush(checkpoint = false): void {
    const { store } = this.#parts;
    const failure = this.#parts.failure();
    if (failure !== null) return this.#refuse(failure);
    this.#scheduled = true; // what `beforeCommit` writes belongs to this commit
    this.#parts.beforeCommit();
    this.#scheduled = false;
    const { records, dedupe, commit } = this.#turn;
    const slice = this.#nextSlice(checkpoint);
    const effects = this.#parts.takeEffects();
    this.#turn = newTurn();
    if (records.length === 0 && slice === null) return commit?.resolve();
    try {
      store.append({ records, dedupe, ...(slice && { checkpoint: slice }) });
    } catch (error) {
      const cause = this.#parts.failed(error, records);
      return commit?.reject(cause);
    }
    if (slice?.isLast === true) this.#endCheckpoint();
    else if (slice !== null) this.#schedule();
    commit?.resolve();
    this.#parts.afterCommit(records, effects);
  }

  reset(): void {
    const { store, takeEffects } = this.#parts;
    ({ position: this.#position, atMs: this.#atMs } = store.head());
    this.#checkpointAt = store.checkpoint();
    this.#checkpoint = null;
    takeEffects();
  }

  /** The live actors are ahead of the disk for good: what they write has no place in the log. */
  #refuse(failure: LubdubError): void {
    const { commit } = this.#turn;
    this.#turn = newTurn();
    this.#scheduled = false;
    commit?.reject(failure);
  }

  /**
   * What must still be erased after its commit stays behind no checkpoint, so that a restart finds it: none begins in that turn, and one
   * that has begun is finished with it, so that its texts are on the disk before they are erased, and none comes there later.
   */
  #nextSlice(asked: boolean): CheckpointSlice | null {
    const { world, checkpointSlice, mayCheckpoint } = this.#parts;
    if (!mayCheckpoint()) return null;
    const forgets = this.#turn.records.some(({ type }) => type === "session.forgotten");
    if (!forgets && (asked || (this.#checkpoint === null && this.#isCheckpointDue()))) {
      this.#checkpoint?.abandon();
      this.#checkpoint = new Checkpoint(world, this.#position);
    }
    return this.#checkpoint?.slice(asked || forgets ? Infinity : checkpointSlice) ?? null;
  }

  #isCheckpointDue(): boolean {
    const { world, checkpointRecords, liveActorsMax } = this.#parts;
    return this.#position - this.#checkpointAt >= checkpointRecords || isCrowded(world, liveActorsMax);
  }

  #endCheckpoint(): void {
    const { world, liveActorsMax, checkpointed } = this.#parts;
    if (this.#checkpoint === null) return;
    this.#checkpointAt = this.#checkpoint.position;
    this.#checkpoint = null;
    rest(world, liveActorsMax);
    checkpointed();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#parts.clock.afterTurn(() => this.flush());
  }
}

/** One key may name an event in each of many sessions. Neither part can hold a line break. */
const dedupeId = (sessionKey: string, dedupeKey: string): string => `${sessionKey}\n${dedupeKey}`;
