import type { Heartbeat } from "../api.ts";
import type { LogRecord } from "../core/records.ts";
import type { EventWriter } from "./sse.ts";
import { createBell, waitFor } from "./wait.ts";

/** Records read at once; the next page is read when this one was taken. */
const PAGE_RECORDS = 100;

export interface FollowOptions {
  /** Records after this position. */
  readonly after: number;
  readonly sessionKey?: string;
  readonly beatMs: number;
}

/**
 * Sends every record after `after`, then each new one, for as long as the client listens. It reads from the log always,
 * and lets the subscription only ring a bell: so there is no seam between old and new, nothing twice, nothing missing,
 * and no buffer that a slow client could fill. Records that were compacted away are said to be missing.
 */
export async function followLog(
  heartbeat: Heartbeat,
  writer: EventWriter,
  options: FollowOptions,
): Promise<void> {
  const { sessionKey, beatMs } = options;
  const bell = createBell();
  const unsubscribe = heartbeat.subscribe((record) => {
    if (sessionKey === undefined || record.sessionKey === sessionKey) bell.ring();
  });
  const filter = sessionKey === undefined ? {} : { sessionKey };
  let after = options.after;
  try {
    await writer.send({ event: "open", id: String(after), data: JSON.stringify({ position: after }) });
    while (!writer.signal.aborted) {
      bell.reset();
      const page = await heartbeat.read({ after, limit: PAGE_RECORDS, ...filter });
      for (const record of page) {
        if (writer.signal.aborted) return;
        if (sessionKey === undefined) await tellGap(writer, after, record);
        await writer.send({ id: String(record.position), data: JSON.stringify(record) });
        after = record.position;
      }
      if (page.length > 0) continue;
      if (!(await waitFor(bell.rung(), beatMs, writer.signal)) && !writer.signal.aborted) await writer.beat();
    }
  } finally {
    unsubscribe();
  }
}

async function tellGap(writer: EventWriter, after: number, next: LogRecord): Promise<void> {
  if (next.position === after + 1) return;
  const gap = { from: after + 1, to: next.position - 1 };
  await writer.send({ event: "gap", data: JSON.stringify(gap) });
}
