import { encode, MACHINE_IDS, redacted } from "../core/actor.ts";
import type { Effect } from "../core/effects.ts";
import type { LogRecord } from "../core/records.ts";
import { step } from "../core/step.ts";
import {
  createWorld,
  type HeartbeatEntry,
  type SessionEntry,
  type Source,
  type World,
} from "../core/world.ts";
import { LubdubError, type ErrorCode } from "../errors.ts";
import { createIntake, type Intake } from "../intake/accept.ts";
import { memoryStore } from "../log/memory.ts";
import type { ActorKind, Store } from "../log/store.ts";
import type { ResolvedOptions } from "../options.ts";
import { steadyClock, systemClock, type Clock } from "../run/clock.ts";
import { createJournal, type Journal } from "../run/journal.ts";
import { createLeases, type Leases } from "../run/lease.ts";
import { createRunner, type Runner } from "../run/runner.ts";
import { createWaker, type Waker } from "../run/waker.ts";
import { watchActors, type ActorWatch } from "./watch.ts";

/** One process, one store: the machines, the log, the clock and the runner put together. */
export interface Host {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly store: Store;
  readonly world: World;
  readonly journal: Journal;
  readonly leases: Leases;
  readonly runner: Runner;
  readonly waker: Waker;
  readonly intake: Intake;
  /** `running -> stopping -> closed`, or `store-failed` once the store cannot be trusted any more. */
  readonly state: HostState;
  readonly failure: LubdubError | null;
  /** Lanes that could not be read from the store; all others go on. */
  readonly quarantined: ReadonlyMap<string, LubdubError>;
  /** Counts of committed records by type since the start. */
  readonly counts: Record<string, number>;
  /** Throws once nothing can be read: closed, or the store has failed. */
  guardRead(): void;
  /** Throws while nothing may be accepted. */
  guard(): void;
  /**
   * Calls back with the records of each commit, in order; `onClosed` once, when the heartbeat closes or its store fails.
   * @returns unsubscribes
   */
  subscribe(listener: (record: LogRecord) => void, onClosed?: (error: LubdubError) => void): () => void;
  stop(graceMs: number): Promise<void>;
}

export type HostState = "running" | "stopping" | "closed" | "store-failed";

/** After a full disk, so long nothing new is tried. */
const FULL_PAUSE_MS = 1_000;

/** Records dropped by one step of compaction, about. */
const COMPACTION_RECORDS = 40_000;

