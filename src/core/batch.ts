import type { QueuedEvent, SessionContext, Wake } from "../../machines/index.ts";
import type { SystemEvent } from "../vocabulary.ts";
import { positionOf } from "./ids.ts";

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
  const [oldest] = batch;
  return session.retry?.wakeId ?? (oldest === undefined ? wake.wakeId : wakeIdOfBatch(oldest));
}

/**
 * The wake id of a batch that begins with this event. An agent that remembers wake ids takes one for one set of events (S9). So an
 * event that was accepted into the wake of an older one, and did not fit into its run, does not bring that id a second time.
 */
export function wakeIdOfBatch({ eventId, wakeId }: Pick<QueuedEvent, "eventId" | "wakeId">): string {
  return (positionOf(wakeId) ?? 0) < (positionOf(eventId) ?? 0) ? ownWakeId(eventId) : wakeId;
}

/** The wake id that an event lends to a batch, as its own name says. */
export const ownWakeId = (eventId: string): string => `w${eventId.slice(1)}`;

/** The wake id of what waits behind the current run and behind what is tried again; undefined when nothing does. */
export function nextWakeId({ queue, offer, retry }: SessionContext): string | undefined {
  const held = new Set(offer?.eventIds ?? retry?.eventIds);
  const next = queue.find(({ eventId }) => !held.has(eventId));
  return next && wakeIdOfBatch(next);
}

/** A wake for events that are gone has nothing to do; a wake of its own account runs the agent all the same. */
export function hasNothingToDo(wake: Wake, batch: readonly SystemEvent[]): boolean {
  return batch.length === 0 && (wake.intent === "event" || wake.intent === "task");
}

/** The machine reads only ids; what it carries is what intake put in. */
export const asEvents = (queue: readonly QueuedEvent[]): readonly SystemEvent[] =>
  queue as readonly SystemEvent[];
