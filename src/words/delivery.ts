import type { DeliveryRecord } from "../core/records.ts";
import type { Route } from "../vocabulary.ts";
import { excerpt } from "./excerpt.ts";
import { clockTime, duration } from "./time.ts";

/** What happens to a reply on its way, in words. */
export function deliveryRecordWords(record: DeliveryRecord): string {
  switch (record.type) {
    case "delivery.queued": {
      const said = record.body === null ? "(forgotten)" : `"${excerpt(record.body.text)}"`;
      return `reply ${said} goes out to ${routeWords(record.facts.route)}: ${record.facts.deliveryId}`;
    }
    case "delivery.started":
      return `sending ${record.facts.deliveryId}, attempt ${record.facts.attempt}`;
    case "delivery.sent":
      return `sent: ${record.facts.deliveryId} in ${duration(record.facts.durationMs)}`;
    case "delivery.failed": {
      const { code, dueAtMs } = record.facts;
      return `not sent: ${record.body?.error ?? "(forgotten)"} [${code}]; ${next(dueAtMs)}`;
    }
    case "delivery.expired":
      return `not sent in time: ${record.facts.deliveryId} is dead, see \`lubdub dead ls\``;
    case "delivery.requeued":
      return `${record.facts.deliveryId} is sent again`;
    case "delivery.dismissed":
      return `${record.facts.deliveryId} dismissed`;
  }
}

const next = (dueAtMs: number | null): string =>
  dueAtMs === null ? "given up, see `lubdub dead ls`" : `next try at the latest ${clockTime(dueAtMs)}`;

/** Where a reply goes, as its fields say it. */
export const routeWords = (route: Route): string =>
  Object.entries(route)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
