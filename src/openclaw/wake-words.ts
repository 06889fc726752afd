import type { Intent, Source } from "../vocabulary.ts";

/** Where a wake's reply goes, if not where the agent's own configuration says. */
export interface HeartbeatWakeOverride {
  readonly target?: string;
  readonly to?: string;
  readonly accountId?: string;
}

/**
 * What the handler is given. A wake of `requestHeartbeatNow` has `reason` and the target fields that are not empty; one of
 * `requestHeartbeat` also has `source`, `intent` and, where it was given, `heartbeat`. Absent fields are absent, not `undefined`.
 */
export interface HeartbeatWakeRequest {
  readonly source?: Source;
  readonly intent?: Intent;
  /** Trimmed; `"requested"` when none was given. */
  readonly reason: string;
  readonly agentId?: string;
  readonly sessionKey?: string;
  readonly heartbeat?: HeartbeatWakeOverride;
}

/** How the handler answers. */
export type HeartbeatRunResult =
  | { readonly status: "ran"; readonly durationMs: number }
  /** A busy reason (`HEARTBEAT_SKIP_*`) brings the same wake back after a second; any other ends it. */
  | { readonly status: "skipped"; readonly reason: string }
  /** Ends the wake: it is not tried again. */
  | { readonly status: "failed"; readonly reason: string };

/** The agent already works; retryable. */
export const HEARTBEAT_SKIP_REQUESTS_IN_FLIGHT = "requests-in-flight";
/** A cron job is running; retryable for wakes of `requestHeartbeat`. */
export const HEARTBEAT_SKIP_CRON_IN_PROGRESS = "cron-in-progress";
/** Another lane is busy; retryable for wakes of `requestHeartbeat`. */
export const HEARTBEAT_SKIP_LANES_BUSY = "lanes-busy";

const LATER_BUSY_REASONS: readonly string[] = [HEARTBEAT_SKIP_CRON_IN_PROGRESS, HEARTBEAT_SKIP_LANES_BUSY];

/** Whether this answer brings the wake back. The two later reasons came with `requestHeartbeat`, so they count for its wakes only. */
export function isBusy(result: HeartbeatRunResult, request: HeartbeatWakeRequest): boolean {
  if (result.status !== "skipped") return false;
  if (result.reason === HEARTBEAT_SKIP_REQUESTS_IN_FLIGHT) return true;
  return request.intent !== undefined && LATER_BUSY_REASONS.includes(result.reason);
}

/** Of two wakes for one target the one with the higher priority stays. */
export const PRIORITY = { retry: 0, interval: 1, normal: 2, action: 3 } as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

/** By intent where there is one, else by the words of the reason. */
export function priorityOf({ source, intent, reason }: HeartbeatWakeRequest): Priority {
  if (intent === undefined) {
    if (reason === "manual" || reason === "exec-event" || reason.startsWith("hook:")) return PRIORITY.action;
  } else if (intent === "manual" || intent === "immediate") {
    return PRIORITY.action;
  }
  if (source === "retry" || reason === "retry") return PRIORITY.retry;
  if (intent === "scheduled" || source === "interval" || reason === "interval") return PRIORITY.interval;
  return PRIORITY.normal;
}

/** Trimmed; "" for whatever is not a text. */
export const trimmed = (value: unknown): string => (typeof value === "string" ? value.trim() : "");
