import { isDeliveryRecord, isScheduleRecord, type LogRecord } from "../../../src/core/records.ts";
import { isPause } from "./model-breakers.ts";
import { ModelDedupe } from "./model-dedupe.ts";
import { ModelLimits } from "./model-limits.ts";
import {
  askedOf,
  batchOf,
  charsOf,
  checkStart,
  drain,
  endedBefore,
  freeze,
  freshSession,
  goesBack,
  notInTheWay,
  ofSession,
  over,
  postpone,
  refused,
  request,
  revive,
  type ModelEvent,
  type ModelRun,
  type ModelSession,
  type RecordOf,
} from "./model-session.ts";
import { ModelDeliveries } from "./model-deliveries.ts";
import { ModelSchedules } from "./model-schedules.ts";
import { SLOW_MS_MAX, type Plan } from "./plan.ts";
import { ModelWakes } from "./model-wakes.ts";
import { must, same } from "./promise.ts";

/** The reference model. It is told what was committed, and says when that breaks a promise. */
export class Model {
  position = 0;
  atMs = 0;
  readonly sessions = new Map<string, ModelSession>();
  /** Those that have not ended, by run id. */
  readonly runs = new Map<string, ModelRun>();
  /** Every event in the log, by id. */
  readonly events = new Map<string, ModelEvent>();
  readonly idle = new Set<string>();
  /** Sessions that a record moved since the last look. */
  readonly touched = new Set<string>();
  /** Position of each session's newest record. */
  readonly positions = new Map<string, number>();
  /** Positions of `session.forgotten` that nobody has looked at. */
  readonly forgotten: number[] = [];
  /** Runs started so far. */
  started = 0;
  readonly schedules: ModelSchedules;
  readonly deliveries: ModelDeliveries;
  readonly dedupe: ModelDedupe;
  readonly limits: ModelLimits;
  #lanesHaveChanged = false;
  /** Between a decision and its record the store may have been slow to read: then pauses are not exact. */
  readonly #timed: boolean;
  readonly #laneOf: (key: string) => string;
  readonly #wakes = new ModelWakes();
  readonly #plan: Plan;
  readonly #count: (what: string) => void;

