import type { Wake } from "../../machines/index.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Clock } from "./clock.ts";

/**
 * What the agent's runtime says of itself: whether it works, and when it is done. It may throw, repeat itself or say idle
 * and go on answering busy; none of that may stop a lane or make it spin.
 */
export class RuntimeSignals {
  readonly #options: Pick<ResolvedOptions, "isBusy" | "onIdle" | "busyBackoff">;
  readonly #clock: Pick<Clock, "nowMs" | "setTimer">;
  readonly #onIdle: (lane: string, sessionKey: string) => void;
  /** When the agent of a waiting session was last busy. */
  readonly #busyAtMs = new Map<string, number>();
  /** One listener for the idle signal of each session that waits for it. */
  readonly #stopListening = new Map<string, () => void>();
  /** Ends the pause of an idle signal that does not count yet. */
  readonly #cancelRest = new Map<string, () => void>();

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

  /** The first idle signal counts at once, later ones after a base pause: then it is passed on again. */
  countsNow(
    lane: string,
    { sessionKey, postponements }: Pick<Wake, "sessionKey" | "postponements">,
  ): boolean {
    this.#cancelRest.get(sessionKey)?.();
    this.#cancelRest.delete(sessionKey);
    const busyAtMs = this.#busyAtMs.get(sessionKey) ?? 0;
    const restMs = busyAtMs + this.#options.busyBackoff.baseMs - this.#clock.nowMs();
    if (postponements < 2 || restMs <= 0) return true;
    const cancel = this.#clock.setTimer(restMs, () => this.#onIdle(lane, sessionKey));
    this.#cancelRest.set(sessionKey, cancel);
    return false;
  }

  close(): void {
    for (const cancel of this.#cancelRest.values()) cancel();
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
