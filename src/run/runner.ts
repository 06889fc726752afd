import type { Run, Wake } from "../../machines/index.ts";
import { backoffMs } from "../core/backoff.ts";
import { hasNothingToDo, nextBatch, wakeIdOf } from "../core/batch.ts";
import { storedDeadlineOf } from "../core/deadline.ts";
import type { RunEffect } from "../core/effects.ts";
import type { LogRecord } from "../core/records.ts";
import type { HeartbeatEntry, World } from "../core/world.ts";
import { newId } from "../core/ids.ts";
import type { Store } from "../log/store.ts";
import type { Journal } from "./journal.ts";
import type { ResolvedOptions } from "../options.ts";
import type { RunHandler } from "../vocabulary.ts";
import { attempt, type Attempt, type AttemptOutcome } from "./attempt.ts";
import { requestOf } from "./run-request.ts";
import type { Clock } from "./clock.ts";
import { endOrphan, leaveOldLane } from "./lane-changed.ts";
import type { Attribution } from "./attribution.ts";
import type { Leases } from "./lease.ts";
import { RunLimits } from "./limits.ts";
import { QuietWatch } from "./quiet-watch.ts";
import { ALERTS_DISABLED, isUnseen } from "./reply.ts";
import { settleInterrupted, settleRun, type Ended, type Settling } from "./run-end.ts";
import { RuntimeSignals } from "./runtime-signals.ts";
import type { Waker } from "./waker.ts";

/**
 * Gives due wakes to the agent: one run per lane, bounded in all, lanes in the order of their deadlines. It decides only
 * *when* to look; what may happen is decided by the machines, and written down before it happens.
 */
export interface Runner {
  /** A record moved this lane: look at its deadline before the turn ends. */
  touched(lane: string): void;
  /** Starts what is due, as part of the turn's commit. */
  startDue(): void;
  /** Begins a run whose start is committed. */
  begin(effect: RunEffect): void;
  /** The lane became free, or the session's agent says that it is idle. */
  idle(lane: string, sessionKey?: string): void;
  /** Aborts the run of a lane, or of all lanes: it counts as busy. */
  abort(why: string, lane?: string): void;
  /** No new runs from now on. */
  stop(): void;
  readonly inFlight: number;
  readonly slotsFree: boolean;
  /** Resolves when no run is in flight. */
  drained(): Promise<void>;
  /** Forgets starts whose commit failed. */
  reset(): void;
  /** The ends of runs among these records were not committed: judges and writes them again with the next commit. */
  resettle(records: readonly LogRecord[]): void;
}

interface RunnerParts {
  readonly world: World;
  readonly journal: Pick<Journal, "write" | "together" | "recordAt" | "nextPosition" | "flush" | "committed">;
  readonly store: Pick<Store, "deadlines">;
  readonly waker: Waker;
  readonly leases: Leases;
  readonly attribution: Attribution;
  readonly clock: Clock;
  readonly options: ResolvedOptions;
  /** Told of a lane that cannot be read. */
  readonly quarantine: (lane: string, error: unknown) => void;
}

