import { LubdubError } from "../../../src/errors.ts";
import type { Batch, Store } from "../../../src/log/store.ts";
import type { Clock } from "../../../src/run/clock.ts";

/** A process that can be killed: from then on nothing it armed fires and nothing it writes arrives. */
export interface SimulatedProcess {
  readonly clock: Clock;
  readonly store: Store;
  alive: boolean;
}

export interface Faults {
  /** Drawn at each commit. */
  next(): "none" | "full" | "failed" | "killed-before" | "killed-after";
}

export function startProcess(clock: Clock, disk: Store, faults: Faults): SimulatedProcess {
  const process: SimulatedProcess = {
    alive: true,
    clock: {
      nowMs: () => clock.nowMs(),
      random: () => clock.random(),
      afterTurn: (callback) => clock.afterTurn(() => process.alive && callback()),
      setTimer: (delayMs, callback) => clock.setTimer(delayMs, () => process.alive && callback()),
    },
    store: { ...disk, append: (batch) => append(batch), close: () => {}, [Symbol.dispose]: () => {} },
  };
  function append(batch: Batch): void {
    if (!process.alive) throw storeError("LUBDUB_STORE_FAILED");
    const fault = faults.next();
    switch (fault) {
      case "none":
        return disk.append(batch);
      case "full":
      case "failed":
        throw storeError(fault === "full" ? "LUBDUB_STORE_FULL" : "LUBDUB_STORE_FAILED");
      case "killed-before":
      case "killed-after":
        if (fault === "killed-after") disk.append(batch);
        process.alive = false;
        throw storeError("LUBDUB_STORE_FAILED");
    }
  }
  return process;
}

const storeError = (code: "LUBDUB_STORE_FULL" | "LUBDUB_STORE_FAILED"): LubdubError =>
  new LubdubError(code, { expected: "a store that works", got: "an injected fault" });
