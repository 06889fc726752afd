import type { ScheduleRecord } from "../core/records.ts";
import { scheduleRecordWords } from "../words/schedule.ts";
import type { TimelineEntry } from "./entry.ts";

export function scheduleEntry(record: ScheduleRecord): TimelineEntry {
  const { position, atMs, sessionKey } = record;
  const text =
    record.type === "schedule.set" && record.body !== null && record.body.text !== ""
      ? record.body.text
      : undefined;
  const words = scheduleRecordWords(record);
  return { position, atMs, sessionKey, kind: "schedule", words, ...(text !== undefined && { text }) };
}
