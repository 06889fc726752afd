import type { Run, Wake } from "../../machines/index.ts";
import type { RecordDraft } from "./journal.ts";

/**
 * `laneOf` answers otherwise than when a wake was written, because the configuration has changed. Lubdub does not wait for
 * anybody to notice: what stands in the old lane goes over to its session's lane of today, under the same key and wake id.
 */
const reason = "lane-changed";

/** A run that a process which is gone left in the old lane: it ends there as postponed. */
export function endElsewhere(lane: string, { wake, runId }: Run, nowMs: number): RecordDraft {
  const { sessionKey, wakeId } = wake;
  return {
    type: "run.skipped",
    sessionKey,
    facts: { wakeId, runId, reason, dueAtMs: nowMs, lane },
    body: null,
  };
}

/** A wake that waits in the old lane: dropped there, requested here. */
export function handOver(lane: string, wake: Wake, nowMs: number): readonly RecordDraft[] {
  const { sessionKey, wakeId, source, intent } = wake;
  const facts = { wakeId, source, intent, reason: wake.reason, dueAtMs: nowMs };
  return [
    { type: "wake.dropped", sessionKey, facts: { wakeId, reason, lane }, body: null },
    { type: "wake.requested", sessionKey, facts, body: null },
  ];
}
