import type { Wake } from "../../machines/index.ts";
import type { RecordDraft } from "./journal.ts";

/**
 * `laneOf` answers otherwise than when a wake was written, because the configuration has changed. Lubdub does not wait for
 * anybody to notice: what stands in the old lane goes over to its session's lane of today, under the same key and wake id.
 */
const reason = "lane-changed";

/** A wake that waits in the old lane: dropped there, requested here, with what it has been through so far. */
export function handOver(lane: string, wake: Wake, nowMs: number): readonly RecordDraft[] {
  const { sessionKey, wakeId, requestedAtMs: _, waitsFor: __, hold: ___, ...kept } = wake;
  const facts = { ...kept, wakeId, dueAtMs: nowMs };
  return [
    { type: "wake.dropped", sessionKey, facts: { wakeId, reason, lane }, body: null },
    { type: "wake.requested", sessionKey, facts, body: null },
  ];
}
