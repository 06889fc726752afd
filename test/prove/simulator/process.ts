import { LubdubError } from "../../../src/errors.ts";
import type { Batch, Store } from "../../../src/log/store.ts";
import type { Clock } from "../../../src/run/clock.ts";
import type { Disk } from "./disk.ts";
import { must } from "./promise.ts";

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

/** Node fires a longer timer at once. */
const TIMER_MS_MAX = 2_147_483_647;
/** More callbacks than this without a millisecond passing is a busy loop. */
const CALLBACKS_PER_MS_MAX = 2_000;

interface ProcessParts {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly faults: Faults;
  /** Something new is on the disk. */
  readonly committed: () => void;
}

/** @throws LubdubError `LUBDUB_DATA_FOLDER_OWNED` */
export function startProcess({ clock, disk, faults, committed }: ProcessParts): SimulatedProcess {
  const turn = loopGuard(clock);
  const process: SimulatedProcess = {
    alive: true,
    clock: {
      nowMs: () => clock.nowMs(),
      random: () => clock.random(),
      afterTurn: (callback) => clock.afterTurn(() => process.alive && turn(callback)),
      setTimer(delayMs, callback) {
        must(delayMs <= TIMER_MS_MAX, `L2 a timer of ${delayMs} ms would fire at once`);
        return clock.setTimer(delayMs, () => process.alive && turn(callback));
      },
    },
    store: {
      ...disk.store,
      append: (batch) => append(batch),
      close: () => disk.giveUp(process),
      [Symbol.dispose]: () => disk.giveUp(process),
    },
  };
  disk.take(process);

  function write(batch: Batch): void {
    disk.store.append(batch);
    committed();
  }
  function append(batch: Batch): void {
    if (!process.alive) throw storeError("LUBDUB_STORE_FAILED");
    const fault = faults.next();
    switch (fault) {
      case "none":
        return write(batch);
      case "full":
      case "failed":
        throw storeError(fault === "full" ? "LUBDUB_STORE_FULL" : "LUBDUB_STORE_FAILED");
      case "killed-before":
      case "killed-after":
        if (fault === "killed-after") write(batch);
        process.alive = false;
        throw storeError("LUBDUB_STORE_FAILED");
    }
  }
  return process;
}

function loopGuard(clock: Clock): (callback: () => void) => void {
  let atMs = 0;
  let callbacks = 0;
  return (callback) => {
    const nowMs = clock.nowMs();
    callbacks = nowMs === atMs ? callbacks + 1 : 1;
    atMs = nowMs;
    must(callbacks <= CALLBACKS_PER_MS_MAX, "L2 no busy loop");
    callback();
  };
}

const storeError = (code: "LUBDUB_STORE_FULL" | "LUBDUB_STORE_FAILED"): LubdubError =>
  new LubdubError(code, { expected: "a store that works", got: "an injected fault" });
