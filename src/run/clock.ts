/** Everything the host takes from outside that would make a replay differ. Tests and the simulator bring their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch, whole. */
  nowMs(): number;
  /** Calls back once, after at least `delayMs`. @returns cancels */
  setTimer(delayMs: number, callback: () => void): () => void;
  /** Calls back once, when what has arrived in this turn of the event loop has been taken in. */
  afterTurn(callback: () => void): void;
  /** In [0, 1). */
  random(): number;
}

/** Node fires a timer of 2^31 ms or more at once, so a long wait is a chain of shorter ones. */
export const TIMER_MS_MAX = 3_600_000;

/**
 * The machine's clock, made monotone: it follows the wall clock forwards and never goes back inside a process, so a wall
 * clock that is set back delays nothing and fires nothing twice.
 */
export function systemClock(): Clock {
  let offsetMs = Date.now() - performance.now();
  return {
    nowMs() {
      const ahead = Date.now() - performance.now();
      if (ahead > offsetMs) offsetMs = ahead;
      return Math.floor(performance.now() + offsetMs);
    },
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
