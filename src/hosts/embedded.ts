import type { Effect } from "../core/effects.ts";
import type { LogRecord } from "../core/records.ts";
import type { Place } from "../core/step.ts";
import { createWorld, type World } from "../core/world.ts";
import { LubdubError } from "../errors.ts";
import { createIntake, type Intake } from "../intake/accept.ts";
import { memoryStore } from "../log/memory.ts";
import type { Store } from "../log/store.ts";
import type { ResolvedOptions } from "../options.ts";
import { steadyClock, systemClock, wallClockOf, type Clock } from "../run/clock.ts";
import { GroupCommit, type Journal } from "../run/journal.ts";
import { createAttribution } from "../run/attribution.ts";
import { Courier } from "../run/courier.ts";
import { createLeases, type Leases } from "../run/lease.ts";
import { Quarantine } from "../run/quarantine.ts";
import { LaneRunner, type Runner } from "../run/runner.ts";
import { ScheduleIndex } from "../run/schedule-index.ts";
import { Scheduler } from "../run/scheduler.ts";
import { SharedTimer } from "../run/shared-timer.ts";
import { createWaker, type Waker } from "../run/waker.ts";
import { compactSome } from "./compaction.ts";
import { countsOf } from "./counts.ts";
import { asStoreError, notRunning, tell } from "./failures.ts";
import type { Host, HostState } from "./host.ts";
import { Recovery } from "./recovery.ts";
import { eraseSession, indexSchedules, openDeliveries } from "./stored.ts";
import { watchActors, type ActorWatch } from "./watch.ts";

/** After a full disk, so long nothing new is tried. */
const FULL_PAUSE_MS = 1_000;

export function createHost(options: ResolvedOptions): Host {
  return new EmbeddedHost(options);
}

type Listener = (record: LogRecord) => void;

