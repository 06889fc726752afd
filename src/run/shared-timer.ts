import type { Clock } from "./clock.ts";

/** What one waker sees of the timer. */
export interface TimerShare {
  /** Rings for this deadline after `delayMs`, in place of what was asked for before. Once armed for it, it stays as it is. */
  arm(dueAtMs: number, delayMs: number): void;
  disarm(): void;
}

/** One timer for all wakers: armed for whichever wants to be woken first. An idle process has this timer and no other. */
export class SharedTimer {
  readonly #clock: Clock;
  readonly #ring: () => void;
  readonly #endMs: number[] = [];
  readonly #dueAtMs: number[] = [];
  #armedForMs = Infinity;
  #cancel: () => void = () => {};

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  share(): TimerShare {
    const index = this.#endMs.push(Infinity) - 1;
    this.#dueAtMs.push(Infinity);
    return {
      arm: (dueAtMs, delayMs) => {
        if (this.#dueAtMs[index] !== dueAtMs)
          this.#set(index, dueAtMs, this.#clock.nowMs() + Math.max(0, delayMs));
      },
      disarm: () => {
        if (this.#dueAtMs[index] !== Infinity) this.#set(index, Infinity, Infinity);
      },
    };
  }

  #set(index: number, dueAtMs: number, endMs: number): void {
    this.#dueAtMs[index] = dueAtMs;
    this.#endMs[index] = endMs;
    const earliestMs = Math.min(...this.#endMs);
    if (earliestMs === this.#armedForMs) return;
    this.#cancel();
    this.#cancel = () => {};
    this.#armedForMs = earliestMs;
    if (earliestMs === Infinity) return;
    this.#cancel = this.#clock.setTimer(earliestMs - this.#clock.nowMs(), () => {
      this.#endMs.fill(Infinity);
      this.#dueAtMs.fill(Infinity);
      this.#armedForMs = Infinity;
      this.#ring();
    });
  }
}
