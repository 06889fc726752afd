import type { LogRecord } from "../core/records.ts";
import { step } from "../core/step.ts";
import { createWorld } from "../core/world.ts";

/** Who takes part in a session's history, from left to right. */
export const PARTIES = ["outside", "session", "heartbeat", "agent", "destination"] as const;
export type Party = (typeof PARTIES)[number];

/** One record as a message between two parties. */
export interface Message {
  readonly position: number;
  readonly atMs: number;
  readonly from: Party;
  /** The same as `from` for what concerns one alone. */
  readonly to: Party;
  /** The state of the session's heartbeat after it. */
  readonly state: string;
  /** Events that are queued after it. */
  readonly queued: number;
  readonly words: string;
}

/** How to say what a record says: one line. */
export type Words = (record: LogRecord) => string;

/**
 * The history of one session as messages. All of its records that the log holds are folded, so that the states are right;
 * the last `max` are shown. Pure.
 * @param records - of this session, in order
 */
export function historyOf(
  sessionKey: string,
  records: Iterable<LogRecord>,
  { words, max }: { readonly words: Words; readonly max: number },
): readonly Message[] {
  // Alone in a lane: what its neighbours in a shared one do is no part of its history.
  const world = createWorld({ laneOf: () => sessionKey });
  const messages: Message[] = [];
  for (const record of records) {
    step(world, record);
    const { actor } = world.session(sessionKey);
    messages.push({
      position: record.position,
      atMs: record.atMs,
      ...wayOf(record),
      state: world.heartbeat(sessionKey).actor.value,
      queued: actor.context.queue.length,
      words: words(record),
    });
    if (messages.length > 2 * max) messages.splice(0, max);
  }
  return messages.slice(-max);
}

/** Who says it to whom. */
function wayOf({ type }: LogRecord): Pick<Message, "from" | "to"> {
  switch (type) {
    case "event.queued":
    case "events.requeued":
    case "events.dismissed":
    case "route.noted":
    case "session.forgotten":
      return { from: "outside", to: "session" };
    case "wake.requested":
    case "schedule.set":
    case "schedule.fired":
    case "schedule.moved":
    case "schedule.paused":
    case "schedule.resumed":
    case "schedule.removed":
      return { from: "outside", to: "heartbeat" };
    case "events.drained":
      return { from: "session", to: "outside" };
    case "run.started":
      return { from: "heartbeat", to: "agent" };
    case "run.ran":
      return { from: "agent", to: "session" };
    case "run.skipped":
    case "run.failed":
    case "wake.postponed":
      return { from: "agent", to: "heartbeat" };
    case "wake.held":
    case "wake.dropped":
      return { from: "heartbeat", to: "heartbeat" };
    case "delivery.queued":
    case "delivery.requeued":
    case "delivery.dismissed":
      return { from: "session", to: "session" };
    case "delivery.started":
      return { from: "session", to: "destination" };
    case "delivery.sent":
    case "delivery.failed":
    case "delivery.expired":
      return { from: "destination", to: "session" };
  }
}
