import type { ReadOptions } from "../api.ts";
import type { LogRecord } from "../core/records.ts";
import type { Host } from "./host.ts";
import { chainFrom, history } from "./receipts.ts";
import { checkRange } from "./views.ts";

/** A page of the log, oldest first. Going back in one session costs what the page holds, wherever it lies. */
export function readLog(host: Host, options: ReadOptions = {}): readonly LogRecord[] {
  const { after = 0, before, limit = 1_000, sessionKey } = options;
  checkRange("limit", limit, 1, 10_000);
  checkRange("after", after, 0, Number.MAX_SAFE_INTEGER);
  if (before !== undefined) {
    checkRange("before", before, 1, Number.MAX_SAFE_INTEGER);
    return lastBefore(host, before, { after, limit, sessionKey });
  }
  if (sessionKey === undefined) return [...host.store.read({ after, limit })];
  return [...history(host, sessionKey, after)].reverse().slice(0, limit);
}

interface Part {
  readonly after: number;
  readonly limit: number;
  readonly sessionKey: string | undefined;
}

function lastBefore(host: Host, before: number, { after, limit, sessionKey }: Part): readonly LogRecord[] {
  const { store, world } = host;
  if (sessionKey === undefined) {
    const end = Math.min(before, store.head().position + 1);
    const from = Math.max(after, end - 1 - limit);
    return from >= end - 1 ? [] : [...store.read({ after: from, upTo: end - 1 })];
  }
  const known = store.recordAt(before);
  const start = known?.sessionKey === sessionKey ? known.previous : world.peekSession(sessionKey).previous;
  const found: LogRecord[] = [];
  for (const record of chainFrom(host, start, after)) {
    if (record.position < before) found.push(record);
    if (found.length === limit) break;
  }
  return found.reverse();
}
