import type { SnapshotFrom } from "xstate";
import {
  sessionMachine,
  type QueuedEvent,
  type SessionContext,
  type SessionEvent,
} from "../../../machines/index.ts";
import type { Walk } from "./graph.ts";
import { NOW_MS, RUN, STALE_RUN } from "./heartbeat-walk.ts";

type Snapshot = SnapshotFrom<typeof sessionMachine>;

/** Events at a time in one session: enough for an acknowledged head, an offered one and a rest. */
const EVENTS_MAX = 3;

export const sessionWalk: Walk<typeof sessionMachine> = {
  machine: sessionMachine,
  input: { sessionKey: "key" },
  events: ({ value, context }: Snapshot) => [
    ...queued(context),
    ...(value === "offered" ? ends(RUN) : [...starts(context), WITHOUT_EVENTS]),
    ...(value !== "offered" && context.tally?.starts.length ? skipsOf(RUN) : []),
    ...ends(STALE_RUN),
    ...some("events.drained", unoffered(context)),
    ...some("events.dismissed", deadIds(context)),
    ...some("events.requeued", deadIds(context)),
    { type: "session.forgotten" },
    ...OUTBOX,
  ],
  vertexOf: ({ value, context }: Snapshot) =>
    JSON.stringify([value, shownSession(context, byPlace(context))]),
};

/** What becomes of replies changes nothing else, in whatever state. */
const OUTBOX: readonly SessionEvent[] = [
  { type: "route.noted", route: { to: "42" } },
  { type: "delivery.queued", deliveryId: "delivery", said: null },
  { type: "delivery.sent", deliveryId: "delivery" },
  { type: "delivery.died", deliveryId: "delivery" },
  { type: "delivery.dismissed", deliveryId: "delivery" },
];

/** What is compared between machine and driver. @param nameOf - one name for one event in both */
export function shownSession(
  { queue, offer, retry, dead, tally }: SessionContext,
  nameOf: (eventId: string) => string | undefined,
): unknown {
  const named = (of: { readonly eventIds: readonly string[] } | null) => of?.eventIds.map(nameOf) ?? null;
  return {
    queue: queue.map(({ eventId }) => nameOf(eventId)),
    offer: named(offer),
    retry: named(retry),
    dead: dead.map(({ event }) => nameOf(event.eventId)),
    counted: tally?.starts.length,
  };
}

/** States differ by where an event stands, not by its name. */
function byPlace({ queue, dead }: SessionContext): (eventId: string) => string {
  const ids = [...queue, ...dead.map(({ event }) => event)].map(({ eventId }) => eventId);
  return (eventId) => String(ids.indexOf(eventId));
}

function queued({ queue, dead }: SessionContext): SessionEvent[] {
  if (queue.length + dead.length >= EVENTS_MAX) return [];
  const taken = new Set([...queue, ...dead.map(({ event }) => event)].map(({ eventId }) => eventId));
  const eventId = ["first", "second", "third"].find((id) => !taken.has(id)) as string;
  return [{ type: "event.queued", event: { ...EVENT, eventId, text: eventId } }];
}

const EVENT: Omit<QueuedEvent, "eventId" | "text"> = {
  wakeId: "wake",
  sessionKey: "key",
  source: "test",
  intent: "event",
  reason: "test",
  trust: "untrusted",
  queuedAtMs: NOW_MS,
};

/** A run that was given no event, and noted something. */
const WITHOUT_EVENTS: SessionEvent = { type: "run.ran", runId: STALE_RUN, marks: { "task:inbox": NOW_MS } };

/** Nothing (a wake of its own account), the head, or all; after a failure the same batch again. */
function starts({ queue, retry }: SessionContext): SessionEvent[] {
  const ids = queue.map(({ eventId }) => eventId);
  const batches = retry !== null ? [retry.eventIds] : [...(ids.length > 1 ? [ids.slice(0, 1)] : []), ids];
  return batches.map((eventIds) => ({
    type: "run.started",
    runId: RUN,
    wakeId: "wake",
    attempt: 1,
    eventIds,
    count: { runId: RUN, atMs: NOW_MS, keepStarts: 1 },
  }));
}

/** A run without events is not offered anything, but it may count. */
const skipsOf = (runId: string): SessionEvent[] => [{ type: "run.skipped", runId }];

function ends(runId: string): SessionEvent[] {
  const failed = {
    type: "run.failed",
    runId,
    error: { code: "LUBDUB_RUN_FAILED", message: "no luck" },
  } as const;
  return [
    { type: "run.ran", runId },
    { type: "run.skipped", runId },
    { type: "run.skipped", runId, aborted: true },
    { ...failed, givenUp: false, atMs: NOW_MS },
    { ...failed, givenUp: true, atMs: NOW_MS },
  ];
}

function some(
  type: "events.drained" | "events.dismissed" | "events.requeued",
  ids: readonly string[],
): SessionEvent[] {
  const choices = ids.length > 1 ? [ids, ids.slice(0, 1), ids.slice(-1)] : ids.length === 1 ? [ids] : [];
  return choices.map((eventIds) =>
    type === "events.requeued" ? { type, eventIds, wakeId: "wake" } : { type, eventIds },
  );
}

function unoffered({ queue, offer }: SessionContext): string[] {
  return queue.map(({ eventId }) => eventId).filter((eventId) => offer?.eventIds.includes(eventId) !== true);
}

const deadIds = ({ dead }: SessionContext): string[] => dead.map(({ event }) => event.eventId);
