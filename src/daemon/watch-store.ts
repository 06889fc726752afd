import { LubdubError } from "../errors.ts";
import type { Store } from "../log/store.ts";

/** The same store, which tells of a commit that failed for good. Whoever commits is told first. */
export function watchStore(store: Store, onFailed: (cause: LubdubError) => void): Store {
  return {
    ...store,
    append(batch) {
      try {
        store.append(batch);
      } catch (error) {
        // On a full disk nothing is lost and reading goes on: no reason to end.
        if (error instanceof LubdubError && error.code !== "LUBDUB_STORE_FULL")
          queueMicrotask(() => onFailed(error));
        throw error;
      }
    },
  };
}
