import type { LogRecord } from "../core/records.ts";
import type { SessionSummary } from "../index.ts";
import { recordWords } from "../words/record.ts";
import { clockTime } from "../words/time.ts";
import { oneLine } from "./plain.ts";

export function sessionLine({ sessionKey, state, queued, dead }: SessionSummary): string {
  if (state === "damaged") return `${oneLine(sessionKey, 512)}  damaged: see lubdub doctor`;
  const letters = dead === 0 ? "" : `, ${dead} given up`;
  return `${oneLine(sessionKey, 512)}  ${state}, ${queued} queued${letters}`;
}

export function recordLine(record: LogRecord): string {
  return `${clockTime(record.atMs)}  ${oneLine(record.sessionKey, 512)}  ${oneLine(recordWords(record), 400)}`;
}
