import { isDeepStrictEqual } from "node:util";
import { isScheduleRecord, type LogRecord, type ScheduleRecord } from "../../../src/core/records.ts";
import type { ModelSession } from "./model-session.ts";
import { must } from "./promise.ts";

/** What one schedule must look like. Its ticks are on a grid; a one-shot's grid has one point. */
export interface ModelSchedule {
  readonly sessionKey: string;
  readonly kind: "every" | "cron" | "at";
  /** Null for a one-shot. */
  readonly grid: Grid | null;
  /** As it was asked for; undefined for a one-shot. */
  readonly every?: { readonly everyMs: number } | { readonly cron: string };
  readonly nextMs: number;
  /** Null also after a run by hand: it takes the place of what was remembered. */
  readonly lastTickMs: number | null;
  /** Its newest tick at a moment of its cadence: a clock set back by up to a day does not tick before it again. */
  readonly newestTickMs: number | null;
  readonly lastEventId: string | null;
  readonly paused: boolean;
  readonly skips: boolean;
  readonly text: string;
}

interface Grid {
  readonly everyMs: number;
  readonly phaseMs: number;
}

type Fired = Extract<ScheduleRecord, { type: "schedule.fired" }>;
type Set = Extract<ScheduleRecord, { type: "schedule.set" }>;

/** The cron expressions of the simulator, and how far their ticks are apart: nothing is looked up in a calendar here. */
export const CRONS: Readonly<Record<string, number>> = {
  "*/2 * * * * *": 2_000,
  "*/15 * * * * *": 15_000,
  "* * * * *": 60_000,
};

/** A clock that was set back by more was wrong before: what has ticked then may tick again. */
const WRONG_BEFORE_MS = 26 * 3_600_000;
/** So many are counted; nobody needs to know of the rest. */
const MISSED_MAX = 1_000;
/** Later than this, and a schedule that skips missed ticks skips. */
const LATE_MS = 60_000;

/** The reference model of all schedules. Whatever becomes of their runs, no tick is lost and none comes twice. */
export class ModelSchedules {
  readonly byId = new Map<string, ModelSchedule>();
  readonly #exact: boolean;
  readonly #queueMax: number;
  readonly #count: (what: string) => void;
  #before: LogRecord | undefined;
  /** Which session each schedule was taken from last, by its id. */
  readonly #left = new Map<string, string>();

  /** @param exact - the clock never jumps, so that the log's time is the wall clock's */
  constructor(exact: boolean, queueMax: number, count: (what: string) => void) {
    this.#exact = exact;
    this.#queueMax = queueMax;
    this.#count = count;
  }

