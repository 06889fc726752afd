import { LubdubError } from "../../../src/errors.ts";
import type { Batch, Store } from "../../../src/log/store.ts";
import type { Clock } from "../../../src/run/clock.ts";
import type { Disk } from "./disk.ts";
import { must } from "./promise.ts";

/** A process that can be killed: from then on nothing it armed fires and nothing it writes arrives. */
export interface SimulatedProcess {
  readonly clock: Clock;
  readonly store: Store;
  /** The same without faults, for a look at what the log lets it do: what the process itself writes is counted. */
  readonly log: Pick<Store, "append">;
  alive: boolean;
  /** Stopped, as by SIGSTOP or a laptop's lid: what is due meanwhile happens late. */
  stop(): void;
  /** Goes on, with all that is late at once. */
  goOn(): void;
}

export interface Faults {
  /** Drawn at each commit. */
  next(): "none" | "full" | "failed" | "killed-before" | "killed-after";
  /** How long this commit takes, in milliseconds: the process stands still meanwhile, the clock does not. */
  slowMs(): number;
}

/** Node fires a longer timer at once. */
const TIMER_MS_MAX = 2_147_483_647;
/** More callbacks than this without a millisecond passing is a busy loop. */
const CALLBACKS_PER_MS_MAX = 2_000;

interface ProcessParts {
  readonly clock: Clock;
  readonly disk: Disk;
  /** What it opens, as it can be read. */
  readonly readable: (store: Store) => Store;
  readonly faults: Faults;
  /** The clock goes on while the process waits for its disk. */
  readonly stall: (byMs: number) => void;
  /** Something new is on the disk. @param wallMs - what the clock showed when the commit began */
  readonly committed: (wallMs: number) => void;
}

/** @throws LubdubError `LUBDUB_DATA_FOLDER_OWNED` */
export function startProcess({
  clock,
  disk,
  readable,
  faults,
  stall,
  committed,
}: ProcessParts): SimulatedProcess {
  const turn = loopGuard(clock);
  const opened = disk.open();
  let failed = false;
  let late: (() => void)[] | null = null;
  const call = (callback: () => void): void => {
    if (!process.alive) return;
    if (late === null) turn(callback);
    else late.push(callback);
  };
  const process: SimulatedProcess = {
    alive: true,
    stop: () => void (late ??= []),
    goOn() {
      const missed = late ?? [];
      late = null;
      for (const callback of missed) call(callback);
    },
    clock: {
      nowMs: () => clock.nowMs(),
      random: () => clock.random(),
      afterTurn: (callback) => clock.afterTurn(() => call(callback)),
      setTimer(delayMs, callback) {
        must(delayMs <= TIMER_MS_MAX, `L2 a timer of ${delayMs} ms would fire at once`);
        let cancelled = false;
        const cancel = clock.setTimer(delayMs, () => call(() => cancelled || callback()));
        return () => {
          cancelled = true;
          cancel();
        };
      },
    },
    log: opened,
    store: {
      ...readable(opened),
      append: (batch) => append(batch),
      close: () => disk.giveUp(process),
      [Symbol.dispose]: () => disk.giveUp(process),
    },
  };
  disk.take(process);

  function write(batch: Batch, wallMs: number): void {
    opened.append(batch);
    committed(wallMs);
  }
  /** Who has lost the lock without knowing has no other luck with its disk: the log itself must refuse it. */
  function appendStale(batch: Batch): void {
    opened.append(batch);
    disk.wroteStale++;
  }
  function append(batch: Batch): void {
    if (!process.alive) throw storeError("LUBDUB_STORE_FAILED");
    if (failed) disk.triedAfterFailure++;
    const wallMs = clock.nowMs();
    stall(faults.slowMs());
    if (!disk.owns(process)) return appendStale(batch);
    const fault = faults.next();
    switch (fault) {
      case "none":
        return write(batch, wallMs);
      case "full":
        throw storeError("LUBDUB_STORE_FULL");
      case "failed":
        failed = true;
        throw storeError("LUBDUB_STORE_FAILED");
      case "killed-before":
      case "killed-after":
        if (fault === "killed-after") write(batch, wallMs);
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
