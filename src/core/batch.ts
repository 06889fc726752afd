import type { QueuedEvent, SessionContext, Wake } from "../../machines/index.ts";
import type { SystemEvent } from "../vocabulary.ts";

/**
 * Characters of texts, and of data as JSON, that one run is given: an agent must be able to read them all. An event is
 * never divided, so one of any size is given alone; what does not fit follows in the next run.
 */
const BATCH_CHARS_MAX = 200_000;

/**
 * The events that the next run of a session gets, oldest first. After a failure the same batch again, so that one wake
 * id goes on standing for the same events; otherwise the head of the queue.
 */
export function nextBatch(session: SessionContext, batchMax: number): readonly SystemEvent[] {
  const { queue, retry } = session;
  if (retry === null) return headOf(asEvents(queue), batchMax);
  const wanted = new Set(retry.eventIds);
  return asEvents(queue.filter(({ eventId }) => wanted.has(eventId)));
}

function headOf(queue: readonly SystemEvent[], batchMax: number): readonly SystemEvent[] {
  const head = queue.slice(0, batchMax);
  let chars = 0;
  const full = head.findIndex((event) => (chars += charsOf(event)) > BATCH_CHARS_MAX);
  return full === -1 ? head : head.slice(0, Math.max(1, full));
}

const charsOf = ({ text, data }: SystemEvent): number =>
  text.length + (data === undefined ? 0 : JSON.stringify(data).length);

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
