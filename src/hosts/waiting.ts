import { setTimeout as delay } from "node:timers/promises";
import type { WaitingPage, WaitingPageOptions } from "../api.ts";
import { LubdubError, shown } from "../errors.ts";
import type { Host } from "./host.ts";
import { checkRange } from "./views.ts";
import { WaitingSessions } from "./waiting-list.ts";
import { readPlace } from "./waiting-place.ts";

export interface WaitingList {
  page(options?: WaitingPageOptions): Promise<WaitingPage>;
}

const PATIENCE_MS_MAX = 60_000;

/**
 * The sessions that wait, in order of how long. While nobody asks there is no list: a heartbeat that nobody looks at pays nothing
 * for it. Once asked, it follows the log.
 */
export function createWaitingList(host: Host): WaitingList {
  let list: WaitingSessions | null = null;
  const ask = (): WaitingSessions => (list ??= new WaitingSessions(host, () => (list = null)));
  return {
    async page({ after, limit = 100, match = "", patienceMs } = {}) {
      host.guardRead();
      checkRange("limit", limit, 1, 1_000);
      if (patienceMs !== undefined) checkRange("patienceMs", patienceMs, 0, PATIENCE_MS_MAX);
      const from = after === undefined ? null : readPlace(after);
      if (from === undefined) throw noPlace(after);
      const found = ask();
      const isComplete = await within(patienceMs, found.catchUp());
      host.guardRead();
      const page = found.page(from, limit, match);
      return isComplete ? { ...page, lookedThrough: 1 } : page;
    },
  };
}

/** Waits for it, for so long at most. @returns whether it was done by then */
async function within(ms: number | undefined, work: Promise<void>): Promise<boolean> {
  const done = work.then(() => true);
  if (ms === undefined) return await done;
  const over = new AbortController();
  const patience = delay(ms, false, { signal: over.signal }).catch(() => false);
  return await Promise.race([done, patience]).finally(() => over.abort());
}

function noPlace(after: string | undefined): LubdubError {
  return new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: "`after` to be `next` of an earlier page",
    got: shown(after),
  });
}
