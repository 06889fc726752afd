import { Alarms, type Alarm } from "./alarms.ts";
import type { TimerShare } from "./shared-timer.ts";

/**
 * What to look at next: deadlines in order, and a share of the one timer. An alarm is only a reason to look: what is due is
 * read off the actor's state, so a stale alarm does no harm and needs no cancelling.
 */
export interface Waker {
  set(alarm: Alarm): void;
  /** Takes in many at once, in O(n). */
  fill(alarms: Iterable<Alarm>): void;
  /** Removes and answers the earliest alarm that is due at `nowMs`. */
  take(nowMs: number): Alarm | undefined;
  readonly size: number;
  /** Arms the timer for the earliest alarm; call after a change. */
  arm(): void;
  disarm(): void;
  clear(): void;
}

/** A machine that sleeps stops its timers, not its wall clock: so the wall clock is read again at least this often. */
const LOOK_AGAIN_MS = 60_000;

/** @param nowMs - the clock that the deadlines are on */
export function createWaker(timer: TimerShare, nowMs: () => number): Waker {
  const alarms = new Alarms();
  const arm = (): void => {
    const { dueAtMs } = alarms;
    if (dueAtMs === undefined) timer.disarm();
    else timer.arm(dueAtMs, Math.min(dueAtMs - nowMs(), LOOK_AGAIN_MS));
  };
  return {
    set: (alarm) => alarms.add(alarm),
    fill: (many) => alarms.fill(many),
    take: (untilMs) => ((alarms.dueAtMs ?? Infinity) > untilMs ? undefined : alarms.take()),
    get size() {
      return alarms.size;
    },
    arm,
    disarm: () => timer.disarm(),
    clear() {
      alarms.clear();
      timer.disarm();
    },
  };
}
