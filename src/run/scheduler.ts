import { scheduleDeadlineOf } from "../core/deadline.ts";
import type { ScheduleEntry, World } from "../core/world.ts";
import { LubdubError } from "../errors.ts";
import type { EventDraft } from "../intake/parse.ts";
import type { Intake } from "../intake/accept.ts";
import { MISSED_MAX, nextAtAfterSetBack, tickOf, type Tick } from "../policy/cadence.ts";
import type { Schedule } from "../vocabulary.ts";
import type { Clock } from "./clock.ts";
import type { Journal } from "./journal.ts";
import type { ScheduleIndex } from "./schedule-index.ts";
import type { SharedTimer } from "./shared-timer.ts";
import { createWaker, type Waker } from "./waker.ts";

interface SchedulerParts {
  readonly world: World;
  readonly journal: Pick<Journal, "write" | "together">;
  readonly intake: Pick<Intake, "queue" | "request">;
  readonly index: ScheduleIndex;
  readonly timer: SharedTimer;
  /** The heartbeat's own clock, which never goes back: for what ticks every so often. */
  readonly clock: Clock;
  /** The wall clock as it is: for what ticks at a time of day. */
  readonly wallMs: () => number;
  /** Told of a schedule that cannot be read. */
  readonly quarantine: (key: string, error: unknown) => void;
}

/** So many schedules are looked at in one turn of the event loop; the rest follows in the next. */
const LOOKS_PER_TURN_MAX = 500;
/** A wall clock that goes back by less is a correction like any other. */
const SET_BACK_NOTICED_MS = 60_000;
/** Later than this, and a schedule that skips missed ticks skips. */
const LATE_MS = 60_000;

