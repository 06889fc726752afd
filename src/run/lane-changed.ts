import type { Offer, SessionContext, Wake } from "../../machines/index.ts";
import type { Clock } from "./clock.ts";
import type { Journal } from "./journal.ts";
import { settleInterrupted, type Settling } from "./run-end.ts";

/**
 * `laneOf` answers otherwise than when a wake was written, because the configuration has changed. Lubdub does not wait for
 * anybody to notice: what stands in the old lane goes over to its session's lane of today, under the same key and wake id.
 */
const reason = "lane-changed";

interface HandingOver {
  readonly journal: Pick<Journal, "write" | "together">;
  readonly clock: Pick<Clock, "nowMs">;
}

/**
 * The failures of a batch that was handled meanwhile, or that a run of today holds and counts itself, say nothing of what came
 * after it.
 */
export function keepingItsFailures(wake: Wake, { queue, retry, offer }: SessionContext): Wake {
  const waits = retry?.wakeId === wake.wakeId && offer === null;
  return waits || queue.length === 0 ? wake : { ...wake, attempts: 0 };
}

/** A wake that waits in the old lane: dropped there, requested here, with what it has been through so far; both or neither. */
export function handOver(
  { journal, clock }: HandingOver,
  lane: string,
  wake: Wake,
  dueAtMs = clock.nowMs(),
): void {
  const { sessionKey, wakeId, requestedAtMs: _, waitsFor: __, hold: ___, ...kept } = wake;
  const facts = { ...kept, wakeId, dueAtMs };
  journal.together(() => {
    journal.write({ type: "wake.dropped", sessionKey, facts: { wakeId, reason, lane }, body: null });
    journal.write({ type: "wake.requested", sessionKey, facts, body: null });
  });
}

/**
 * A run that its session knows of, but no lane: its start was written under another lane than the session's of today, and a
 * crash came before a checkpoint. Its process is gone, so it is interrupted as any other, and its wake counts that.
 */
export function endOrphan(
  parts: Settling,
  lane: string,
  wake: Wake,
  { runId, wakeId, attempt }: Offer,
): void {
  const end = settleInterrupted(parts, lane, { runId, wake: { ...wake, wakeId, attempts: attempt - 1 } });
  const againAtMs = end.type === "run.failed" ? end.facts.dueAtMs : null;
  if (againAtMs === null) handOver(parts, lane, { ...wake, attempts: 0 });
  else handOver(parts, lane, { ...wake, attempts: attempt }, againAtMs);
}
