import type { Run } from "../../machines/index.ts";
import { backoffMs } from "../core/backoff.ts";
import { hasNothingToDo, nextBatch, offeredEvents, wakeIdOf } from "../core/batch.ts";
import { storedDeadlineOf } from "../core/deadline.ts";
import type { RunEffect } from "../core/effects.ts";
import type { LogRecord } from "../core/records.ts";
import type { HeartbeatEntry, World } from "../core/world.ts";
import { settlement } from "../core/settle.ts";
import { newId } from "../core/ids.ts";
import type { Journal, RecordDraft } from "./journal.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Outcome } from "../vocabulary.ts";
import { attempt, type Attempt, type AttemptOutcome } from "./attempt.ts";
import type { Clock } from "./clock.ts";
import type { Leases } from "./lease.ts";
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
  /** The ends of runs among these records were not committed: writes them again with the next commit. */
  resettle(records: readonly LogRecord[]): void;
}

interface RunnerParts {
  readonly world: World;
  readonly journal: Pick<Journal, "write" | "nextPosition" | "flush" | "committed">;
  readonly waker: Waker;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly options: ResolvedOptions;
  /** Told of a lane that cannot be read. */
  readonly quarantine: (lane: string, error: unknown) => void;
}

export function createRunner({
  world,
  journal,
  waker,
  leases,
  clock,
  options,
  quarantine,
}: RunnerParts): Runner {
  /** By lane; null between the decision to start and its commit. */
  const runs = new Map<string, Attempt | null>();
  const touched = new Set<string>();
  const idleKeys = new Map<string, string>();
  const unsettled: RunEnd[] = [];
  let stopped = false;
  const onDrained: (() => void)[] = [];

  function startDue(): void {
    for (const { type, sessionKey, facts, body } of unsettled.splice(0)) {
      journal.write({ type, sessionKey, facts, body } as RecordDraft);
      gone(world.laneOf(sessionKey));
    }
    for (;;) {
      for (const lane of touched) safely(lane, () => lookAt(lane));
      touched.clear();
      if (stopped || runs.size >= options.concurrency) break;
      const alarm = waker.take(clock.nowMs());
      if (alarm === undefined) break;
      const live = world.heartbeats.get(alarm.lane);
      if (live !== undefined && live.alarmAtMs !== alarm.dueAtMs) continue;
      safely(alarm.lane, () => {
        const entry = live ?? world.heartbeat(alarm.lane);
        entry.alarmAtMs = null;
        start(entry);
      });
    }
    // While nothing may start, a due alarm would only ring again and again: the end of a run looks here anyway.
    if (!stopped && runs.size < options.concurrency) waker.arm();
    else waker.disarm();
  }

  /** A lane that cannot be taken from the store is set aside: its neighbours go on. */
  function safely(lane: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      quarantine(lane, error);
    }
  }

  /** Sets the alarm that the lane's state asks for, unless it is set already. */
  function lookAt(lane: string): void {
    const entry = world.heartbeat(lane);
    const idleKey = idleKeys.get(lane);
    idleKeys.delete(lane);
    const waits = idleKey !== undefined && entry.actor.context.pending.get(idleKey)?.waitsFor === "idle";
    if (waits && !stopped) start(entry, idleKey);
    // A lane that stands in `running` without a run of ours was left so by a process that is gone.
    const dueAtMs = runs.has(lane) ? null : storedDeadlineOf(entry.actor);
    if (dueAtMs === null || dueAtMs === entry.alarmAtMs) return;
    entry.alarmAtMs = dueAtMs;
    waker.set({ lane, dueAtMs });
  }

  function start(entry: HeartbeatEntry, idleKey?: string): void {
    const { lane, actor } = entry;
    if (runs.has(lane)) return;
    if (actor.value === "running") return interrupted(actor.context.run as Run);
    if (leases.isHeld(lane) || runs.size >= options.concurrency) return;
    const nowMs = clock.nowMs();
    const wake =
      idleKey === undefined ? actor.context.pending.next(nowMs) : actor.context.pending.get(idleKey);
    if (wake === undefined) return void touched.add(lane);
    const { sessionKey } = wake;
    const session = world.session(sessionKey).actor.context;
    const batch = nextBatch(session, options.batchMax);
    if (hasNothingToDo(wake, batch)) {
      const facts = { wakeId: wake.wakeId, reason: "no-pending-event" };
      return void journal.write({ type: "wake.dropped", sessionKey, facts, body: null });
    }
    if (options.isBusy?.(sessionKey) === true)
      return postpone(lane, sessionKey, wake.wakeId, wake.postponements);
    leases.tryTake(lane);
    runs.set(lane, null);
    journal.write({
      type: "run.started",
      sessionKey,
      facts: {
        wakeId: wakeIdOf(session, batch, wake),
        runId: newId("r", journal.nextPosition, clock),
        attempt: wake.attempts + 1,
        eventIds: batch.map(({ eventId }) => eventId),
        idle: idleKey !== undefined,
      },
      body: null,
    });
  }

  function postpone(lane: string, sessionKey: string, wakeId: string, postponements: number): void {
    const delayMs = backoffMs(postponements + 1, options.busyBackoff, clock.random());
    const facts = { wakeId, reason: "requests-in-flight", dueAtMs: clock.nowMs() + delayMs };
    journal.write({ type: "wake.postponed", sessionKey, facts, body: null });
    listenForIdle(lane, sessionKey);
  }

  function listenForIdle(lane: string, sessionKey: string): void {
    const stopListening = options.onIdle?.(sessionKey, () => {
      stopListening?.();
      idle(lane, sessionKey);
    });
  }

  /** The process that ran it is gone: whether the agent acted is unknown, so it counts as an attempt. */
  function interrupted({ wake, runId }: Run): void {
    const error = "The process ended while the run was going on.";
    const outcome = { status: "failed", reason: error, code: "LUBDUB_RUN_INTERRUPTED" } as const;
    settle({ wake, runId, startedAtMs: clock.nowMs() }, outcome);
  }

  function begin({ lane, run }: RunEffect): void {
    if (runs.get(lane) !== null) return;
    const { wake, runId } = run;
    const session = world.session(wake.sessionKey).actor.context;
    const request = {
      sessionKey: wake.sessionKey,
      lane,
      wakeId: wake.wakeId,
      runId,
      attempt: wake.attempts + 1,
      source: wake.source,
      intent: wake.intent,
      reason: wake.reason,
      events: offeredEvents(session),
    };
    const running = attempt({
      handler: (given) => leases.inside(lane, () => options.run(given)),
      request,
      clock,
      options,
    });
    runs.set(lane, running);
    void running.outcome.then((outcome) => ended(lane, run, running, outcome));
  }

  function ended(lane: string, run: Run, running: Attempt, outcome: AttemptOutcome): void {
    if (runs.get(lane) !== running) return; // its start was lost with a failed commit
    const { actor } = world.heartbeat(lane);
    if (actor.context.run?.runId === run.runId) settle(run, outcome);
    gone(lane);
    if (outcome.status === "skipped") listenForIdle(lane, run.wake.sessionKey);
    idle(lane);
  }

  function gone(lane: string): void {
    runs.delete(lane);
    leases.giveBack(lane);
    if (runs.size === 0) for (const resolve of onDrained.splice(0)) resolve();
  }

  function settle(
    { wake, runId, startedAtMs }: Omit<Run, "forgotten">,
    outcome: Outcome & { readonly code?: string },
  ): void {
    const { sessionKey, wakeId } = wake;
    const { offer } = world.session(sessionKey).actor.context;
    const eventIds = offer?.runId === runId ? offer.eventIds : [];
    const nowMs = clock.nowMs();
    const facts = { wake, events: eventIds.length, nowMs, random: clock.random(), policy: options };
    const end = settlement(outcome, facts);
    switch (end.type) {
      case "run.ran": {
        const body = end.reply === undefined ? null : { reply: end.reply };
        const ran = { wakeId, runId, eventIds, durationMs: Math.max(0, nowMs - startedAtMs) };
        return void journal.write({ type: "run.ran", sessionKey, facts: ran, body });
      }
      case "run.skipped": {
        const { reason, dueAtMs } = end;
        return void journal.write({
          type: "run.skipped",
          sessionKey,
          facts: { wakeId, runId, reason, dueAtMs },
          body: null,
        });
      }
      case "run.failed": {
        const { code, error, dueAtMs } = end;
        return void journal.write({
          type: "run.failed",
          sessionKey,
          facts: { wakeId, runId, code, dueAtMs },
          body: { error },
        });
      }
    }
  }

  function idle(lane: string, sessionKey?: string): void {
    if (stopped) return;
    if (sessionKey !== undefined) idleKeys.set(lane, sessionKey);
    touched.add(lane);
    void journal.committed().catch(() => {});
  }

  return {
    touched: (lane) => void touched.add(lane),
    startDue,
    begin,
    idle,
    abort(why, lane) {
      for (const [of, running] of runs) if (lane === undefined || lane === of) running?.abort(why);
    },
    stop() {
      stopped = true;
      waker.clear();
    },
    get inFlight() {
      return runs.size;
    },
    get slotsFree() {
      return runs.size < options.concurrency;
    },
    drained() {
      return runs.size === 0 ? Promise.resolve() : new Promise((resolve) => void onDrained.push(resolve));
    },
    reset() {
      for (const [lane, running] of runs) {
        if (running === null) gone(lane);
      }
    },
    resettle(records) {
      for (const record of records) {
        if (record.type !== "run.ran" && record.type !== "run.skipped" && record.type !== "run.failed")
          continue;
        const lane = world.laneOf(record.sessionKey);
        if (world.heartbeat(lane).actor.context.run?.runId !== record.facts.runId) continue;
        leases.tryTake(lane);
        runs.set(lane, null);
        unsettled.push(record);
      }
    },
  };
}

type RunEnd = Extract<LogRecord, { type: "run.ran" | "run.skipped" | "run.failed" }>;