  /** Sessions that a schedule of another one has left. */
  sessionsLeft(): readonly string[] {
    const isElsewhere = ([id, key]: readonly [string, string]) =>
      (this.byId.get(id)?.sessionKey ?? key) !== key;
    return [...this.#left].filter(isElsewhere).map(([, key]) => key);
  }

  /** Every record of the log. @param session - the model's, of the record's session */
  apply(record: LogRecord, session: ModelSession): void {
    const before = this.#before;
    this.#before = record;
    if (record.type === "session.forgotten")
      return this.#forgotten(record.facts.schedules ?? [], record.sessionKey);
    if (!isScheduleRecord(record)) return;
    const { scheduleId } = record.facts;
    const known = this.byId.get(scheduleId);
    if (record.type === "schedule.set") return this.#set(record, known);
    must(known !== undefined, "S11 only a schedule that is there moves");
    must(known.sessionKey === record.sessionKey, "S4 a schedule keeps its session");
    switch (record.type) {
      case "schedule.fired":
        return this.#fired(record, known, session, before);
      case "schedule.moved":
        return this.#moved(scheduleId, known, record.facts.nextAtMs);
      case "schedule.paused":
        this.#count("schedules paused");
        return this.#change(scheduleId, known, { paused: true });
      case "schedule.resumed": {
        const { nextAtMs } = record.facts;
        if (nextAtMs === null) return this.#ended(scheduleId, known);
        if (this.#exact) must(nextAtMs === this.#first(known, record.atMs), "S17 resumed at its next moment");
        return this.#change(scheduleId, known, { paused: false, nextMs: nextAtMs });
      }
      case "schedule.removed":
        this.#left.set(scheduleId, known.sessionKey);
        return void this.byId.delete(scheduleId);
    }
  }

  #set({ sessionKey, facts, body, atMs }: Set, known: ModelSchedule | undefined): void {
    const { scheduleId, cadence, nextAtMs, onMissed } = facts;
    must(
      known === undefined || known.sessionKey === sessionKey,
      "S3 one that goes elsewhere is removed first",
    );
    must(nextAtMs !== null, "L1 a schedule that was set has a next moment");
    const grid = cadence.kind === "at" ? null : gridOf(cadence);
    const kept = known !== undefined && known.kind === cadence.kind && isDeepStrictEqual(known.grid, grid);
    const schedule: ModelSchedule = {
      sessionKey,
      kind: cadence.kind,
      grid,
      ...(cadence.kind === "every" && { every: { everyMs: cadence.everyMs } }),
      ...(cadence.kind === "cron" && { every: { cron: cadence.cron } }),
      nextMs: nextAtMs,
      lastTickMs: kept ? known.lastTickMs : null,
      newestTickMs: known !== undefined && isOn(grid, known.newestTickMs) ? known.newestTickMs : null,
      lastEventId: known?.lastEventId ?? null,
      paused: known?.paused ?? false,
      skips: onMissed === "skip",
      text: body?.text ?? "",
    };
    if (kept && grid !== null) {
      must(nextAtMs === known.nextMs, "S17 setting it again does not push it");
      this.#count("schedules set again");
    } else if (this.#exact && grid !== null)
      must(nextAtMs === this.#first(schedule, atMs), `S17 it begins at its next moment, not at ${nextAtMs}`);
    this.byId.set(scheduleId, schedule);
  }

  #fired(
    { facts, atMs }: Fired,
    known: ModelSchedule,
    session: ModelSession,
    before: LogRecord | undefined,
  ): void {
    const { scheduleId, tickAtMs, missed, nextAtMs, skipped, eventId } = facts;
    const { grid, nextMs, lastTickMs, paused } = known;
    const byHand = nextAtMs === nextMs;
    if (byHand) {
      must(missed === 0, "S17 by hand nothing was missed");
      this.#count("ticks by hand");
    } else {
      must(!paused, "S11 a schedule that is paused does not tick");
      must(
        lastTickMs === null || tickAtMs > lastTickMs,
        `S17 no tick comes twice: ${tickAtMs} after ${lastTickMs}`,
      );
      if (missed < MISSED_MAX) {
        const firstMs = tickAtMs - missed * (grid?.everyMs ?? 0);
        must(firstMs === nextMs, `S17 no tick is lost: the next was ${nextMs}, not ${firstMs}`);
        const following = grid === null ? null : tickAtMs + grid.everyMs;
        must(nextAtMs === following, `L1 a tick is followed by the next: ${nextAtMs}`);
      }
      if (this.#exact) must(tickAtMs <= atMs, "S17 not before its time");
      this.#count(grid === null ? "one-shots" : missed > 0 ? "ticks that make up for missed ones" : "ticks");
    }
    if (skipped === undefined) {
      const { lastEventId } = known;
      must(
        eventId === null || lastEventId === null || !session.queue.includes(lastEventId),
        "S9 a tick is not queued while the one before it waits",
      );
      checkWoken(facts, known, before);
    }
    if (skipped !== undefined) this.#skipped(skipped, known, session, atMs - tickAtMs);
    if (nextAtMs === null) return this.#ended(scheduleId, known);
    this.#change(scheduleId, known, {
      lastTickMs: byHand ? null : tickAtMs,
      newestTickMs: byHand ? known.newestTickMs : tickAtMs,
      nextMs: nextAtMs,
      lastEventId: eventId ?? known.lastEventId,
    });
  }

  #skipped(
    why: NonNullable<Fired["facts"]["skipped"]>,
    known: ModelSchedule,
    session: ModelSession,
    lateMs: number,
  ): void {
    const { queue, dead } = session;
    this.#count(`ticks skipped: ${why}`);
    if (why === "still-queued")
      must(
        known.lastEventId !== null && queue.includes(known.lastEventId),
        "S1 a tick is left out only for one that waits",
      );
    else if (why === "queue-full")
      must(queue.length + dead.length >= this.#queueMax, "S1 a tick is left out only where there is no room");
    else
      must(
        known.skips && (!this.#exact || lateMs > LATE_MS),
        "S1 a tick is left out for being late only if that was asked for",
      );
  }

  #moved(scheduleId: string, known: ModelSchedule, nextAtMs: number | null): void {
    must(known.kind !== "every", "S17 intervals go by the clock that never goes back");
    must(nextAtMs !== null && nextAtMs < known.nextMs, "S17 a clock that was set back makes it sooner");
    must(
      known.grid === null || (nextAtMs - known.grid.phaseMs) % known.grid.everyMs === 0,
      "S17 on its grid",
    );
    const again = known.lastTickMs !== null && nextAtMs <= known.lastTickMs;
    // What has ticked by a clock that was years ahead may tick again.
    must(
      !again || known.lastTickMs - nextAtMs > WRONG_BEFORE_MS - known.grid!.everyMs,
      "S17 what has ticked does not tick again",
    );
    this.#count("schedules moved by a clock set back");
    this.#change(scheduleId, known, { nextMs: nextAtMs, ...(again && { lastTickMs: null }) });
  }

  #forgotten(scheduleIds: readonly string[], sessionKey: string): void {
    for (const id of scheduleIds) {
      must(this.byId.get(id)?.sessionKey === sessionKey, "S3 only its own schedules are forgotten");
      this.byId.delete(id);
      this.#count("schedules forgotten");
    }
    for (const { sessionKey: other } of this.byId.values())
      must(other !== sessionKey, "S20 a session is forgotten with all its schedules");
  }

