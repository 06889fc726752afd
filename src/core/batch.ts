import type { QueuedEvent, SessionContext, Wake } from "../../machines/index.ts";
import type { SystemEvent } from "../vocabulary.ts";

/**
 * The events that the next run of a session gets, oldest first. After a failure the same batch again, so that one wake
 * id goes on standing for the same events; otherwise the head of the queue.
 */
export function nextBatch(session: SessionContext, batchMax: number): readonly SystemEvent[] {
  const { queue, retry } = session;
  if (retry === null) return asEvents(queue.slice(0, batchMax));
  const wanted = new Set(retry.eventIds);
  return asEvents(queue.filter(({ eventId }) => wanted.has(eventId)));
}

/** The events that the session's current run holds. */
export function offeredEvents({ queue, offer }: SessionContext): readonly SystemEvent[] {
  if (offer === null) return [];
  const offered = new Set(offer.eventIds);
  return asEvents(queue.filter(({ eventId }) => offered.has(eventId)));
}

/** The wake id of a run: that of its oldest event, so that the receipt of the event names the run that handles it. */
export function wakeIdOf(session: SessionContext, batch: readonly SystemEvent[], wake: Wake): string {
  return session.retry?.wakeId ?? batch[0]?.wakeId ?? wake.wakeId;
}

/** A wake for events that are gone has nothing to do; a wake of its own account runs the agent all the same. */
export function hasNothingToDo(wake: Wake, batch: readonly SystemEvent[]): boolean {
  return batch.length === 0 && (wake.intent === "event" || wake.intent === "task");
}

/** The machine reads only ids; what it carries is what intake put in. */
export const asEvents = (queue: readonly QueuedEvent[]): readonly SystemEvent[] =>
  queue as readonly SystemEvent[];
