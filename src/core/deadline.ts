import type { DeliveryActor, HeartbeatActor, ScheduleActor } from "./actor.ts";

/**
 * When the lane must be looked at next: derived from its state at every look, so that no path can forget to arm it.
 * Null when nothing is pending, or while a run is going on (its end looks again).
 */
export function deadlineOf({ value, context }: Pick<HeartbeatActor, "value" | "context">): number | null {
  return value === "running" ? null : context.pending.dueAtMs;
}

/** The same for a snapshot on disk: a run that was going on must be looked at when the process starts again. */
export function storedDeadlineOf(actor: Pick<HeartbeatActor, "value" | "context">): number | null {
  return actor.value === "running" ? (actor.context.run?.startedAtMs ?? 0) : deadlineOf(actor);
}

/** The next tick; null for a schedule that is paused or over. */
export function scheduleDeadlineOf({
  value,
  context,
}: Pick<ScheduleActor, "value" | "context">): number | null {
  return value === "active" ? context.nextAtMs : null;
}

/**
 * When a delivery must be looked at; null for one that is dead or over. One that was being sent when the process ended is
 * looked at as soon as it starts again.
 */
export function deliveryDeadlineOf({
  value,
  context,
}: Pick<DeliveryActor, "value" | "context">): number | null {
  if (value === "sending") return context.startedAtMs;
  return value === "pending" || value === "retrying" ? Math.min(context.dueAtMs, context.expiresAtMs) : null;
}