  #ended(scheduleId: string, { kind }: ModelSchedule): void {
    must(kind === "at", "L1 only a one-shot ends by itself");
    this.byId.delete(scheduleId);
  }

  #change(scheduleId: string, known: ModelSchedule, changes: Partial<ModelSchedule>): void {
    this.byId.set(scheduleId, { ...known, ...changes });
  }

  #first({ grid, nextMs }: ModelSchedule, afterMs: number): number {
    if (grid === null) return nextMs;
    const { everyMs, phaseMs } = grid;
    return phaseMs + (Math.floor((afterMs - phaseMs) / everyMs) + 1) * everyMs;
  }
}

/** The record before it, of the same commit, is what it wakes with. */
function checkWoken(
  { eventId, tickAtMs, missed, scheduleId }: Fired["facts"],
  known: ModelSchedule,
  before: LogRecord | undefined,
): void {
  must(before?.sessionKey === known.sessionKey, "S3 a tick wakes its own session");
  if (eventId === null) return must(before.type === "wake.requested" && known.text === "", "L1 a beat wakes");
  must(
    before.type === "event.queued" && before.facts.eventId === eventId,
    "S1 a tick that has an event queues it",
  );
  must(before.body?.text === known.text, "S15 a tick says what was asked for");
  must(
    isDeepStrictEqual(before.body?.data, { tick: { scheduleId, tickAtMs, missed } }),
    "S15 and which tick it is",
  );
}

/** A tick of another cadence counts where this one has a moment too. */
const isOn = (grid: Grid | null, tickMs: number | null): boolean =>
  grid !== null && tickMs !== null && (tickMs - grid.phaseMs) % grid.everyMs === 0;

function gridOf(cadence: Exclude<Set["facts"]["cadence"], { kind: "at" }>): Grid {
  if (cadence.kind === "cron") return { everyMs: CRONS[cadence.cron] as number, phaseMs: 0 };
  const { everyMs, phaseMs } = cadence;
  return { everyMs, phaseMs };
}
