import type { DeliveryContext } from "../../machines/index.ts";
import { backoffMs } from "../core/backoff.ts";
import type { ResolvedDelivery } from "../delivery.ts";
import { shown } from "../errors.ts";
import type { DeliveryOutcome } from "../vocabulary.ts";
import type { RecordDraft } from "./journal.ts";
import type { CallEnd } from "./timed-call.ts";

const REASON_CHARS_MAX = 4_096;
const RETRY_AFTER_MS_MIN = 100;
const RETRY_AFTER_MS_MAX = 86_400_000;

type Failure = Extract<DeliveryOutcome, { status: "failed" }> & { readonly code?: string };
type Tried = { readonly status: "sent" } | Failure;

/** A try that is over. */
export interface EndedTry {
  readonly deliveryId: string;
  readonly tried: Tried;
  readonly endedAtMs: number;
}

/** What a try means: sent, or why not. A function in plain JavaScript may answer anything; nothing means sent. */
export function triedOf(end: CallEnd<unknown>, timeoutMs: number): Tried {
  switch (end.how) {
    case "answered": {
      const tried = checked(end.answer);
      return tried.status === "sent" || end.late === null ? tried : triedOf({ how: end.late }, timeoutMs);
    }
    case "threw":
      return { status: "failed", reason: end.message };
    case "too-slow": {
      const reason = `It was not sent within ${timeoutMs} ms.`;
      return { status: "failed", reason, code: "LUBDUB_DELIVERY_TIMEOUT" };
    }
    case "aborted":
      return INTERRUPTED;
  }
}

/** Whether it arrived is not known: it is sent again, under the same id. */
export const INTERRUPTED: Failure = {
  status: "failed",
  reason: "The process ended while it was being sent.",
  code: "LUBDUB_DELIVERY_INTERRUPTED",
};

function checked(answer: unknown): Tried {
  if (answer === undefined || answer === null) return { status: "sent" };
  const { status, reason, retryable, retryAfterMs } = answer as Readonly<Record<string, unknown>>;
  if (status === "sent") return { status };
  const known = typeof retryAfterMs === "number" && Number.isFinite(retryAfterMs) && retryAfterMs >= 0;
  const why = status === "failed" && typeof reason === "string" && reason !== "" ? reason : null;
  return {
    status: "failed",
    reason:
      why ??
      `It answered ${shown(JSON.stringify(answer))}, not { status: "sent" } or { status: "failed", reason }.`,
    ...(retryable === false ? { retryable: false } : {}),
    ...(known ? { retryAfterMs } : {}),
  };
}

/** The record that says how a try ended, as things are now. Out of tries or of time, the delivery is dead. */
export function endOfTry(
  { letter, attempts, startedAtMs, expiresAtMs }: DeliveryContext,
  { deliveryId, tried, endedAtMs }: EndedTry,
  { nowMs, random, policy }: { nowMs: number; random: number; policy: ResolvedDelivery },
): RecordDraft {
  const sessionKey = letter?.sessionKey ?? "";
  const facts = { deliveryId, attempt: attempts };
  if (tried.status === "sent") {
    const durationMs = Math.max(0, endedAtMs - (startedAtMs ?? endedAtMs));
    return { type: "delivery.sent", sessionKey, facts: { ...facts, durationMs }, body: null };
  }
  const pauseMs = Math.min(Math.max(tried.retryAfterMs ?? 0, RETRY_AFTER_MS_MIN), RETRY_AFTER_MS_MAX);
  const dueAtMs = nowMs + Math.max(pauseMs, backoffMs(Math.max(attempts, 1), policy.backoff, random));
  const givenUp = tried.retryable === false || attempts >= policy.maxAttempts || dueAtMs >= expiresAtMs;
  const code = tried.code ?? "LUBDUB_DELIVERY_FAILED";
  return {
    type: "delivery.failed",
    sessionKey,
    facts: { ...facts, code, dueAtMs: givenUp ? null : dueAtMs },
    body: { error: tried.reason.slice(0, REASON_CHARS_MAX) },
  };
}
