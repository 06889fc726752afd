import type { ResolvedOptions } from "../options.ts";
import type { Clock } from "./clock.ts";

/**
 * What the agent's runtime says of itself: whether it works, and when it is done. It may throw, repeat itself or say idle
 * and go on answering busy; none of that may stop a lane or make it spin.
 */
export class RuntimeSignals {
  readonly #options: Pick<ResolvedOptions, "isBusy" | "onIdle" | "busyBackoff">;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #onIdle: (lane: string, sessionKey: string) => void;
  /** When the agent of a waiting session was last busy. */
  readonly #busyAtMs = new Map<string, number>();
  /** One listener for the idle signal of each session that waits for it. */
  readonly #stopListening = new Map<string, () => void>();

  constructor(
    { options, clock }: { options: ResolvedOptions; clock: Clock },
    onIdle: (lane: string, sessionKey: string) => void,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#onIdle = onIdle;
  }

  /** A runtime that cannot say is taken for busy: it is asked again. */
  isBusy(sessionKey: string): boolean {
    try {
      return this.#options.isBusy?.(sessionKey) === true;
    } catch {
      return true;
    }
  }

  /** The agent was busy: listens for the signal that it is idle. */
  wasBusy(lane: string, sessionKey: string): void {
    this.#busyAtMs.set(sessionKey, this.#clock.nowMs());
    const { onIdle } = this.#options;
    if (onIdle === undefined) return;
    this.#stop(sessionKey);
    const heard = (): void => {
      this.#stop(sessionKey);
      this.#onIdle(lane, sessionKey);
    };
    try {
      this.#stopListening.set(sessionKey, onIdle(sessionKey, heard));
    } catch {
      // Without the signal the timer wakes it.
    }
  }

  wasNotBusy(sessionKey: string): void {
    this.#busyAtMs.delete(sessionKey);
  }

  /** How long an idle signal must still wait, in milliseconds: the first counts at once, later ones after a base pause. */
  restMs(sessionKey: string, postponements: number): number {
    if (postponements < 2) return 0;
    return (this.#busyAtMs.get(sessionKey) ?? 0) + this.#options.busyBackoff.baseMs - this.#clock.nowMs();
  }

  close(): void {
    for (const sessionKey of this.#stopListening.keys()) this.#stop(sessionKey);
  }

  #stop(sessionKey: string): void {
    const stop = this.#stopListening.get(sessionKey);
    this.#stopListening.delete(sessionKey);
    try {
      stop?.();
    } catch {
      // It was asked to be quiet; more cannot be done.
    }
  }
}
