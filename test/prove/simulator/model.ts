import { isDeliveryRecord, isScheduleRecord, type LogRecord } from "../../../src/core/records.ts";
import { held, passes } from "./limits.ts";
import type { Plan } from "./plan.ts";
import { must, same } from "./promise.ts";

/** What one session must look like: lists and maps, written down from the promises; no XState, no SQL. */
interface ModelSession {
  queue: string[];
  dead: string[];
  /** The batch of a failed run and its wake id: the next run must offer the same. */
  frozen: { wakeId: string; ids: string[] } | null;
  failures: number;
  /** Busy answers since the wake began or last failed. */
  postponements: number;
  /** Null when nobody asked for a run. */
  notBeforeMs: number | null;
  waitsFor: string;
}

interface ModelRun {
  readonly runId: string;
  readonly wakeId: string;
  readonly sessionKey: string;
  readonly ids: readonly string[];
  readonly forgotten?: boolean;
}

/** The reference model. It is told what was committed, and says when that breaks a promise. */
export class Model {
  position = 0;
  atMs = 0;
  readonly sessions = new Map<string, ModelSession>();
  readonly runs = new Map<string, ModelRun>();
  /** Text of every event in the log, by id. */
  readonly texts = new Map<string, string>();
  /** Characters of text and data of every event in the log, by id. */
  readonly #chars = new Map<string, number>();
  readonly idle = new Set<string>();
  /** Sessions that a record moved since the last look. */
  readonly touched = new Set<string>();
  /** Position of each session's newest record. */
  readonly positions = new Map<string, number>();
  /** Positions of `session.forgotten` that nobody has looked at. */
  readonly forgotten: number[] = [];
  /** Runs started so far. */
  started = 0;
  /** By dedupe key: the newest event in the log that has it, whether or not its caller lived to hear of it. */
  readonly eventIdByDedupeKey = new Map<string, string>();
  /** By dedupe key: the end of its window. */
  readonly #dedupe = new Map<string, number>();
  readonly #laneOf: (key: string) => string;
  readonly #plan: Plan;

  constructor(plan: Plan, laneOf: (key: string) => string) {
    this.#plan = plan;
    this.#laneOf = laneOf;
  }

  session(key: string): ModelSession {
    let session = this.sessions.get(key);
    if (session === undefined) {
      session = {
        queue: [],
        dead: [],
        frozen: null,
        failures: 0,
        postponements: 0,
        notBeforeMs: null,
        waitsFor: "window",
      };
      this.sessions.set(key, session);
    }
    return session;
  }

