import type {
  EventQueued,
  EventsDismissed,
  EventsDrained,
  EventsRequeued,
  WakeHeld,
  WakePostponed,
  WakeRequested,
} from "../core/records.ts";
import { events } from "../words/excerpt.ts";
import type { TimelineEntry } from "./entry.ts";
import type { Thread } from "./thread.ts";

/** An event came, or somebody asked for a run: the session waits from then on. */
export function requestEntry(thread: Thread, record: EventQueued | WakeRequested): TimelineEntry {
  const { position, atMs, sessionKey } = record;
  const { wakeId, source, intent, reason, dueAtMs } = record.facts;
  if (thread.run === null) thread.wait(record, "coalescing", dueAtMs);
  else thread.wait(record, "behind-run", null);
  const base = { position, atMs, sessionKey, wakeId };
  if (record.type === "wake.requested")
    return { ...base, kind: "wake", words: `asked for by ${source} (${intent}): ${reason}` };
  const { eventId } = record.facts;
  thread.queuedAtMs.set(eventId, atMs);
  const words = `from ${source}, ${eventId} (${intent}${reason === source ? "" : `: ${reason}`})`;
  return { ...base, kind: "event", words, text: record.body?.text ?? null, eventIds: [eventId] };
}

/** The wait goes on, now for another reason. */
export function putOffEntries(thread: Thread, record: WakePostponed | WakeHeld): TimelineEntry[] {
  const { position, atMs, sessionKey } = record;
  const { wakeId, reason, dueAtMs } = record.facts;
  const isHeld = record.type === "wake.held";
  const before = thread.endWait(record);
  thread.wait(record, isHeld ? record.facts.reason : "busy", dueAtMs);
  const words = isHeld ? `held back: ${reason}` : `put off, the agent is busy: ${reason}`;
  return [...before, { position, atMs, sessionKey, kind: "wake", words, wakeId }];
}

/** Somebody changed the queue by hand. */
export function editEntry(
  thread: Thread,
  record: EventsDrained | EventsDismissed | EventsRequeued,
): TimelineEntry {
  const { position, atMs, sessionKey } = record;
  const { eventIds } = record.facts;
  const did = {
    "events.drained": "taken out of the queue by a caller",
    "events.dismissed": "dismissed for good",
    "events.requeued": "put back into the queue",
  }[record.type];
  if (record.type === "events.requeued") {
    for (const id of eventIds) thread.queuedAtMs.set(id, atMs);
    thread.wait(record, "coalescing", record.facts.dueAtMs);
  } else {
    for (const id of eventIds) thread.queuedAtMs.delete(id);
  }
  return { position, atMs, sessionKey, kind: "event", words: `${events(eventIds.length)} ${did}`, eventIds };
}
