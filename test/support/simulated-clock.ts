import type { Clock } from "../../src/run/clock.ts";

/**
 * A clock that only moves when it is told to: a heap of timers, each called at its own deadline (XState's SimulatedClock
 * tells the wrong time inside callbacks), a queue of turns, and seeded randomness. The same seed gives the same run.
 */
export interface SimulatedClock extends Clock {
  /** Lets everything happen that needs no time: turns and promises. */
  settle(): Promise<void>;
  /** Moves on by this much, timer by timer. */
  advance(byMs: number): Promise<void>;
  /** Moves to the next timer. @returns false when there is none */
  next(): Promise<boolean>;
  /** The wall clock jumps; timers keep what is left of their delay, as real ones do. */
  jump(byMs: number): void;
  /** Time goes by and nothing is called meanwhile, as in a process that waits for its disk: all that is due is late. */
  stall(byMs: number): void;
  readonly timers: number;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export function simulatedClock({ seed = 1, startMs = 1_800_000_000_000 } = {}): SimulatedClock {
  const random = mulberry32(seed);
  let timers: Timer[] = [];
  let turns: (() => void)[] = [];
  let nowMs = startMs;
  let order = 0;

  const take = (untilMs: number): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (timer.atMs > untilMs) continue;
      if (
        first === undefined ||
        timer.atMs < first.atMs ||
        (timer.atMs === first.atMs && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    if (first !== undefined) timers = timers.filter((timer) => timer !== first);
    return first;
  };
  const settle = async (): Promise<void> => {
    do {
      for (const turn of turns.splice(0)) turn();
      await new Promise(setImmediate);
    } while (turns.length > 0);
  };
  const fire = async ({ atMs, callback }: Timer): Promise<void> => {
    nowMs = Math.max(nowMs, atMs);
    callback();
    await settle();
  };
  return {
    nowMs: () => nowMs,
    random,
    setTimer(delayMs, callback) {
      const mine = order++;
      timers.push({ atMs: nowMs + Math.max(0, delayMs), order: mine, callback });
      return () => void (timers = timers.filter((timer) => timer.order !== mine));
    },
    afterTurn: (callback) => void turns.push(callback),
    settle,
    async advance(byMs) {
      const endMs = nowMs + byMs;
      await settle();
      for (let timer = take(endMs); timer !== undefined; timer = take(endMs)) await fire(timer);
      nowMs = Math.max(nowMs, endMs);
      await settle();
    },
    async next() {
      await settle();
      const timer = take(Infinity);
      if (timer !== undefined) await fire(timer);
      return timer !== undefined;
    },
    jump(byMs) {
      const jumpMs = Math.trunc(byMs);
      nowMs += jumpMs;
      timers = timers.map((timer) => ({ ...timer, atMs: timer.atMs + jumpMs }));
    },
    stall(byMs) {
      nowMs += Math.trunc(byMs);
    },
    get timers() {
      return timers.length;
    },
  };
}

/** A small seeded generator of numbers in [0, 1). */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
