import { LubdubError } from "../../../src/errors.ts";
import { memoryStore } from "../../../src/log/memory.ts";
import type { Store } from "../../../src/log/store.ts";

/** Whoever has the data folder open. */
export interface Owner {
  /** One that died has lost its lock. */
  readonly alive: boolean;
}

/**
 * The data folder: it outlives its processes, and one of them owns it. As `src/log/sqlite/owner.ts` has it: the system takes
 * the lock back when its owner dies, and not a moment earlier.
 */
export class Disk {
  readonly store: Store = memoryStore();
  #owner: Owner | null = null;

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
}
