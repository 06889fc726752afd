import {
  isDeliveryRecord,
  isScheduleRecord,
  type DeliveryRecord,
  type LogRecord,
  type ScheduleRecord,
} from "../core/records.ts";
import { routeWords } from "../words/delivery.ts";
import { createDeliveryLane } from "./deliveries.ts";
import type { TimelineEntry } from "./entry.ts";
import { editEntry, putOffEntries, requestEntry } from "./queue.ts";
import { runEndEntries, runStartEntry } from "./runs.ts";
import { scheduleEntry } from "./schedules.ts";
import { Thread } from "./thread.ts";

export type { EntryKind, TimelineEntry } from "./entry.ts";

/** Tells the story of sessions from their records: beside what the records say, how long each wait, run and reply took. */
export interface Timeline {
  /** What the next record adds. Records come in the order of the log; it may begin anywhere. */
  add(record: LogRecord): readonly TimelineEntry[];
  /**
   * What still goes on after the last record.
   * @param nowMs - until when it is counted, where time has gone on since. @default the last record's time
   */
  open(nowMs?: number): readonly TimelineEntry[];
}

/** Keeps in memory what is still going on, and nothing else. */
export function createTimeline(): Timeline {
  const threads = new Map<string, Thread>();
  const deliveries = createDeliveryLane();
  let atMs = 0;

  return {
    add(record) {
      atMs = record.atMs;
      if (isDeliveryRecord(record)) return [deliveries.entryOf(record)];
      if (isScheduleRecord(record)) return [scheduleEntry(record)];
      const thread = threads.get(record.sessionKey) ?? new Thread(record.sessionKey);
      const entries = entriesOf(thread, record);
      if (record.type === "session.forgotten") deliveries.forget(record.facts.deliveries ?? []);
      if (thread.isOver) threads.delete(record.sessionKey);
      else threads.set(record.sessionKey, thread);
      return entries;
    },
    open(nowMs = atMs) {
      const untilMs = Math.max(nowMs, atMs);
      return [
        ...[...threads.values()].flatMap((thread) => thread.open(untilMs)),
        ...deliveries.open(untilMs),
      ];
    },
  };
}

type SessionRecord = Exclude<LogRecord, DeliveryRecord | ScheduleRecord>;

function entriesOf(thread: Thread, record: SessionRecord): readonly TimelineEntry[] {
  const { position, atMs, sessionKey } = record;
  const base = { position, atMs, sessionKey };
  switch (record.type) {
    case "event.queued":
    case "wake.requested":
      return [requestEntry(thread, record)];
    case "events.drained":
    case "events.dismissed":
    case "events.requeued":
      return [editEntry(thread, record)];
    case "run.started":
      return [...thread.endWait(record), runStartEntry(thread, record)];
    case "run.ran":
    case "run.skipped":
    case "run.failed":
      return runEndEntries(thread, record);
    case "wake.postponed":
    case "wake.held":
      return putOffEntries(thread, record);
    case "wake.dropped": {
      const { wakeId, reason } = record.facts;
      const words = `ended without a run: ${reason}`;
      return [...thread.endWait(record), { ...base, kind: "wake", words, wakeId }];
    }
    case "session.forgotten":
      thread.queuedAtMs.clear();
      thread.forgetWait();
      return [{ ...base, kind: "session", words: "forgotten: its queue is empty and its texts are erased" }];
    case "route.noted":
      return [{ ...base, kind: "session", words: `the user is at ${routeWords(record.facts.route)}` }];
  }
}
