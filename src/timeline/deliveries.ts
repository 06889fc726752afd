import type { DeliveryRecord } from "../core/records.ts";
import { routeWords } from "../words/delivery.ts";
import type { TimelineEntry } from "./entry.ts";

interface OpenDelivery {
  readonly sessionKey: string;
  readonly queuedAtMs: number;
  readonly position: number;
  readonly untilMs: number | null;
  readonly attempts: number;
}

/** Replies on their way: what becomes of each, and how long that took. */
export interface DeliveryLane {
  entryOf(record: DeliveryRecord): TimelineEntry;
  forget(deliveryIds: readonly string[]): void;
  open(atMs: number): readonly TimelineEntry[];
}

export function createDeliveryLane(): DeliveryLane {
  const waiting = new Map<string, OpenDelivery>();
  return {
    entryOf(record) {
      const { position, atMs, sessionKey } = record;
      const { deliveryId } = record.facts;
      const known = waiting.get(deliveryId);
      const base = { position, atMs, sessionKey, kind: "delivery", deliveryId } as const;
      const lasted = known === undefined ? {} : { fromMs: known.queuedAtMs, sincePosition: known.position };
      switch (record.type) {
        case "delivery.queued": {
          const { route, runId, wakeId } = record.facts;
          waiting.set(deliveryId, { sessionKey, queuedAtMs: atMs, position, untilMs: null, attempts: 0 });
          return { ...base, words: `on its way: ${deliveryId} to ${routeWords(route)}`, runId, wakeId };
        }
        case "delivery.started": {
          const { attempt } = record.facts;
          if (known !== undefined) waiting.set(deliveryId, { ...known, attempts: attempt, untilMs: null });
          return { ...base, words: `is being sent: ${deliveryId}, attempt ${attempt}` };
        }
        case "delivery.sent":
          waiting.delete(deliveryId);
          return { ...base, ...lasted, words: `sent: ${deliveryId}`, ok: true };
        case "delivery.failed": {
          const { code, dueAtMs } = record.facts;
          if (dueAtMs === null) waiting.delete(deliveryId);
          else if (known !== undefined) waiting.set(deliveryId, { ...known, untilMs: dueAtMs });
          const rest = dueAtMs === null ? "; given up: it is dead" : "; it is tried again";
          const words = `not sent [${code}]: ${deliveryId}${rest}`;
          return { ...base, ...lasted, words, text: record.body?.error ?? null, ok: false };
        }
        case "delivery.expired":
          waiting.delete(deliveryId);
          return { ...base, ...lasted, words: `not sent in time: ${deliveryId}; it is dead`, ok: false };
        case "delivery.requeued":
          waiting.set(deliveryId, { sessionKey, queuedAtMs: atMs, position, untilMs: null, attempts: 0 });
          return { ...base, words: `put back into the line: ${deliveryId}` };
        case "delivery.dismissed":
          waiting.delete(deliveryId);
          return { ...base, words: `dismissed for good: ${deliveryId}` };
      }
    },
    forget: (deliveryIds) => deliveryIds.forEach((id) => waiting.delete(id)),
    open: (atMs) =>
      [...waiting].map(([deliveryId, { sessionKey, queuedAtMs, position, untilMs, attempts }]) => ({
        position,
        atMs,
        sessionKey,
        kind: "delivery",
        words: `on its way: ${deliveryId}, ${attempts === 0 ? "not tried yet" : `attempt ${attempts}`}`,
        fromMs: queuedAtMs,
        sincePosition: position,
        open: true,
        ...(untilMs !== null && { untilMs }),
        deliveryId,
      })),
  };
}
