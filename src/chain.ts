import type { LogRecord } from "./core/records.ts";
import type { Receipt } from "./vocabulary.ts";

/** Everything that belongs to one event or wake, from what caused it to the last try to deliver its reply. */
export interface WakeChain {
  readonly receipt: Receipt;
  /**
   * Its records, oldest first: the request, the events of its runs, what held it back, its runs, and their replies on their way.
   * Looked for among the session's newest 10_000.
   */
  readonly records: readonly LogRecord[];
  /** The runs that caused each other and then it, nearest first; at most 30. Empty when it came from outside. */
  readonly causes: readonly CausingRun[];
}

/** A run during which something was asked for. */
export interface CausingRun {
  readonly runId: string;
  readonly wakeId: string;
  readonly sessionKey: string;
  /** Milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
}
