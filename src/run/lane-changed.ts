import type { Offer, SessionContext, Wake } from "../../machines/index.ts";
import { positionOf } from "../core/ids.ts";
import { isRunEnd, type RunEnd } from "../core/records.ts";
import type { World } from "../core/world.ts";
import type { Clock } from "./clock.ts";
import type { Journal } from "./journal.ts";
import { settleInterrupted, type Settling } from "./run-end.ts";

interface HandingOver {
  readonly world: World;
  readonly journal: Pick<Journal, "write" | "together" | "recordAt">;
  readonly clock: Pick<Clock, "nowMs">;
}

/**
 * `laneOf` answers otherwise than when a wake was written, because the configuration has changed. Lubdub does not wait for
 * anybody to notice: what stands in the old lane goes over to its session's lane of today, under the same key and wake id, unless
 * a run there has handled it.
 */
export function leaveOldLane(parts: HandingOver, lane: string, wake: Wake): void {
  const { sessionKey, wakeId } = wake;
  const { actor, previous } = parts.world.session(sessionKey);
  const { queue, offer } = actor.context;
  if (queue.length > 0 || offer !== null || !wasTakenAlong(parts, wakeId, previous))
    return handOver(parts, lane, keepingItsFailures(wake, actor.context));
  const facts = { wakeId, reason: "handled-meanwhile", lane };
  parts.journal.write({ type: "wake.dropped", sessionKey, facts, body: null });
}

/**
 * A run takes along whatever its session waits for. Where it was written after the newest snapshot of the old lane, it is folded
 * into the lane of today, and the old one still holds the wake.
 *
 * @param newest - position of the session's newest record
 */
function wasTakenAlong({ journal }: HandingOver, wakeId: string, newest: number): boolean {
  const madeAt = positionOf(wakeId) ?? Infinity;
  for (let at = newest; at > madeAt;) {
    const record = journal.recordAt(at);
    if (record === undefined) return false;
    if (isRunEnd(record) && isForGood(record) && (positionOf(record.facts.runId) ?? 0) > madeAt) return true;
    at = record.previous;
  }
  return false;
}

const isForGood = (end: RunEnd): boolean => end.type === "run.ran" || end.facts.dueAtMs === null;

/**
 * The failures of a batch that was handled meanwhile, or that a run of today holds and counts itself, say nothing of what came
 * after it.
 */
function keepingItsFailures(wake: Wake, { queue, retry, offer }: SessionContext): Wake {
  const waits = retry?.wakeId === wake.wakeId && offer === null;
  return waits || queue.length === 0 ? wake : { ...wake, attempts: 0 };
}

/** Dropped in the old lane, requested here, with what it has been through so far; both or neither. */
function handOver({ journal, clock }: HandingOver, lane: string, wake: Wake, dueAtMs = clock.nowMs()): void {
  const { sessionKey, wakeId, requestedAtMs: _, waitsFor: __, hold: ___, ...kept } = wake;
  const facts = { ...kept, wakeId, dueAtMs };
  const left = { wakeId, reason: "lane-changed", lane };
  journal.together(() => {
    journal.write({ type: "wake.dropped", sessionKey, facts: left, body: null });
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