export class LaneRunner implements Runner {
  readonly #parts: RunnerParts;
  /** By lane; null between the decision to start and its commit. */
  readonly #runs = new Map<string, Attempt | null>();
  readonly #touched = new Set<string>();
  /** Sessions whose agent has just said that it is idle, by lane. */
  readonly #idleKeys = new Map<string, string>();
  readonly #signals: RuntimeSignals;
  readonly #limits: RunLimits;
  readonly #quiet: QuietWatch;
  readonly #settling: Settling;
  /** By the record of its end: what it takes to judge a run again should that not be committed. */
  readonly #ends = new WeakMap<LogRecord, Ended>();
  readonly #unsettled: Ended[] = [];
  /** Ends that could not be written because something that they move cannot be read, by lane. */
  readonly #unread = new Map<string, Ended>();
  readonly #onDrained: (() => void)[] = [];
  #stopped = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#limits = new RunLimits(parts);
    this.#quiet = new QuietWatch({ ...parts, limits: this.#limits });
    this.#settling = { ...parts, limits: this.#limits };
    this.#signals = new RuntimeSignals(parts, (lane, sessionKey) => this.idle(lane, sessionKey));
  }

  get inFlight(): number {
    return this.#runs.size;
  }

  get slotsFree(): boolean {
    return this.inFlight < this.#parts.options.concurrency;
  }

  touched(lane: string): void {
    this.#touched.add(lane);
  }

  startDue(): void {
    const { world, waker, clock } = this.#parts;
    for (const ended of this.#unsettled.splice(0)) this.#leaving(ended);
    if (!this.#stopped) this.#quiet.look();
    for (;;) {
      for (const lane of this.#touched) this.#safely(lane, () => this.#lookAt(lane));
      this.#touched.clear();
      if (this.#stopped || !this.slotsFree) break;
      const alarm = waker.take(clock.nowMs());
      if (alarm === undefined) break;
      const live = world.heartbeats.get(alarm.key);
      if (live !== undefined && live.alarmAtMs !== alarm.dueAtMs) continue;
      const isRead = this.#safely(alarm.key, () => {
        const entry = live ?? world.heartbeat(alarm.key);
        entry.alarmAtMs = null;
        this.#start(entry);
      });
      // What was taken back has touched it: it is looked at when it can be read, and not over and over in this turn.
      if (!isRead) this.#touched.delete(alarm.key);
    }
    // While nothing may start, a due alarm would only ring again and again: the end of a run looks here anyway.
    if (!this.#stopped && this.slotsFree) waker.arm();
    else waker.disarm();
  }

  begin({ lane, run }: RunEffect): void {
    if (this.#runs.get(lane) !== null) return;
    // If its session cannot be read, its start stands in the log all the same: it ends as interrupted.
    if (!this.#safely(lane, () => this.#begin(lane, run))) this.#gone(lane);
  }

  #begin(lane: string, run: Run): void {
    const { world, leases, clock, options, attribution } = this.#parts;
    const session = world.session(run.wake.sessionKey).actor.context;
    const request = requestOf(lane, run, session);
    const asked = isUnseen(request, session.outbox, options) ? () => ALERTS_DISABLED : options.run;
    const handler: RunHandler = (given) =>
      leases.inside(lane, () => attribution.during(given.runId, () => asked(given)));
    const running = attempt({ handler, request, clock, options });
    this.#runs.set(lane, running);
    void running.outcome.then((outcome) => this.#ended(lane, run, running, outcome));
  }

  idle(lane: string, sessionKey?: string): void {
    if (this.#stopped) return;
    if (sessionKey !== undefined) this.#idleKeys.set(lane, sessionKey);
    this.#touched.add(lane);
    void this.#parts.journal.committed().catch(() => {}); // a turn, to look at it
  }

  abort(why: string, lane?: string): void {
    for (const [of, running] of this.#runs) if (lane === undefined || lane === of) running?.abort(why);
  }

  stop(): void {
    this.#stopped = true;
    this.#unsettled.push(...this.#unread.values());
    this.#parts.waker.clear();
    this.#signals.close();
  }

  drained(): Promise<void> {
    if (this.#isDrained()) return Promise.resolve();
    return new Promise((resolve) => void this.#onDrained.push(resolve));
  }

  reset(): void {
    this.#quiet.reset();
    for (const [lane, running] of this.#runs) if (running === null) this.#gone(lane);
  }

  resettle(records: readonly LogRecord[]): void {
    for (const record of records) {
      const ended = this.#ends.get(record);
      if (ended === undefined) continue;
      this.#parts.leases.tryTake(ended.lane);
      this.#runs.set(ended.lane, null);
      this.#unsettled.push(ended);
    }
  }

  /** A lane that cannot be taken from the store is set aside: its neighbours go on. @returns whether it could be read */
  #safely(lane: string, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#parts.quarantine(lane, error);
      return false;
    }
  }

  /** The last work of a run: whatever comes of it, the run gives its slot and its lease back. */
  #leaving(ended: Ended): void {
    const { lane } = ended;
    if (!this.#safely(lane, () => this.#settle(ended))) this.#unread.set(lane, ended);
    this.#gone(lane);
  }

  /** Sets the alarm that the lane's state asks for, unless it is set already. */
  #lookAt(lane: string): void {
    const { world, waker } = this.#parts;
    const entry = world.heartbeat(lane);
    const idleKey = this.#idleKeys.get(lane);
    this.#idleKeys.delete(lane);
    const wake = idleKey === undefined ? undefined : entry.actor.context.pending.get(idleKey);
    if (wake?.waitsFor === "idle" && !this.#stopped && this.#signals.countsNow(lane, wake)) {
      this.#start(entry, wake.sessionKey);
    }
    // A lane that stands in `running` without a run of ours was left so by a process that is gone.
    const dueAtMs = this.#runs.has(lane) ? null : storedDeadlineOf(entry.actor);
    if (dueAtMs === null || dueAtMs === entry.alarmAtMs) return;
    entry.alarmAtMs = dueAtMs;
    waker.set({ key: lane, dueAtMs });
  }

  #start({ lane, actor }: HeartbeatEntry, idleKey?: string): void {
    const { world, journal, leases, clock, options } = this.#parts;
    if (this.#runs.has(lane)) return;
    if (actor.value === "running") return this.#settleLeft(lane, actor.context.run as Run);
    if (leases.isHeld(lane) || !this.slotsFree) return;
    const { pending } = actor.context;
    const wake = idleKey === undefined ? pending.next(clock.nowMs()) : pending.get(idleKey);
    if (wake === undefined) return void this.#touched.add(lane);
    const { sessionKey, wakeId } = wake;
    if (world.laneOf(sessionKey) !== lane) return leaveOldLane(this.#parts, lane, wake);
    const session = world.session(sessionKey).actor.context;
    if (session.offer !== null) return endOrphan(this.#settling, lane, wake, session.offer);
    const batch = nextBatch(session, options.batchMax);
    if (hasNothingToDo(wake, batch)) {
      this.#signals.wasNotBusy(sessionKey);
      const facts = { wakeId, reason: "no-pending-event" };
      return void journal.write({ type: "wake.dropped", sessionKey, facts, body: null });
    }
    const held = this.#limits.hold(wake, session);
    if (held !== null) return void journal.write(held);
    if (this.#signals.isBusy(sessionKey)) return this.#postpone(lane, wake);
    const facts = {
      wakeId: wakeIdOf(session, batch, wake),
      runId: newId("r", journal.nextPosition, clock),
      attempt: wake.attempts + 1,
      eventIds: batch.map(({ eventId }) => eventId),
      idle: idleKey !== undefined,
      ...this.#limits.startFacts(wake, session),
    };
    journal.write({ type: "run.started", sessionKey, facts, body: null });
    leases.tryTake(lane);
    this.#runs.set(lane, null);
  }

  #postpone(lane: string, { sessionKey, wakeId, postponements }: Wake): void {
    const { journal, clock, options } = this.#parts;
    const delayMs = backoffMs(postponements + 1, options.busyBackoff, clock.random());
    const facts = { wakeId, reason: "requests-in-flight", dueAtMs: clock.nowMs() + delayMs };
    journal.write({ type: "wake.postponed", sessionKey, facts, body: null });
    this.#signals.wasBusy(lane, sessionKey);
  }

  #ended(lane: string, run: Run, running: Attempt, outcome: AttemptOutcome): void {
    if (this.#runs.get(lane) !== running) return; // its start was lost with a failed commit
    const durationMs = Math.max(0, this.#parts.clock.nowMs() - run.startedAtMs);
    this.#leaving({ lane, run, outcome, durationMs });
    if (outcome.status === "skipped") this.#signals.wasBusy(lane, run.wake.sessionKey);
    else this.#signals.wasNotBusy(run.wake.sessionKey);
    this.idle(lane);
  }

  #settle(ended: Ended): void {
    const { run } = this.#parts.world.heartbeat(ended.lane).actor.context;
    if (run?.runId === ended.run.runId) this.#ends.set(settleRun(this.#settling, ended), ended);
  }

  /** A run that was left behind: by this process, which could not read something when it ended, or by one that is gone. */
  #settleLeft(lane: string, run: Run): void {
    const ended = this.#unread.get(lane);
    if (ended?.run.runId === run.runId) this.#settle(ended);
    else settleInterrupted(this.#settling, lane, run);
    this.#unread.delete(lane);
  }

  #gone(lane: string): void {
    this.#runs.delete(lane);
    this.#parts.leases.giveBack(lane);
    if (this.#onDrained.length > 0 && this.#isDrained()) {
      for (const resolve of this.#onDrained.splice(0)) resolve();
    }
  }

  /** An end that waits for room on the disk is no run that could be waited for. */
  #isDrained(): boolean {
    return [...this.#runs.values()].every((running) => running === null);
  }
}
