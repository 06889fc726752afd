import type { LogRecord } from "../../../core/records.ts";
import { recordWords } from "../../../words/record.ts";
import { call, query } from "../../shell/api.ts";

/** Which records are shown. */
export interface LogFilter {
  readonly sessionKey: string | undefined;
  /** A type, or the part of types up to the dot: `run.`. Empty: all. */
  readonly type: string;
  /** In the words of a record, its session key or its ids. Empty: all. */
  readonly text: string;
}

export function matches(record: LogRecord, { sessionKey, type, text }: LogFilter): boolean {
  if (sessionKey !== undefined && record.sessionKey !== sessionKey) return false;
  if (!record.type.startsWith(type)) return false;
  if (text === "") return true;
  const words = `${recordWords(record)} ${record.sessionKey} ${JSON.stringify(record.facts)}`;
  return words.toLowerCase().includes(text.toLowerCase());
}

const PAGE = 500;
/** After every position of a log. */
export const NEWEST = 999_999_999_999_999;

/** The last records before a position, newest first; empty when there are none. */
export async function recordsBefore(
  before: number,
  sessionKey: string | undefined,
  signal: AbortSignal,
): Promise<readonly LogRecord[]> {
  const path = `/v1/log${query({ before, limit: PAGE, sessionKey })}`;
  return (await call<{ readonly records: readonly LogRecord[] }>(path, { signal })).records.toReversed();
}
