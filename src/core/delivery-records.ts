import type { Route } from "../vocabulary.ts";
import type { Envelope } from "./records.ts";

interface DeliveryFacts {
  readonly deliveryId: string;
}

/** A reply is to go out: written together with the end of its run. */
export type DeliveryQueued = Envelope<
  "delivery.queued",
  DeliveryFacts & {
    readonly runId: string;
    readonly wakeId: string;
    readonly route: Route;
    readonly destination: string;
    readonly expiresAtMs: number;
  },
  {
    readonly text: string;
    readonly media?: readonly string[];
    /** Of the text, where the same text is not to be sent again for a day. */
    readonly fingerprint?: string;
  }
>;
/** It is handed to its sender. */
export type DeliveryStarted = Envelope<"delivery.started", DeliveryFacts & { readonly attempt: number }>;
export type DeliverySent = Envelope<
  "delivery.sent",
  DeliveryFacts & { readonly attempt: number; readonly durationMs: number }
>;
/** `dueAtMs` null: given up, it is dead. */
export type DeliveryFailed = Envelope<
  "delivery.failed",
  DeliveryFacts & { readonly attempt: number; readonly code: string; readonly dueAtMs: number | null },
  { readonly error: string }
>;
/** Its time was over before it could be sent: it is dead. */
export type DeliveryExpired = Envelope<"delivery.expired", DeliveryFacts & { readonly code: string }>;
/** A dead one was put back into the line for its destination. */
export type DeliveryRequeued = Envelope<
  "delivery.requeued",
  DeliveryFacts & { readonly expiresAtMs: number }
>;
/** It was given up for good. */
export type DeliveryDismissed = Envelope<"delivery.dismissed", DeliveryFacts>;

/** What happens to a delivery. */
export type DeliveryRecord =
  | DeliveryQueued
  | DeliveryStarted
  | DeliverySent
  | DeliveryFailed
  | DeliveryExpired
  | DeliveryRequeued
  | DeliveryDismissed;
