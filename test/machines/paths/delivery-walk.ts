import type { SnapshotFrom } from "xstate";
import { deliveryMachine, type DeliveryContext, type DeliveryEvent } from "../../../machines/index.ts";
import type { Driver } from "./abreast.ts";
import { createBooks } from "./books.ts";
import type { Walk } from "./graph.ts";
import { NOW_MS } from "./heartbeat-walk.ts";
import type { Subject } from "./subject.ts";

type Snapshot = SnapshotFrom<typeof deliveryMachine>;

const LATER_MS = NOW_MS + 1;
const ERROR = { code: "LUBDUB_DELIVERY_FAILED", message: "no luck" };
const EXPIRED = {
  code: "LUBDUB_DELIVERY_EXPIRED",
  message: "Its time was over before it could be sent.",
};
const LETTER = { runId: "run", wakeId: "wake", route: { to: "42" }, destination: "42" };

/** The clock stands still, so that what is due and what is not differ by their times alone. */
export const deliveryWalk: Walk<typeof deliveryMachine> = {
  machine: deliveryMachine,
  input: { deliveryId: "delivery" },
  events: () => [...queued(NOW_MS), ...queued(LATER_MS), ...EVENTS],
  vertexOf: ({ value, context }: Snapshot) => {
    const { dueAtMs, expiresAtMs, attempts, startedAtMs, error, diedAtMs } = context;
    return JSON.stringify([value, dueAtMs, expiresAtMs, attempts > 0, startedAtMs, error, diedAtMs]);
  },
};

const EVENTS: readonly DeliveryEvent[] = [
  { type: "delivery.started", atMs: NOW_MS },
  { type: "delivery.sent" },
  ...[NOW_MS, LATER_MS, null].map(
    (dueAtMs) => ({ type: "delivery.failed", dueAtMs, error: ERROR, atMs: NOW_MS }) as const,
  ),
  { type: "delivery.expired", error: EXPIRED, atMs: NOW_MS },
  { type: "delivery.requeued", atMs: NOW_MS, expiresAtMs: LATER_MS },
  { type: "delivery.dismissed" },
  { type: "session.forgotten" },
];

function queued(expiresAtMs: number): DeliveryEvent[] {
  const letter = { sessionKey: "key", ...LETTER, text: "said", media: ["chart.png"], queuedAtMs: NOW_MS };
  return [{ type: "delivery.queued", letter, atMs: NOW_MS, expiresAtMs }];
}

/** What is compared between machine and driver: everything but the names. */
export function shownDelivery({ deliveryId: _deliveryId, letter, ...context }: DeliveryContext): unknown {
  return { ...context, letter: letter && { ...letter, sessionKey: "key" } };
}

/** Plays the events of one delivery as records. */
export function deliveryDriver(
  subject: Subject,
  lane: string,
  path: readonly DeliveryEvent[],
): Driver & { readonly deliveryId: string } {
  const sessionKey = `${lane}|agent:main`;
  const books = createBooks(subject, lane, [sessionKey]);
  const deliveryId = `d-${lane}`;
  const id = { deliveryId };
  return {
    lane,
    deliveryId,
    queued: books.queued,
    play(step) {
      if (step === 0) books.request(sessionKey, "manual", NOW_MS);
      const event = path[step] as DeliveryEvent;
      switch (event.type) {
        case "delivery.queued": {
          const facts = { ...id, ...LETTER, expiresAtMs: event.expiresAtMs };
          const { text, media } = event.letter;
          return void subject.write({ type: event.type, sessionKey, facts, body: { text, media } });
        }
        case "delivery.started":
          return void subject.write({
            type: event.type,
            sessionKey,
            facts: { ...id, attempt: 1 },
            body: null,
          });
        case "delivery.sent": {
          const facts = { ...id, attempt: 1, durationMs: 0 };
          return void subject.write({ type: event.type, sessionKey, facts, body: null });
        }
        case "delivery.failed": {
          const facts = { ...id, attempt: 1, code: ERROR.code, dueAtMs: event.dueAtMs };
          return void subject.write({ type: event.type, sessionKey, facts, body: { error: ERROR.message } });
        }
        case "delivery.expired":
          return void subject.write({
            type: event.type,
            sessionKey,
            facts: { ...id, code: EXPIRED.code },
            body: null,
          });
        case "delivery.requeued": {
          const facts = { ...id, expiresAtMs: event.expiresAtMs };
          return void subject.write({ type: event.type, sessionKey, facts, body: null });
        }
        case "delivery.dismissed":
          return void subject.write({ type: event.type, sessionKey, facts: id, body: null });
        case "session.forgotten":
          return void subject.write({
            type: event.type,
            sessionKey,
            facts: { deliveries: [deliveryId] },
            body: null,
          });
      }
    },
  };
}
