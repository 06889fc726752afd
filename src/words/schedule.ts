import type { ScheduleRecord } from "../core/records.ts";
import type { Cadence } from "../vocabulary.ts";
import { clockTime, duration } from "./time.ts";

/** `every 30 min 0 s`, `0 9 * * 1-5 (Europe/Berlin)`, `once at ...`. */
export function cadenceWords(cadence: Cadence): string {
  switch (cadence.kind) {
    case "every":
      return `every ${duration(cadence.everyMs)}`;
    case "cron":
      return `${cadence.cron} (${cadence.zone})`;
    case "at":
      return `once at ${clockTime(cadence.atMs)}`;
  }
}

export function scheduleRecordWords(record: ScheduleRecord): string {
  const name = record.facts.scheduleId;
  switch (record.type) {
    case "schedule.set":
      return `schedule ${name} set: ${cadenceWords(record.facts.cadence)}; ${nextWords(record.facts.nextAtMs)}`;
    case "schedule.fired": {
      const { missed, skipped, nextAtMs } = record.facts;
      const late = missed === 0 ? "" : `, ${missed} before it were missed`;
      const what = skipped === undefined ? "ticked" : `ticked and woke nobody (${skipped})`;
      return `schedule ${name} ${what}${late}; ${nextWords(nextAtMs)}`;
    }
    case "schedule.moved":
      return `schedule ${name} moved (${record.facts.reason}); ${nextWords(record.facts.nextAtMs)}`;
    case "schedule.paused":
      return `schedule ${name} paused`;
    case "schedule.resumed":
      return `schedule ${name} resumed; ${nextWords(record.facts.nextAtMs)}`;
    case "schedule.removed":
      return `schedule ${name} removed`;
  }
}

const nextWords = (nextAtMs: number | null): string =>
  nextAtMs === null ? "it is over" : `next ${clockTime(nextAtMs)}`;
