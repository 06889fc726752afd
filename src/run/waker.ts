import { Alarms, type Alarm } from "./alarms.ts";
import type { Clock } from "./clock.ts";

/**
 * Which lane to look at next: deadlines in order and one timer for the earliest. An alarm is only a reason to look: what
 * is due is read off the lane's state, so a stale alarm does no harm and needs no cancelling.
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

export function createWaker(clock: Clock, onDue: () => void): Waker {
  const alarms = new Alarms();
  let armedForMs = Infinity;
  let cancel: (() => void) | null = null;

  const disarm = (): void => {
    cancel?.();
    cancel = null;
    armedForMs = Infinity;
  };
  const arm = (): void => {
    const { dueAtMs } = alarms;
    if (dueAtMs === undefined) return disarm();
    if (dueAtMs === armedForMs) return;
    disarm();
    armedForMs = dueAtMs;
    cancel = clock.setTimer(Math.min(armedForMs - clock.nowMs(), LOOK_AGAIN_MS), () => {
      disarm();
      onDue();
    });
  };
  return {
    set: (alarm) => alarms.add(alarm),
    fill: (many) => alarms.fill(many),
    take: (nowMs) => ((alarms.dueAtMs ?? Infinity) > nowMs ? undefined : alarms.take()),
    get size() {
      return alarms.size;
    },
    arm,
    disarm,
    clear() {
      alarms.clear();
      disarm();
    },
  };
}
