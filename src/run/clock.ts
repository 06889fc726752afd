/** Everything the host takes from outside that would make a replay differ. Tests and the simulator bring their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch, whole. */
  readonly nowMs: () => number;
  /** Calls back once, after at least `delayMs`. @returns cancels */
  readonly setTimer: (delayMs: number, callback: () => void) => () => void;
  /** Calls back once, when what has arrived in this turn of the event loop has been taken in. */
  readonly afterTurn: (callback: () => void) => void;
  /** In [0, 1). */
  readonly random: () => number;
}

/** The wall clock as it is, set back or forward: for what goes by a time of day. */
export const wallClockOf = ({ clock }: { readonly clock?: Clock | undefined }): Clock["nowMs"] =>
  clock?.nowMs ?? Date.now;

/** Node fires a timer of 2^31 ms or more at once, so a long wait is a chain of shorter ones. */
const TIMER_MS_MAX = 3_600_000;

/** The machine's clock. */
export function systemClock(): Clock {
  return {
    nowMs: Date.now,
    setTimer(delayMs, callback) {
      const endMs = performance.now() + delayMs;
      let timer: NodeJS.Timeout;
      const wait = (): void => {
        const leftMs = endMs - performance.now();
        timer =
          leftMs <= TIMER_MS_MAX ? setTimeout(callback, Math.max(0, leftMs)) : setTimeout(wait, TIMER_MS_MAX);
      };
      wait();
      return () => clearTimeout(timer);
    },
    afterTurn(callback) {
      setImmediate(callback);
    },
    random: Math.random,
  };
}

/**
 * A clock that goes on from `fromMs` and never goes back: it follows the wall clock forwards; when that is set back, it
 * goes on from where it was. So a pause keeps its length: nothing is delayed for a day, and nothing fires twice. The
 * log's time may then be ahead of the wall's; only differences count.
 */
export function steadyClock(clock: Clock, fromMs: number): Clock {
  let lastMs = fromMs;
  let aheadMs = 0;
  return {
    ...clock,
    nowMs() {
      const wallMs = clock.nowMs();
      if (wallMs + aheadMs < lastMs) aheadMs = lastMs - wallMs;
      lastMs = wallMs + aheadMs;
      return lastMs;
    },
  };
}