export function createHost(options: ResolvedOptions): Host {
  const store = options.store ?? memoryStore();
  const clock = steadyClock(options.clock ?? systemClock(), store.head().atMs);
  let effects: Effect[] = [];
  const watch: ActorWatch | null =
    options.inspect === undefined ? null : watchActors(options.inspect, () => world);
  const world = createWorld({
    laneOf: options.laneOf,
    source: storedActors(store),
    perform: (effect) => effects.push(effect),
    ...(watch === null ? {} : { onLive: watch.onLive, onEvicted: watch.onEvicted }),
  });
  const leases = createLeases((lane) => runner.idle(lane));
  const waker = createWaker(clock, () => journal.flush());
  const listeners = new Map<(record: LogRecord) => void, (error: LubdubError) => void>();
  const counts: Record<string, number> = {};
  let state: HostState = "running";
  let failure: LubdubError | null = null;
  let fullUntilMs = 0;

  const journal: Journal = createJournal({
    store,
    world,
    clock,
    dedupeWindowMs: options.dedupeWindowMs,
    checkpointRecords: options.checkpointRecords,
    liveActorsMax: options.liveActorsMax,
    takeEffects: () => effects.splice(0),
    watch: watch?.onEvent,
    touched: (lane) => runner.touched(lane),
    beforeCommit: () => {
      if (clock.nowMs() >= fullUntilMs) runner.startDue();
    },
    afterCommit(records, committed) {
      for (const record of records) {
        counts[record.type] = (counts[record.type] ?? 0) + 1;
        // If it fails, it is tried again at the next start.
        if (record.type === "session.forgotten") orFail(() => eraseSession(store, record));
        for (const listener of listeners.keys()) tell(() => listener(record));
      }
      for (const effect of committed) runner.begin(effect);
    },
    checkpointed: compactSome,
    failed: commitFailed,
  });
  const quarantined = new Map<string, LubdubError>();
  const quarantine = (lane: string, error: unknown): void => void quarantined.set(lane, asStoreError(error));
  const runner: Runner = createRunner({ world, journal, waker, leases, clock, options, quarantine });
  const intake = createIntake({ world, store, journal, clock, options, guard });

  recover();
  journal.flush();

  /** The live actors are ahead of the disk: thrown away and taken from it again. */
  function recover(): void {
    world.clear();
    waker.clear();
    effects = [];
    journal.reset();
    for (const record of store.read({ after: store.checkpoint() })) {
      step(world, record);
      if (record.type === "session.forgotten") eraseSession(store, record);
    }
    effects = [];
    waker.fill(store.deadlines());
    for (const lane of world.heartbeats.keys()) runner.touched(lane);
  }

  /** A step at a time, so that no turn of the event loop is long. */
  function compactSome(): void {
    const upTo = store.checkpoint(store.base() + COMPACTION_RECORDS);
    if (upTo <= store.base()) return;
    const nowMs = clock.nowMs();
    if ((store.recordAt(upTo)?.atMs ?? nowMs) >= nowMs - options.retainMs) return;
    orFail(() => store.compact(upTo, nowMs));
  }

  function orFail(work: () => void): void {
    try {
      work();
    } catch (error) {
      storeFailed(asStoreError(error));
    }
  }

  function commitFailed(error: unknown, records: readonly LogRecord[]): void {
    const cause = asStoreError(error);
    runner.reset();
    if (cause.code !== "LUBDUB_STORE_FULL") return storeFailed(cause);
    fullUntilMs = clock.nowMs() + FULL_PAUSE_MS;
    recover();
    runner.resettle(records);
    clock.setTimer(FULL_PAUSE_MS, () => journal.flush());
  }

  function storeFailed(cause: LubdubError): void {
    failure = cause;
    state = "store-failed";
    runner.stop();
    runner.abort("the store has failed");
    tellClosed(cause);
  }

  function tellClosed(error: LubdubError): void {
    for (const onClosed of listeners.values()) tell(() => onClosed(error));
    listeners.clear();
  }

  function guardRead(): void {
    if (failure !== null) throw failure;
    if (state === "closed") throw notRunning(state);
  }

  function guard(): void {
    guardRead();
    if (state !== "running") throw notRunning(state);
    if (clock.nowMs() < fullUntilMs) {
      throw new LubdubError("LUBDUB_STORE_FULL", {
        expected: "room on the disk",
        got: "a full disk a moment ago",
        fix: "Nothing was lost. Make room, then send it again.",
      });
    }
  }

  return {
    options,
    clock,
    store,
    world,
    journal,
    leases,
    runner,
    waker,
    intake,
    counts,
    quarantined,
    guardRead,
    guard,
    get state() {
      return state;
    },
    get failure() {
      return failure;
    },
    subscribe(listener, onClosed = () => {}) {
      listeners.set(listener, onClosed);
      return () => listeners.delete(listener);
    },
    async stop(graceMs) {
      if (state === "closed" || state === "stopping") return;
      if (state === "running") state = "stopping";
      runner.stop();
      await drain(graceMs);
      if (failure === null) journal.flush(true);
      watch?.close();
      store.close();
      state = "closed";
      tellClosed(notRunning(state));
    },
  };

  /** Lets runs end, then aborts them; an aborted run counts as busy, so its events stay queued under its key. */
  async function drain(graceMs: number): Promise<void> {
    const drained = runner.drained();
    const cancel = clock.setTimer(graceMs, () => runner.abort("Lubdub is stopping"));
    await drained;
    cancel();
  }
}

/**
 * Erases what `session.forgotten` promised, right after its commit; again at a start for those since the last checkpoint,
 * which is always older (see the journal), so that a crash in between leaves no text behind.
 */
function eraseSession(store: Store, { sessionKey, previous }: LogRecord): void {
  const positions: number[] = [];
  for (let at = previous; at > store.base();) {
    const record = store.recordAt(at);
    if (record === undefined) break;
    positions.push(at);
    at = record.previous;
  }
  store.erase(sessionKey, positions, redacted);
}

function storedActors(store: Store): Source {
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

/** A listener that throws is its own problem. */
function tell(listener: () => void): void {
  try {
    listener();
  } catch {
    // Reported by nobody on purpose: one listener must not silence the others, nor end the host.
  }
}

function asStoreError(error: unknown): LubdubError {
  if (error instanceof LubdubError) return error;
  return new LubdubError("LUBDUB_STORE_FAILED", {
    expected: "the commit to succeed",
    got: error instanceof Error ? error.message : String(error),
    fix: "Nothing more is accepted. Close the heartbeat and open it again.",
    cause: error,
  });
}

function notRunning(state: "stopping" | "closed" | "store-failed"): LubdubError {
  const code: ErrorCode = state === "stopping" ? "LUBDUB_STOPPING" : "LUBDUB_CLOSED";
  return new LubdubError(code, {
    expected: "a running heartbeat",
    got: `one that is ${state}`,
    ...(state === "stopping" ? { fix: "Send it again after the next start." } : {}),
  });
}

/** An actor as plain data. */
export function plain({ actor }: SessionEntry | HeartbeatEntry): unknown {
  return JSON.parse(encode(actor));
}