  apply(record: LogRecord): void {
    must(record.position === this.position + 1, `S1 the log goes on without a gap after ${this.position}`);
    must(record.atMs >= this.atMs, "S17 log time never goes back");
    this.position = record.position;
    this.atMs = record.atMs;
    this.touched.add(record.sessionKey);
    this.positions.set(record.sessionKey, record.position);
    const session = this.session(record.sessionKey);
    if (isScheduleRecord(record) || isDeliveryRecord(record) || record.type === "route.noted") return;
    const run = this.runs.get(this.#laneOf(record.sessionKey));
    switch (record.type) {
      case "event.queued":
        session.queue.push(record.facts.eventId);
        this.#queuedOnce(record);
        this.texts.set(record.facts.eventId, record.body?.text ?? "");
        this.#chars.set(record.facts.eventId, charsOf(record.body));
        must(session.queue.length <= this.#plan.options.queueMax, "L8 a queue keeps its limit");
        return this.#request(session, record.facts.intent, record.facts.dueAtMs);
      case "wake.requested":
        return this.#request(session, record.facts.intent, record.facts.dueAtMs);
      case "run.started":
        return this.#started(session, record, run);
      case "run.ran":
        must(run?.runId === record.facts.runId, "S6 only the lane's current run settles");
        must(same(record.facts.eventIds, run?.ids ?? []), "S7 exactly the offered events are acknowledged");
        session.queue = session.queue.filter((id) => !record.facts.eventIds.includes(id));
        if (run?.forgotten === true) return void this.runs.delete(this.#laneOf(record.sessionKey));
        return this.#over(session, record.atMs);
      case "run.skipped":
        must(run?.runId === record.facts.runId, "S6 only the lane's current run settles");
        this.runs.delete(this.#laneOf(record.sessionKey));
        if (run?.forgotten === true) return;
        if (record.facts.dueAtMs !== null) {
          must(
            this.#late() || record.facts.dueAtMs > record.atMs,
            "L4 a busy agent is not asked again at once",
          );
          this.#wait(session, record.facts.dueAtMs, "idle");
        } else {
          must((run?.ids.length ?? 0) === 0, "S1 a skip never ends a wake that holds events");
          session.failures = session.postponements = 0;
        }
        return;
      case "run.failed":
        return this.#failed(session, record, run);
      case "wake.postponed":
        must(
          this.#late() || record.facts.dueAtMs > record.atMs,
          "L4 a busy agent is not asked again at once",
        );
        return this.#wait(session, record.facts.dueAtMs, "idle");
      case "wake.held":
        return held(session, record);
      case "wake.dropped":
        must(session.queue.length === 0, "S1 a wake with queued events is never dropped");
        session.notBeforeMs = null;
        session.failures = session.postponements = 0;
        return;
      case "events.drained":
        for (const id of record.facts.eventIds)
          must(session.queue.includes(id), "only queued events are drained");
        must(
          !(
            run?.sessionKey === record.sessionKey && run.ids.some((id) => record.facts.eventIds.includes(id))
          ),
          "S7 an offered event is not drained",
        );
        session.queue = session.queue.filter((id) => !record.facts.eventIds.includes(id));
        if (session.frozen !== null)
          session.frozen.ids = session.frozen.ids.filter((id) => session.queue.includes(id));
        if (session.frozen?.ids.length === 0) session.frozen = null;
        return;
      case "events.requeued":
        for (const id of record.facts.eventIds)
          must(session.dead.includes(id), "S16 only dead letters are requeued");
        session.dead = session.dead.filter((id) => !record.facts.eventIds.includes(id));
        session.queue.push(...record.facts.eventIds);
        return this.#request(session, "manual", record.facts.dueAtMs);
      case "events.dismissed":
        for (const id of record.facts.eventIds)
          must(session.dead.includes(id), "S16 only dead letters are dismissed");
        session.dead = session.dead.filter((id) => !record.facts.eventIds.includes(id));
        return;
      case "session.forgotten":
        this.forgotten.push(record.position);
        if (run?.sessionKey === record.sessionKey)
          this.runs.set(this.#laneOf(record.sessionKey), { ...run, ids: [], forgotten: true });
        Object.assign(session, {
          queue: [],
          dead: [],
          frozen: null,
          failures: 0,
          postponements: 0,
          notBeforeMs: null,
        });
        return;
    }
  }

  /** After a full disk the end of a run is written late, with the pause that was drawn when it ended. */
  #late(): boolean {
    return this.#plan.storeFault > 0;
  }

  #queuedOnce({ facts, atMs }: Extract<LogRecord, { type: "event.queued" }>): void {
    const { dedupeKey, eventId } = facts;
    if (dedupeKey === undefined) return;
    this.eventIdByDedupeKey.set(dedupeKey, eventId);
    must((this.#dedupe.get(dedupeKey) ?? 0) <= atMs, `S9 one event for one dedupe key: ${dedupeKey}`);
    this.#dedupe.set(dedupeKey, atMs + this.#plan.options.dedupeWindowMs);
  }

  /** As many of the oldest as fit, but one at least. */
  #batch(queue: readonly string[]): readonly string[] {
    const batch: string[] = [];
    let leftChars = 200_000;
    for (const id of queue.slice(0, this.#plan.options.batchMax)) {
      leftChars -= this.#chars.get(id) ?? 0;
      if (batch.length > 0 && leftChars < 0) break;
      batch.push(id);
    }
    return batch;
  }

  #started(
    session: ModelSession,
    { facts, sessionKey, atMs }: Extract<LogRecord, { type: "run.started" }>,
    run: ModelRun | undefined,
  ): void {
    must(run === undefined, `S5 one run at a time in a lane: ${run?.runId} and ${facts.runId}`);
    const expected = session.frozen?.ids ?? this.#batch(session.queue);
    must(
      same(facts.eventIds, expected),
      `S10 offered in order: expected ${expected.join()}, got ${facts.eventIds.join()}`,
    );
    if (session.frozen !== null) must(facts.wakeId === session.frozen.wakeId, "S9 a retry keeps its wake id");
    must(
      facts.attempt === session.failures + 1,
      `S8 busy uses up no attempt: expected ${session.failures + 1}, got ${facts.attempt}`,
    );
    must(session.notBeforeMs !== null, "L2 a run was asked for");
    const early = facts.idle && session.waitsFor === "idle" && this.idle.has(sessionKey);
    must(
      early || atMs >= (session.notBeforeMs ?? 0),
      `L4 not before its time: ${session.notBeforeMs} at ${atMs}`,
    );
    this.started++;
    this.runs.set(this.#laneOf(sessionKey), {
      runId: facts.runId,
      wakeId: facts.wakeId,
      sessionKey,
      ids: facts.eventIds,
    });
    session.notBeforeMs = null;
    session.waitsFor = "window";
  }

  #failed(
    session: ModelSession,
    { facts, sessionKey, atMs }: Extract<LogRecord, { type: "run.failed" }>,
    run: ModelRun | undefined,
  ): void {
    must(run?.runId === facts.runId, "S6 only the lane's current run settles");
    if (run?.forgotten === true) return void this.runs.delete(this.#laneOf(sessionKey));
    session.failures++;
    session.postponements = 0;
    if (facts.dueAtMs === null) {
      const ids = (run?.ids ?? []).filter((id) => session.queue.includes(id));
      session.queue = session.queue.filter((id) => !ids.includes(id));
      session.dead.push(...ids);
      return this.#over(session, atMs);
    }
    const { baseMs, capMs } = this.#plan.options.failedBackoff;
    const pauseMs = facts.dueAtMs - atMs;
    const plainMs = Math.min(capMs, baseMs * 2 ** (session.failures - 1));
    must(
      this.#late() || (pauseMs >= Math.floor(plainMs / 2) && pauseMs <= plainMs * 1.5 + 1),
      `L4 the pause after failure ${session.failures}: ${pauseMs} ms`,
    );
    must(session.failures < this.#plan.options.maxAttempts, "S16 given up after its attempts");
    this.runs.delete(this.#laneOf(sessionKey));
    const ids = (run?.ids ?? []).filter((id) => session.queue.includes(id));
    if (ids.length > 0) session.frozen = { wakeId: run?.wakeId ?? "", ids };
    this.#wait(session, facts.dueAtMs, "backoff");
  }

  /** The wake is over; what is still queued must go on at once, unless somebody asked for it meanwhile. */
  #over(session: ModelSession, atMs: number): void {
    for (const [lane, { sessionKey }] of this.runs)
      if (this.sessions.get(sessionKey) === session) this.runs.delete(lane);
    session.frozen = null;
    session.failures = session.postponements = 0;
    if (session.queue.length > 0) session.notBeforeMs ??= atMs;
  }

  #wait(session: ModelSession, untilMs: number, waitsFor: "idle" | "backoff"): void {
    if (waitsFor === "idle") session.postponements++;
    session.notBeforeMs = untilMs;
    session.waitsFor = waitsFor;
  }

  #request(session: ModelSession, intent: string, dueAtMs: number): void {
    const breaks =
      session.notBeforeMs === null ||
      session.waitsFor === "window" ||
      intent === "manual" ||
      (intent === "immediate" && session.waitsFor === "idle") ||
      passes(intent, session.waitsFor);
    if (!breaks || dueAtMs >= (session.notBeforeMs ?? Infinity)) return;
    session.notBeforeMs = dueAtMs;
    session.waitsFor = "window";
  }
}

const charsOf = (body: { readonly text: string; readonly data?: unknown } | null): number =>
  body === null ? 0 : body.text.length + (body.data === undefined ? 0 : JSON.stringify(body.data).length);
