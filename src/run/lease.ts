import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Who works in a lane. A lane is held by at most one of: a user's turn, a heartbeat's run. Turns go first: while one
 * waits, no run starts; turns among themselves are served in order.
 */
export interface Leases {
  isHeld(lane: string): boolean;
  heldByTurn(lane: string): boolean;
  /** For a run: takes the lane if it is free and no turn waits for it. */
  tryTake(lane: string): boolean;
  /** For a turn: waits for the lane. Resolves with the function that gives it back. */
  take(lane: string, signal?: AbortSignal): Promise<() => void>;
  /** A run gives its lane back. Nothing happens while a turn holds it. */
  giveBack(lane: string): void;
  /** Calls back once, when nobody holds or waits for the lane. @returns stops waiting */
  onIdle(lane: string, callback: () => void): () => void;
  /**
   * Runs `fn` as the holder of the lane, so that a nested `withTurn` on it does not wait for itself. What `fn` leaves behind
   * is inside no longer once the lane was given back; and a run is inside its own lane only, whoever's call has started it.
   */
  inside<T>(lane: string, fn: () => T): T;
  isInside(lane: string): boolean;
}

interface Held {
  by: "turn" | "run";
  /** Another one for each holder. */
  holder: object;
  readonly waiting: (() => void)[];
}

/** `onFree` is called whenever a lane becomes free. */
export function createLeases(onFree: (lane: string) => void): Leases {
  const held = new Map<string, Held>();
  const idleCallbacks = new Map<string, Set<() => void>>();

  const free = (lane: string): void => {
    const lease = held.get(lane);
    if (lease === undefined) return;
    const next = lease.waiting.shift();
    if (next !== undefined) {
      lease.by = "turn";
      lease.holder = {};
      next();
      return;
    }
    held.delete(lane);
    onFree(lane);
    const callbacks = idleCallbacks.get(lane);
    idleCallbacks.delete(lane);
    for (const callback of callbacks ?? []) harmlessly(callback);
  };
  return {
    isHeld: (lane) => held.has(lane),
    heldByTurn: (lane) => held.get(lane)?.by === "turn",
    tryTake(lane) {
      if (held.has(lane)) return false;
      held.set(lane, { by: "run", holder: {}, waiting: [] });
      return true;
    },
    take(lane, signal) {
      signal?.throwIfAborted();
      const lease = held.get(lane);
      if (lease === undefined) {
        held.set(lane, { by: "turn", holder: {}, waiting: [] });
        return Promise.resolve(once(() => free(lane)));
      }
      return new Promise((resolve, reject) => {
        const granted = (): void => {
          signal?.removeEventListener("abort", aborted);
          resolve(once(() => free(lane)));
        };
        const aborted = (): void => {
          lease.waiting.splice(lease.waiting.indexOf(granted), 1);
          reject(signal?.reason as Error);
        };
        signal?.addEventListener("abort", aborted, { once: true });
        lease.waiting.push(granted);
      });
    },
    giveBack(lane) {
      if (held.get(lane)?.by === "run") free(lane);
    },
    onIdle(lane, callback) {
      const callbacks = idleCallbacks.get(lane) ?? new Set();
      callbacks.add(callback);
      idleCallbacks.set(lane, callbacks);
      return () => {
        callbacks.delete(callback);
        if (callbacks.size === 0 && idleCallbacks.get(lane) === callbacks) idleCallbacks.delete(lane);
      };
    },
    ...insideOf(held),
  };
}

/** Who is inside is known by the holder, not by the lane: the next holder of the same lane is somebody else. */
function insideOf(held: ReadonlyMap<string, Held>): Pick<Leases, "inside" | "isInside"> {
  const holding = new AsyncLocalStorage<readonly object[]>();
  return {
    inside(lane, fn) {
      const lease = held.get(lane);
      if (lease === undefined) return fn();
      const outer = lease.by === "run" ? [] : (holding.getStore() ?? []);
      return holding.run([...outer, lease.holder], fn);
    },
    isInside(lane) {
      const lease = held.get(lane);
      return lease !== undefined && (holding.getStore()?.includes(lease.holder) ?? false);
    },
  };
}

/** Releasing twice is safe. */
function once(release: () => void): () => void {
  let released = false;
  return () => {
    if (released) return;
    released = true;
    release();
  };
}

/** What a caller's callback throws is the caller's own: it must not keep the lane from going on. */
function harmlessly(callback: () => void): void {
  try {
    callback();
  } catch {
    // Nobody to tell: the lane is free, and that is all that was promised.
  }
}