  /**
   * @param laneOf - the lane of today
   * @param count - what was reached: so that a generator that never gets there is seen
   */
  constructor(plan: Plan, laneOf: (key: string) => string, count: (what: string) => void) {
    this.#plan = plan;
    this.#laneOf = laneOf;
    this.#count = count;
    const { queueMax, dedupeWindowMs } = plan.options;
    this.dedupe = new ModelDedupe(dedupeWindowMs, count);
    this.limits = new ModelLimits(plan.options, plan.readFault === 0, count);
    this.#timed = plan.readFault === 0;
    if (!this.#timed) this.limits.blur();
    const exact = plan.clockJump === 0 && plan.rivals === null && this.#timed;
    this.schedules = new ModelSchedules(exact, queueMax, count);
    const slowMsMax = this.#timed ? 0 : SLOW_MS_MAX;
    const limits = plan.deliveries && { ...plan.deliveries, outboxMax: queueMax, slowMsMax };
    this.deliveries = new ModelDeliveries(limits, count);
  }

  session(key: string): ModelSession {
    const session = this.sessions.get(key) ?? freshSession();
    this.sessions.set(key, session);
    return session;
  }

  /** A new process begins, and its `laneOf` answers otherwise than before. @param checkpoint - what is older is in snapshots */
  lanesChanged(checkpoint: number): void {
    const first = !this.#lanesHaveChanged;
    this.#lanesHaveChanged = true;
    this.limits.blur();
    for (const run of this.runs.values()) this.runs.set(run.runId, { ...run, orphaned: true });
    for (const [key, session] of this.sessions)
      session.moved = { exact: first && (this.positions.get(key) ?? 0) <= checkpoint };
  }

  /** A commit is over. */
  committed(): void {
    if (this.#plan.options.limits?.quietHours === undefined) return;
    const busy = new Set([...this.runs.values()].map(({ lane }) => lane));
    for (const [key, session] of this.sessions)
      if (!busy.has(this.#laneOf(key))) this.limits.checkQuiet(key, session, this.atMs);
  }

  apply(record: LogRecord): void {
    must(record.position === this.position + 1, `S1 the log goes on without a gap after ${this.position}`);
    must(record.atMs >= this.atMs, "S17 log time never goes back");
    this.position = record.position;
    this.atMs = record.atMs;
    this.touched.add(record.sessionKey);
    this.positions.set(record.sessionKey, record.position);
    const session = this.session(record.sessionKey);
    must(
      session.handedOver === null || record.type === "wake.requested",
      "S1 a wake that is handed over is asked for at once",
    );
    this.schedules.apply(record, session);
    const ends = record.type === "run.ran" ? this.runs.get(record.facts.runId) : undefined;
    this.deliveries.apply(record, ends);
    if (isScheduleRecord(record) || isDeliveryRecord(record) || record.type === "route.noted") return;
    switch (record.type) {
      case "event.queued":
        return this.#queued(session, record);
      case "wake.requested":
        return this.#requested(session, record);
      case "run.started":
        return this.#started(session, record);
      case "run.ran":
      case "run.skipped":
      case "run.failed":
        return this.#ended(session, record);
      case "wake.postponed":
        this.#notAtOnce(record.facts.dueAtMs, record.atMs);
        return postpone(session, record.facts.dueAtMs);
      case "wake.held":
        return this.limits.held(session, record, askedOf(session, this.events));
      case "wake.dropped":
        return this.#dropped(session, record);
      case "events.drained":
        drain(session, record.facts.eventIds, ofSession(this.runs.values(), record.sessionKey));
        return this.#count("drained");
      case "events.requeued":
      case "events.dismissed":
        revive(session, record, this.events);
        return this.#count(record.type === "events.requeued" ? "requeued" : "dismissed");
      case "session.forgotten":
        return this.#forgotten(session, record);
    }
  }

  #queued(session: ModelSession, { facts, sessionKey, body, atMs }: RecordOf<"event.queued">): void {
    const { dedupeKey, eventId } = facts;
    session.queue.push(eventId);
    must(session.queue.length <= this.#plan.options.queueMax, "L8 a queue keeps its limit");
    if (dedupeKey !== undefined) this.dedupe.queued(sessionKey, dedupeKey, eventId, atMs);
    const asked = { intent: facts.intent, depth: facts.cause?.depth ?? 0 };
    this.limits.caused(facts.cause, atMs);
    this.events.set(eventId, { text: body?.text ?? "", chars: charsOf(body), asked });
    request(session, asked, facts.dueAtMs);
  }

  #requested(session: ModelSession, { facts, atMs }: RecordOf<"wake.requested">): void {
    const { handedOver, moved, failures } = session;
    if (handedOver !== null) {
      must(facts.wakeId === handedOver.wakeId, "S9 a wake that is handed over keeps its id");
      const { attempts = 0, postponements = 0 } = facts;
      if (moved?.exact === true && session.frozen?.wakeId === facts.wakeId)
        must(
          attempts === failures,
          `S16 a wake that is handed over keeps its failures: expected ${failures}, got ${attempts}`,
        );
      session.failures = Math.max(failures, attempts);
      session.postponements = Math.max(session.postponements, postponements);
      session.handedOver = null;
    }
    this.limits.caused(facts.cause, atMs);
    request(session, { intent: facts.intent, depth: facts.cause?.depth ?? 0 }, facts.dueAtMs);
  }

  #started(session: ModelSession, record: RecordOf<"run.started">): void {
    const { facts, sessionKey } = record;
    for (const run of this.runs.values()) {
      // It held nothing, and no lane of today knows of it: its wake is given again, its end is never logged.
      if (run.orphaned === true && run.ids.length === 0 && run.sessionKey === sessionKey)
        this.runs.delete(run.runId);
      else notInTheWay(run, { runId: facts.runId, sessionKey, lane: this.#laneOf(sessionKey) });
    }
    const { batchMax, maxAttempts } = this.#plan.options;
    const ids = session.frozen?.ids ?? batchOf(session.queue, this.events, batchMax);
    const early = facts.idle && session.waitsFor === "idle" && this.idle.has(sessionKey);
    checkStart(session, record, { ids, maxAttempts, exact: !this.#lanesHaveChanged }, early);
    this.#wakes.started(facts.wakeId, facts.eventIds);
    if (session.moved !== null) session.moved.exact = false;
    else if (early) this.#count("started by an idle signal");
    this.limits.started(record, askedOf(session, this.events), session.waitsFor);
    this.started++;
    const { runId, wakeId, attempt, eventIds } = facts;
    const lane = this.#laneOf(sessionKey);
    const { asked } = session;
    this.runs.set(runId, { runId, wakeId, sessionKey, lane, attempt, ids: eventIds, asked });
    session.failures = attempt - 1;
    session.notBeforeMs = session.asked = null;
    session.waitsFor = "window";
  }

  #ended(session: ModelSession, record: RecordOf<"run.ran" | "run.skipped" | "run.failed">): void {
    const { runId } = record.facts;
    const run = this.runs.get(runId);
    this.limits.ended(record);
    this.#wakes.ended(record);
    if (record.type === "run.failed" && record.facts.lane !== undefined)
      this.#count("runs ended in a lane of before");
    if (run === undefined && this.#lanesHaveChanged) {
      this.#count("runs ended twice by a lane of before");
      return endedBefore(session, record, this.#plan.options.maxAttempts);
    }
    must(run !== undefined, "S6 only a run that has not ended settles");
    this.runs.delete(runId);
    if (record.type !== "run.skipped" || record.facts.aborted === true)
      this.#wakes.shown(run.wakeId, run.ids);
    if (record.type === "run.ran") {
      must(same(record.facts.eventIds, run.ids), "S7 exactly the offered events are acknowledged");
      session.queue = session.queue.filter((id) => !record.facts.eventIds.includes(id));
    }
    if (run.forgotten === true) return this.#count("ends of a forgotten run");
    if (record.type === "run.ran") return this.#over(session, record.atMs);
    if (record.type === "run.failed") return this.#failed(session, record, run);
    const { dueAtMs } = record.facts;
    if (dueAtMs === null) {
      must(run.ids.length === 0, "S1 a skip never ends a wake that holds events");
      session.failures = session.postponements = 0;
      return;
    }
    goesBack(session, run);
    if (record.facts.aborted === true) freeze(session, run);
    if (session.moved === null) this.#notAtOnce(dueAtMs, record.atMs);
    postpone(session, dueAtMs);
  }

  #failed(session: ModelSession, { facts, atMs }: RecordOf<"run.failed">, run: ModelRun): void {
    if (facts.code === "LUBDUB_RUN_INTERRUPTED") this.#count("interrupted runs");
    const ids = run.ids.filter((id) => session.queue.includes(id));
    if (facts.class !== undefined && facts.dueAtMs !== null) return refused(session, run, facts.dueAtMs);
    session.failures = run.attempt;
    session.postponements = 0;
    if (facts.dueAtMs === null) {
      session.queue = session.queue.filter((id) => !ids.includes(id));
      session.dead.push(...ids);
      if (ids.length > 0) this.#count("given up");
      this.#over(session, atMs);
      // What is left goes on in the lane that it ran in, until that hands it over; the lane of today may have had it before that one.
      if (facts.lane !== undefined) session.moved = { exact: false };
      return;
    }
    const pauseMs = facts.dueAtMs - atMs;
    const fits = isPause(pauseMs, session.failures, this.#plan.options.failedBackoff);
    must(fits || !this.#timed, `L4 the pause after failure ${session.failures}: ${pauseMs} ms`);
    must(session.failures < this.#plan.options.maxAttempts, "S16 given up after its attempts");
    freeze(session, run);
    goesBack(session, run);
    session.notBeforeMs = facts.dueAtMs;
    session.waitsFor = "backoff";
  }

  #dropped(session: ModelSession, record: RecordOf<"wake.dropped">): void {
    const { facts } = record;
    if (facts.reason === "handled-meanwhile") return this.#wakes.letGo(record, session);
    if (facts.lane !== undefined) {
      session.handedOver = { wakeId: facts.wakeId };
      session.moved ??= { exact: false };
      return this.#count("wakes handed over");
    }
    must(session.queue.length === 0, "S1 a wake with queued events is never dropped");
    session.notBeforeMs = session.moved = session.asked = null;
    session.failures = session.postponements = 0;
  }

  #forgotten(session: ModelSession, { position, sessionKey }: RecordOf<"session.forgotten">): void {
    this.forgotten.push(position);
    for (const run of this.runs.values()) {
      if (run.sessionKey !== sessionKey) continue;
      this.runs.set(run.runId, { ...run, ids: [], forgotten: true });
      this.#count("forgotten during their run");
    }
    const { queue, dead, frozen, failures, postponements, notBeforeMs, asked } = freshSession();
    Object.assign(session, { queue, dead, frozen, failures, postponements, notBeforeMs, asked });
  }

  /** What is still queued is asked for as its oldest event was. */
  #over(session: ModelSession, atMs: number): void {
    over(session, atMs, this.events.get(session.queue[0] ?? "")?.asked ?? { intent: "event", depth: 0 });
  }

  #notAtOnce(dueAtMs: number, atMs: number): void {
    must(dueAtMs > atMs || !this.#timed, "L4 a busy agent is not asked again at once");
  }
}