class EmbeddedHost implements Host {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly store: Store;
  readonly world: World;
  readonly journal: Journal;
  readonly leases: Leases;
  readonly runner: Runner;
  readonly courier: Courier;
  readonly waker: Waker;
  readonly intake: Intake;
  readonly scheduler: Scheduler;
  readonly scheduleIndex = new ScheduleIndex();
  readonly counts: Record<string, number> = {};
  readonly #quarantine: Quarantine;
  readonly #recovery: Recovery;
  readonly #effects: Effect[] = [];
  readonly #listeners = new Map<Listener, (error: LubdubError) => void>();
  readonly #watch: ActorWatch | null;
  #state: HostState = "running";
  #failure: LubdubError | null = null;
  /** A commit met a full disk a moment ago. A timer ends the pause, not the clock: that may be set back. */
  #diskFull = false;
  #endPause: () => void = () => {};
  #stopped: Promise<void> | null = null;

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.store = options.store ?? memoryStore();
    this.clock = steadyClock(options.clock ?? systemClock(), this.store.head().atMs);
    this.#watch = options.inspect === undefined ? null : watchActors(options.inspect, () => this.world);
    this.#quarantine = new Quarantine(this.clock, () => this.#lookAgain());
    this.#recovery = new Recovery(this.store);
    this.world = createWorld({
      laneOf: options.laneOf,
      source: this.#recovery.source,
      perform: (effect) => this.#effects.push(effect),
      ...this.#watch?.actors,
    });
    const attribution = createAttribution(this.store);
    this.leases = createLeases((lane) => this.runner.idle(lane));
    const timer = new SharedTimer(this.clock, () => this.journal.flush());
    this.waker = createWaker(timer.share(), () => this.clock.nowMs());
    this.journal = this.#groupCommit();
    const aside = (kind: Place["kind"]) => (key: string, error: unknown) =>
      this.quarantine({ kind, key }, error);
    const shared = this.#shared();
    const { store, leases, waker: laneWaker } = this;
    const lanes = { store, leases, attribution, waker: laneWaker, quarantine: aside("heartbeat") };
    this.runner = new LaneRunner({ ...shared, ...lanes });
    const waker = createWaker(timer.share(), () => this.clock.nowMs());
    this.courier = new Courier({ ...shared, waker, quarantine: aside("delivery") });
    const { causeOf } = attribution;
    this.intake = createIntake({ ...shared, store: this.store, guard: () => this.guard(), causeOf });
    this.scheduler = this.#schedulerOn(timer);
    this.#recover();
    this.journal.flush();
  }

  get state(): HostState {
    return this.#state;
  }

  get failure(): LubdubError | null {
    return this.#failure;
  }

  get quarantined(): ReadonlyMap<string, LubdubError> {
    return this.#quarantine.errors;
  }

  quarantine(place: Place, error: unknown): void {
    this.#quarantine.add(place, asStoreError(error));
  }

  guardRead(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#state === "closed") throw notRunning(this.#state);
  }

  guard(): void {
    this.guardRead();
    if (this.#state !== "running") throw notRunning(this.#state);
    if (this.#diskFull) {
      throw new LubdubError("LUBDUB_STORE_FULL", {
        expected: "room on the disk",
        got: "a full disk a moment ago",
        fix: "Nothing was lost. Make room, then send it again.",
      });
    }
  }

  subscribe(listener: Listener, onClosed: (error: LubdubError) => void = () => {}): () => void {
    this.#listeners.set(listener, onClosed);
    return () => this.#listeners.delete(listener);
  }

  stop(graceMs: number): Promise<void> {
    return (this.#stopped ??= this.#stop(graceMs));
  }

  async #stop(graceMs: number): Promise<void> {
    if (this.#state === "running") this.#state = "stopping";
    this.runner.stop();
    this.scheduler.stop();
    this.courier.stop();
    await this.#drain(graceMs);
    this.#diskFull = false; // one last try; what finds no room is taken up at the next start
    if (this.#failure === null) this.journal.flush(true);
    this.#endPause();
    this.#quarantine.close();
    this.#watch?.close();
    this.store.close();
    this.#state = "closed";
    this.#tellClosed(notRunning(this.#state));
  }

  #shared(): Pick<Host, "world" | "journal" | "clock" | "options"> {
    return { world: this.world, journal: this.journal, clock: this.clock, options: this.options };
  }

  #groupCommit(): Journal {
    return new GroupCommit({
      store: this.store,
      world: this.world,
      clock: this.clock,
      dedupeWindowMs: this.options.dedupeWindowMs,
      checkpointRecords: this.options.checkpointRecords,
      checkpointSlice: this.options.checkpointSlice,
      liveActorsMax: this.options.liveActorsMax,
      takeEffects: () => this.#effects.splice(0),
      watch: this.#watch?.onEvent,
      touched: ({ kind, key }) => {
        if (kind === "heartbeat") this.runner.touched(key);
        else if (kind === "delivery") this.courier.touched(key);
        else this.scheduler.touched(key);
      },
      beforeCommit: () => {
        if (this.#diskFull) return;
        this.scheduler.startDue();
        this.runner.startDue();
        this.courier.startDue();
      },
      afterCommit: (records, effects) => this.#committed(records, effects),
      failure: () => this.#failure,
      mayCheckpoint: () => this.#recovery.isWhole,
      checkpointed: () => this.#orFail(() => compactSome(this.store, this.options.retainMs)),
      failed: (error, records) => {
        const cause = asStoreError(error);
        this.#commitFailed(cause, records);
        return cause;
      },
    });
  }

  #schedulerOn(timer: SharedTimer): Scheduler {
    return new Scheduler(
      {
        ...this.#shared(),
        intake: this.intake,
        index: this.scheduleIndex,
        timer,
        wallMs: wallClockOf(this.options),
        quarantine: (key, error) => this.quarantine({ kind: "schedule", key }, error),
      },
      this.store.head().atMs,
    );
  }

  /** Takes the state from the disk. After a failed commit the live actors are ahead of it, and are thrown away. */
  #recover(): void {
    const { store, world, waker, journal, runner } = this;
    world.clear();
    waker.clear();
    journal.reset();
    this.#recovery.replay(world, (place, error) => this.quarantine(place, error));
    this.#effects.length = 0; // a replay only remembers
    waker.fill(store.deadlines("heartbeat"));
    for (const lane of world.heartbeats.keys()) runner.touched(lane);
    indexSchedules(this.scheduleIndex, store, (id, error) =>
      this.quarantine({ kind: "schedule", key: id }, error),
    );
    for (const id of world.schedules.live.keys()) this.scheduler.touched(id);
    this.scheduler.recover();
    this.courier.recover(openDeliveries(store, world));
  }

  #committed(records: readonly LogRecord[], effects: readonly Effect[]): void {
    for (const record of records) {
      for (const [name, count] of countsOf(record)) this.counts[name] = (this.counts[name] ?? 0) + count;
      // If it fails, it is tried again at the next start.
      if (record.type === "session.forgotten") this.#orFail(() => eraseSession(this.store, record));
      for (const listener of this.#listeners.keys()) tell(() => listener(record));
    }
    for (const effect of effects) {
      if (effect.type === "run.begin") this.runner.begin(effect);
      else this.courier.begin(effect);
    }
  }

  #commitFailed(cause: LubdubError, records: readonly LogRecord[]): void {
    this.runner.reset();
    this.courier.reset();
    if (cause.code !== "LUBDUB_STORE_FULL") return this.#storeFailed(cause);
    this.#diskFull = true;
    this.#orFail(() => this.#recover());
    if (this.#failure !== null) return;
    this.runner.resettle(records);
    this.courier.resettle(records);
    this.#endPause();
    this.#endPause = this.clock.setTimer(FULL_PAUSE_MS, () => {
      this.#diskFull = false;
      this.journal.flush();
    });
  }

  #storeFailed(cause: LubdubError): void {
    this.#failure = cause;
    this.#state = "store-failed";
    this.runner.stop();
    this.scheduler.stop();
    this.courier.stop();
    for (const worker of [this.runner, this.courier]) worker.abort("the store has failed");
    this.#tellClosed(cause);
  }

  #orFail(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#storeFailed(asStoreError(error));
    }
  }

  /** What could not be read may be readable by now. */
  #lookAgain(): void {
    this.journal.flush();
    if (this.#failure !== null || this.#state === "closed") return;
    const places = this.#quarantine.release();
    if (!this.#recovery.isWhole) this.#orFail(() => this.#recover());
    for (const { kind, key } of places) {
      if (kind === "heartbeat") this.runner.touched(key);
      else if (kind === "schedule") this.scheduler.lookAgain(key);
      else this.courier.touched(key);
    }
    this.journal.flush();
  }

  #tellClosed(error: LubdubError): void {
    for (const onClosed of this.#listeners.values()) tell(() => onClosed(error));
    this.#listeners.clear();
  }

  /** Lets runs end, then aborts them; an aborted run counts as busy, so its events stay queued under its key. */
  async #drain(graceMs: number): Promise<void> {
    const workers = [this.runner, this.courier];
    const abort = (): void => workers.forEach((worker) => worker.abort("Lubdub is stopping"));
    const cancel = this.clock.setTimer(graceMs, abort);
    await Promise.all(workers.map((worker) => worker.drained()));
    cancel();
  }
}
