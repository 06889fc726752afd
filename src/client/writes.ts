import type { EventSourceMessage } from "eventsource-parser";
import type { Heartbeat } from "../api.ts";
import { withGiven } from "../given-options.ts";
import type { Accepted, AcceptedEvent, Outcome, Recorded, SystemEvent } from "../vocabulary.ts";
import { errorFrom, sessionPath, type Transport } from "./transport.ts";

type WriteCalls = Pick<
  Heartbeat,
  | "enqueueSystemEvent"
  | "wake"
  | "requestHeartbeat"
  | "requestHeartbeatNow"
  | "runHeartbeatOnce"
  | "drainSystemEvents"
  | "requeue"
  | "dismiss"
  | "forget"
>;

/** The calls that change something. */
export function createWriteCalls(transport: Transport): WriteCalls {
  const post = (path: string, body: unknown = {}): Promise<unknown> =>
    transport.call(path, { method: "POST", body });
  const accept = async (path: string, body?: unknown): Promise<Accepted> =>
    acceptedOf((await post(path, body)) as Accepted);
  const acceptEvent = async (body: object): Promise<AcceptedEvent> =>
    (await accept("/v1/events", body)) as AcceptedEvent;
  const deadPath = (eventId: string, what: string): string =>
    `/v1/dead/${encodeURIComponent(eventId)}/${what}`;
  const requestHeartbeat: Heartbeat["requestHeartbeat"] = async ({ sessionKey, ...wake }) =>
    accept(sessionPath(sessionKey, "/wake"), wake);

  return {
    enqueueSystemEvent: (text, event) => acceptEvent({ text, ...event, wake: false }),
    wake: (text, event) => acceptEvent({ text, ...event }),
    requestHeartbeat,
    requestHeartbeatNow: async (wake) =>
      requestHeartbeat(withGiven("requestHeartbeatNow", wake, { intent: "immediate" as const })),
    async runHeartbeatOnce({ sessionKey, ...body }) {
      const headers = { accept: "text/event-stream" };
      const path = sessionPath(sessionKey, "/run");
      return outcomeOf(transport.events(path, { method: "POST", body, headers }));
    },
    async drainSystemEvents(sessionKey) {
      return ((await post(sessionPath(sessionKey, "/drain"))) as { events: SystemEvent[] }).events;
    },
    requeue: (eventId) => accept(deadPath(eventId, "requeue")),
    dismiss: async (eventId) => (await post(deadPath(eventId, "dismiss"))) as Recorded,
    forget: async (sessionKey) => (await post(sessionPath(sessionKey, "/forget"))) as Recorded,
  };
}

/** Only what `Accepted` has: the daemon also says where to follow it. */
function acceptedOf({ sessionKey, eventId, wakeId, position, deduplicated }: Accepted): Accepted {
  return { sessionKey, ...(eventId === undefined ? {} : { eventId }), wakeId, position, deduplicated };
}

/** A run may take longer than a client waits for an answer: the daemon beats until it has one. */
async function outcomeOf(events: AsyncIterable<EventSourceMessage>): Promise<Outcome> {
  for await (const { event, data } of events) {
    if (event === "outcome") return JSON.parse(data) as Outcome;
    if (event === "problem") throw errorFrom(JSON.parse(data), "a broken problem");
  }
  throw errorFrom(undefined, "an answer that broke off before the run's outcome");
}
