import type { DeliveryEvent, Letter, SessionEvent } from "../../machines/index.ts";
import type { DeliveryQueued, DeliveryRecord, SessionForgotten } from "./records.ts";
import type { Watch } from "./step.ts";
import type { SessionEntry, World } from "./world.ts";

/** Moves the delivery that a record is about, and what its session knows of its replies. */
export function stepDelivery(
  world: World,
  record: DeliveryRecord,
  session: SessionEntry,
  watch?: Watch,
): void {
  const toSession = sessionEventOf(record);
  if (toSession !== null) {
    session.actor.send(toSession);
    watch?.(session, toSession);
  }
  send(world, record.facts.deliveryId, deliveryEventOf(record), record.position, watch);
}

/** The deliveries of a session that was forgotten go with it. */
export function endDeliveries(world: World, { facts, position }: SessionForgotten, watch?: Watch): void {
  for (const deliveryId of facts.deliveries ?? []) {
    send(world, deliveryId, { type: "session.forgotten" }, position, watch);
  }
}

function send(world: World, deliveryId: string, event: DeliveryEvent, position: number, watch?: Watch): void {
  const delivery = world.deliveries.get(deliveryId);
  delivery.dirty = true;
  delivery.previous = position;
  delivery.actor.send(event);
  watch?.(delivery, event);
}

function sessionEventOf(record: DeliveryRecord): SessionEvent | null {
  const { deliveryId } = record.facts;
  switch (record.type) {
    case "delivery.queued": {
      const fingerprint = record.body?.fingerprint;
      const { destination } = record.facts;
      const said = fingerprint === undefined ? null : { destination, fingerprint, atMs: record.atMs };
      return { type: record.type, deliveryId, said };
    }
    case "delivery.sent":
    case "delivery.dismissed":
      return { type: record.type, deliveryId };
    case "delivery.expired":
      return { type: "delivery.died", deliveryId };
    case "delivery.failed":
      return record.facts.dueAtMs === null ? { type: "delivery.died", deliveryId } : null;
    case "delivery.started":
    case "delivery.requeued":
      return null;
  }
}

function deliveryEventOf(record: DeliveryRecord): DeliveryEvent {
  const { atMs } = record;
  switch (record.type) {
    case "delivery.queued":
      return { type: record.type, letter: letterOf(record), atMs, expiresAtMs: record.facts.expiresAtMs };
    case "delivery.started":
      return { type: record.type, atMs };
    case "delivery.sent":
    case "delivery.dismissed":
      return { type: record.type };
    case "delivery.failed": {
      const { code, dueAtMs } = record.facts;
      return { type: record.type, dueAtMs, error: { code, message: record.body?.error ?? "" }, atMs };
    }
    case "delivery.expired": {
      const error = { code: record.facts.code, message: "Its time was over before it could be sent." };
      return { type: record.type, error, atMs };
    }
    case "delivery.requeued":
      return { type: record.type, atMs, expiresAtMs: record.facts.expiresAtMs };
  }
}

function letterOf({ sessionKey, atMs, facts, body }: DeliveryQueued): Letter {
  const { runId, wakeId, route, destination } = facts;
  const { text = "", media = [] } = body ?? {};
  return { sessionKey, runId, wakeId, route, destination, text, media, queuedAtMs: atMs };
}
