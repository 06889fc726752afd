/** The last text that went to one destination of a session. */
export interface LastSaid {
  readonly destination: string;
  /** Of the text; the text itself is not kept twice. */
  readonly fingerprint: string;
  readonly atMs: number;
  readonly deliveryId: string;
}

/** What a session knows of its replies. */
export interface Outbox {
  /** Where its user was last. Only a user's own turn writes it. */
  readonly route: Readonly<Record<string, string>> | null;
  /** Its deliveries that are on the way or dead, oldest first. */
  readonly deliveryIds: readonly string[];
  /** Newest last, one per destination. */
  readonly said: readonly LastSaid[];
}

/** What can happen to it, whatever the session does beside. */
export type OutboxEvent =
  | { readonly type: "route.noted"; readonly route: Outbox["route"] }
  /** `said` null: an acknowledgement, or media; such are never duplicates. */
  | {
      readonly type: "delivery.queued";
      readonly deliveryId: string;
      readonly said: Omit<LastSaid, "deliveryId"> | null;
    }
  | { readonly type: "delivery.sent"; readonly deliveryId: string }
  /** Given up, or dismissed: what it said was not heard, so that the next run may say it again. */
  | { readonly type: "delivery.died"; readonly deliveryId: string }
  | { readonly type: "delivery.dismissed"; readonly deliveryId: string };

/** Destinations whose last text is remembered, per session. */
const SAID_MAX = 16;

const EMPTY: Outbox = { route: null, deliveryIds: [], said: [] };

/** The outbox once `event` is handled. */
export function outboxAfter(outbox: Outbox = EMPTY, event: OutboxEvent): Outbox {
  const { deliveryIds, said } = outbox;
  switch (event.type) {
    case "route.noted":
      return { ...outbox, route: event.route };
    case "delivery.queued": {
      const { deliveryId } = event;
      const queued = { ...outbox, deliveryIds: [...deliveryIds, deliveryId] };
      if (event.said === null) return queued;
      const { destination } = event.said;
      const others = said.filter((last) => last.destination !== destination).slice(-(SAID_MAX - 1));
      return { ...queued, said: [...others, { ...event.said, deliveryId }] };
    }
    case "delivery.sent":
      return { ...outbox, deliveryIds: without(deliveryIds, event.deliveryId) };
    case "delivery.died":
      return { ...outbox, said: unsaid(said, event.deliveryId) };
    case "delivery.dismissed":
      return {
        ...outbox,
        deliveryIds: without(deliveryIds, event.deliveryId),
        said: unsaid(said, event.deliveryId),
      };
  }
}

const without = (ids: readonly string[], id: string): readonly string[] =>
  ids.filter((other) => other !== id);
const unsaid = (said: readonly LastSaid[], id: string): readonly LastSaid[] =>
  said.filter(({ deliveryId }) => deliveryId !== id);
