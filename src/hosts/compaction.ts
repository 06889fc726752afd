import type { Store } from "../log/store.ts";

/** Records dropped by one step of compaction, about. */
const COMPACTION_RECORDS = 40_000;

/**
 * Drops what is older than it must be kept: a step at a time, so that no turn of the event loop is long.
 * @param retainMs - how long handled records are kept
 */
export function compactSome(store: Store, retainMs: number): void {
  const upTo = store.checkpoint(store.base() + COMPACTION_RECORDS);
  if (upTo <= store.base()) return;
  // The log's own time: a wall clock that jumped ahead may be set back before anything is logged at its time.
  const nowMs = store.head().atMs;
  if ((store.recordAt(upTo)?.atMs ?? nowMs) >= nowMs - retainMs) return;
  store.compact(upTo, nowMs);
}
