import type { Route } from "./vocabulary.ts";

/**
 * What became of a run's reply: `queued` to be delivered, or why not. It was empty or an acknowledgement (`ok-*`, `no-reply`,
 * `notify-false`); alerts are not shown there; it was just said there (`duplicate`); nobody knows where to (`no-target`), or
 * it is to go nowhere (`target-none`); the session has too many deliveries (`outbox-full`).
 */
export type ReplyFate =
  | "queued"
  | "ok-empty"
  | "ok-token"
  | "no-reply"
  | "notify-false"
  | "alerts-disabled"
  | "duplicate"
  | "no-target"
  | "target-none"
  | "outbox-full";

/** One reply on its way out, as a sender is given it. */
export interface DeliveryRequest {
  /** Stays the same over all tries: use it as an idempotency key. */
  readonly deliveryId: string;
  readonly sessionKey: string;
  /** The run that it answers. */
  readonly runId: string;
  readonly wakeId: string;
  readonly route: Route;
  /** Empty when there is only media. */
  readonly text: string;
  readonly media: readonly string[];
  /** 1 for the first try. */
  readonly attempt: number;
  /** When the reply was given: milliseconds since the Unix epoch. */
  readonly queuedAtMs: number;
  /** Aborts when the try is out of time, or the heartbeat stops. */
  readonly signal: AbortSignal;
}

/** How a try ended. */
export type DeliveryOutcome =
  | { readonly status: "sent" }
  | {
      readonly status: "failed";
      readonly reason: string;
      /** `false`: never try again, it is dead until somebody requeues it. @default true */
      readonly retryable?: boolean;
      /** When to try again, in milliseconds from now: 100 to 86_400_000. @default grows from 1 s to 5 min */
      readonly retryAfterMs?: number;
    };

/** Sends one reply. To throw is to fail; to answer nothing is to have sent it. */
export type DeliverHandler = (
  delivery: DeliveryRequest,
) => DeliveryOutcome | void | Promise<DeliveryOutcome | void>;

/** A reply that is on its way, or could not be delivered. */
export interface Delivery {
  readonly deliveryId: string;
  readonly sessionKey: string;
  readonly runId: string;
  readonly wakeId: string;
  readonly route: Route;
  readonly text: string;
  readonly media: readonly string[];
  readonly state: "pending" | "sending" | "retrying" | "dead";
  readonly attempts: number;
  readonly queuedAtMs: number;
  /** When it is tried next; `null` when it is dead. One that waits behind another for the same place is tried after that. */
  readonly dueAtMs: number | null;
  readonly expiresAtMs: number;
  /** Code and message of the last failure. */
  readonly error?: { readonly code: string; readonly message: string };
}