/**
 * Makes schedules tick. A tick writes its event or its wake and `schedule.fired` in one commit, both or none; whatever becomes of the run,
 * the next tick stands. It decides only *when*; what may happen is decided by the machine.
 */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #steady: Waker;
  readonly #wall: Waker;
  #seenWallMs: number;
  /** Schedules on the wall clock that must be looked at because it was set back. */
  #setBack: Iterator<string> | null = null;
  /** It was set back while this process ran. */
  #wasSetBack = false;
  #stopped = false;

  /** @param seenWallMs - the newest time that the log knows */
  constructor(parts: SchedulerParts, seenWallMs: number) {
    this.#parts = parts;
    this.#steady = createWaker(parts.timer.share(), () => parts.clock.nowMs());
    this.#wall = createWaker(parts.timer.share(), parts.wallMs);
    this.#seenWallMs = seenWallMs;
  }

  /** A record moved this schedule. */
  touched(scheduleId: string): void {
    const entry = this.#parts.world.schedules.get(scheduleId);
    const { spec } = entry.actor.context;
    if (entry.actor.value === "ended" || spec === null) return this.#parts.index.remove(scheduleId);
    const { sessionKey, cadence } = spec;
    const dueAtMs = scheduleDeadlineOf(entry.actor);
    const known = this.#parts.index.set(scheduleId, { sessionKey, kind: cadence.kind, alarmAtMs: dueAtMs });
    if (dueAtMs !== null && known !== dueAtMs) this.#wakerOf(cadence.kind).set({ key: scheduleId, dueAtMs });
  }

  /** It could not be read a while ago: its alarm is gone since, and a clock that was set back may have passed it by. */
  lookAgain(scheduleId: string): void {
    this.#safely(scheduleId, (entry) => {
      const { spec } = entry.actor.context;
      if (spec === null) return;
      this.touched(scheduleId); // at a start the index could not know it
      if (spec.cadence.kind !== "every") this.#move(entry);
      const dueAtMs = scheduleDeadlineOf(entry.actor);
      if (dueAtMs !== null) this.#wakerOf(spec.cadence.kind).set({ key: scheduleId, dueAtMs });
    });
  }

  /** Takes up what the index was filled with, at a start and after a failed commit. */
  recover(): void {
    this.#steady.clear();
    this.#wall.clear();
    const { index } = this.#parts;
    this.#steady.fill(index.alarms((kind) => kind === "every"));
    this.#wall.fill(index.alarms((kind) => kind !== "every"));
    // What was moved in the commit that failed is where it was.
    if (this.#wasSetBack) this.#setBack = index.onTheWall().values();
  }

  /** Ticks what is due, as part of the turn's commit. */
  startDue(): void {
    if (this.#stopped) return;
    this.#noticeSetBack();
    let looksLeft = LOOKS_PER_TURN_MAX;
    for (const waker of [this.#steady, this.#wall]) {
      const nowMs = this.#nowMs(waker);
      for (; looksLeft > 0; looksLeft--) {
        const alarm = waker.take(nowMs);
        if (alarm === undefined) break;
        this.#safely(alarm.key, (entry) => {
          if (scheduleDeadlineOf(entry.actor) === alarm.dueAtMs) this.#tick(entry, alarm.dueAtMs, nowMs);
        });
      }
      waker.arm();
    }
    for (; looksLeft > 0 && this.#setBack !== null; looksLeft--) this.#moveNext(this.#setBack);
  }

  /** A tick by hand, whatever its time: the cadence stays as it is. */
  runNow(entry: ScheduleEntry): void {
    const { spec, nextAtMs } = entry.actor.context;
    const asked = spec as unknown as Schedule;
    const tick = { tickAtMs: this.#parts.clock.nowMs(), missed: 0, nextAtMs };
    this.#fire(entry, { ...asked, intent: "manual", reason: `${asked.reason} (by hand)` }, tick);
  }

  /** The wall clock as it is. */
  wallMs(): number {
    return this.#parts.wallMs();
  }

  stop(): void {
    this.#stopped = true;
    this.#steady.clear();
    this.#wall.clear();
  }

  #wakerOf(kind: string): Waker {
    return kind === "every" ? this.#steady : this.#wall;
  }

  #nowMs(waker: Waker): number {
    return waker === this.#steady ? this.#parts.clock.nowMs() : this.#parts.wallMs();
  }

  #tick(entry: ScheduleEntry, dueAtMs: number, nowMs: number): void {
    const asked = entry.actor.context.spec as unknown as Schedule;
    this.#fire(entry, asked, tickOf(asked.cadence, dueAtMs, nowMs), nowMs);
  }

  #fire(entry: ScheduleEntry, asked: Schedule, tick: Tick, nowMs = tick.tickAtMs): void {
    const { journal } = this.#parts;
    const late = asked.onMissed === "skip" && nowMs - tick.tickAtMs > LATE_MS;
    journal.together(() => {
      const woken = late ? ({ skipped: "missed" } as const) : this.#wake(entry, asked, tick);
      const facts = { scheduleId: entry.key, ...tick, eventId: null, ...woken };
      journal.write({ type: "schedule.fired", sessionKey: asked.sessionKey, facts, body: null });
    });
  }

  /** Queues what the tick says, unless the last one still waits: then that run is enough for both. */
  #wake({ key, actor }: ScheduleEntry, asked: Schedule, { tickAtMs, missed }: Tick): Woken {
    const { world, intake } = this.#parts;
    const { sessionKey, source, intent, trust, text, route, overrides } = asked;
    const reason = reasonOf(asked.reason, missed);
    const wake = { sessionKey, source, intent, reason, ...(overrides && { overrides }) };
    if (text === "") {
      intake.request(wake);
      return {};
    }
    const { queue } = world.session(sessionKey).actor.context;
    const { lastEventId } = actor.context;
    if (queue.some(({ eventId }) => eventId === lastEventId)) return { skipped: "still-queued" };
    const tick = { scheduleId: key, tickAtMs, missed };
    const data = asked.data === undefined ? { tick } : { tick, data: asked.data };
    const draft: EventDraft = { ...wake, text, trust, data, contextKey: `cron:${key}` };
    try {
      return { eventId: intake.queue(route === undefined ? draft : { ...draft, route }, true).facts.eventId };
    } catch (error) {
      if (error instanceof LubdubError && FULL.has(error.code)) return { skipped: "queue-full" };
      throw error;
    }
  }

  /** Everything on the wall clock is looked up anew, a part in each turn. */
  #noticeSetBack(): void {
    const wallMs = this.#parts.wallMs();
    if (wallMs < this.#seenWallMs - SET_BACK_NOTICED_MS) {
      this.#wasSetBack = true;
      this.#setBack = this.#parts.index.onTheWall().values();
    }
    this.#seenWallMs = wallMs;
  }

  #moveNext(ids: Iterator<string>): void {
    const { value, done } = ids.next();
    if (done === true) return void (this.#setBack = null);
    this.#safely(value, (entry) => this.#move(entry));
  }

  #move({ key, actor }: ScheduleEntry): void {
    const { spec, lastTickAtMs } = actor.context;
    const nextAtMs = scheduleDeadlineOf(actor);
    if (spec === null || nextAtMs === null) return;
    const times = { lastTickAtMs, nextAtMs, nowMs: this.#parts.wallMs() };
    const moved = nextAtAfterSetBack(spec.cadence, times);
    if (moved === null || moved >= nextAtMs) return;
    const facts = { scheduleId: key, nextAtMs: moved, reason: "clock-set-back" };
    this.#parts.journal.write({ type: "schedule.moved", sessionKey: spec.sessionKey, facts, body: null });
  }

  #safely(scheduleId: string, work: (entry: ScheduleEntry) => void): void {
    try {
      work(this.#parts.world.schedules.get(scheduleId));
    } catch (error) {
      this.#parts.quarantine(scheduleId, error);
    }
  }
}

type Woken =
  | { readonly eventId: string }
  | { readonly skipped: "still-queued" | "queue-full" }
  | Record<never, never>;

const FULL: ReadonlySet<string> = new Set(["LUBDUB_QUEUE_FULL", "LUBDUB_DEAD_LETTERS_FULL"]);

function reasonOf(reason: string, missed: number): string {
  if (missed === 0) return reason;
  return `${reason} (${missed === MISSED_MAX ? `${MISSED_MAX} or more` : missed} before it were missed)`;
}
