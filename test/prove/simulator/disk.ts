import { LubdubError } from "../../../src/errors.ts";
import { checkOwned, type Reach } from "../../../src/log/guards.ts";
import { memoryStore } from "../../../src/log/memory.ts";
import type { Store } from "../../../src/log/store.ts";

/** Whoever has the data folder open. */
export interface Owner {
  /** A process that is stopped lives on, and keeps its lock; one that died has lost it. */
  readonly alive: boolean;
}

/**
 * The data folder: it outlives its processes, and one of them owns it. As `src/log/sqlite/owner.ts` has it: the system takes
 * the lock back when its owner dies, and not a moment earlier. Should a lock be lost all the same (a network drive that is taken
 * away from a sleeping machine), only the ends of the log still keep two writers apart.
 */
export class Disk {
  readonly store: Store = memoryStore();
  #owner: Owner | null = null;
  /** Batches that one wrote who had lost its lock. */
  wroteStale = 0;
  /** Batches that came after a commit that failed: what their process has in memory is not what the disk has. */
  triedAfterFailure = 0;

  /** What one process has open of it. */
  open(): Store {
    const { store } = this;
    const reach = (): Reach => ({ base: store.base(), head: store.head().position });
    let left = reach();
    const write = <T>(work: () => T): T => {
      checkOwned(left, reach(), store.location);
      const result = work();
      left = reach();
      return result;
    };
    return {
      ...store,
      append: (batch) => write(() => store.append(batch)),
      erase: (erasure) => write(() => store.erase(erasure)),
      compact: (upTo, nowMs) => write(() => store.compact(upTo, nowMs)),
    };
  }

  /** @throws LubdubError `LUBDUB_DATA_FOLDER_OWNED` */
  take(owner: Owner): void {
    if (this.#owner?.alive === true) {
      throw new LubdubError("LUBDUB_DATA_FOLDER_OWNED", {
        expected: "the disk to have no owner",
        got: "a process that lives",
      });
    }
    this.#owner = owner;
  }

  giveUp(owner: Owner): void {
    if (this.#owner === owner) this.#owner = null;
  }

  /** The lock is gone although its owner lives. */
  loseLock(): void {
    this.#owner = null;
  }

  owns(owner: Owner): boolean {
    return this.#owner === owner;
  }
}
