import { assign, setup } from "xstate";
import type { Intent } from "./intents.ts";
import type { Cause } from "./pending.ts";
import { counted, spent, uncounted, type Count, type Spent, type Tally } from "./tally.ts";
import { outboxAfter, type Outbox, type OutboxEvent } from "./outbox.ts";

/** One thing that happened, as it waits in the queue. The machine reads its id; the rest travels with it. */
export interface QueuedEvent {
  readonly eventId: string;
  readonly wakeId: string;
  readonly sessionKey: string;
  readonly text: string;
  readonly source: string;
  readonly intent: Intent;
  readonly reason: string;
  readonly trust: "trusted" | "untrusted";
  readonly queuedAtMs: number;
  readonly cause?: Cause;
}

/** An event given up, with why. */
export interface DeadEvent<Event extends QueuedEvent = QueuedEvent> {
  readonly event: Event;
  readonly attempts: number;
  readonly error: { readonly code: string; readonly message: string };
  readonly diedAtMs: number;
}

/** The events that a run holds: exactly those in its prompt. */
export interface Offer {
  readonly runId: string;
  readonly wakeId: string;
  readonly attempt: number;
  readonly eventIds: readonly string[];
}

/** What a session remembers. */
export interface SessionContext {
  readonly sessionKey: string;
  /** FIFO; offered events stay in it until they are acknowledged. */
  readonly queue: readonly QueuedEvent[];
  readonly offer: Offer | null;
  /**
   * The batch of a run that failed, to be offered again unchanged: the agent may have acted on it under this wake id,
   * so that the id must go on standing for the same events.
   */
  readonly retry: Pick<Offer, "wakeId" | "eventIds"> | null;
  readonly dead: readonly DeadEvent[];
  /** What its runs noted, by name; the newest last. */
  readonly marks?: Marks | undefined;
  /** What its limits count, if it has any. */
  readonly tally?: Tally;
  /** Absent until its first route or delivery. */
  readonly outbox?: Outbox | undefined;
}

type Marks = Readonly<Record<string, number>>;

/** How many marks a session remembers. */
const MARKS_MAX = 100;

/** What can happen to a session. */
export type SessionEvent =
  | { readonly type: "event.queued"; readonly event: QueuedEvent }
  | ({ readonly type: "run.started"; readonly count?: Count } & Offer)
  | ({ readonly type: "run.ran"; readonly runId: string; readonly marks?: Marks } & Spent)
  | { readonly type: "run.skipped"; readonly runId: string; readonly aborted?: true }
  | {
      readonly type: "run.failed";
      readonly runId: string;
      /** True when given up: the offered events become dead letters. */
      readonly givenUp: boolean;
      readonly error: { readonly code: string; readonly message: string };
      readonly atMs: number;
    }
  | { readonly type: "events.drained"; readonly eventIds: readonly string[] }
  | { readonly type: "events.requeued"; readonly eventIds: readonly string[]; readonly wakeId: string }
  | { readonly type: "events.dismissed"; readonly eventIds: readonly string[] }
  | { readonly type: "session.forgotten" }
  | OutboxEvent;

/**
 * session (one actor per session): holds the event queue. empty --event--> waiting --run started--> offered.
 * A run that succeeded acknowledges exactly what it was offered; any other end leaves the events queued, in order.
 */
export const sessionMachine = setup({
  types: {} as {
    input: { readonly sessionKey: string };
    context: SessionContext;
    events: SessionEvent;
  },
  guards: {
    "has a batch": ({ event }) => event.type === "run.started" && event.eventIds.length > 0,
    "is the current run": ({ context, event }) => "runId" in event && event.runId === context.offer?.runId,
    "notes something": ({ context, event }) =>
      event.type === "run.ran" && (event.marks !== undefined || counts(context, event)),
    counts: ({ context, event }) => counts(context, event),
    "leaves nothing": ({ context, event }) => changed(context, event).queue.length === 0,
    "ends the run, leaves nothing": ({ context, event }) =>
      "runId" in event && event.runId === context.offer?.runId && changed(context, event).queue.length === 0,
  },
  actions: {
    change: assign(({ context, event }) => changed(context, event)),
  },
}).createMachine({
  id: "session@1",
  context: ({ input }) => ({ sessionKey: input.sessionKey, queue: [], offer: null, retry: null, dead: [] }),
  initial: "empty",
  on: {
    "events.dismissed": { actions: "change" },
    "session.forgotten": { target: ".empty", actions: "change" },
    "route.noted": { actions: "change" },
    "delivery.queued": { actions: "change" },
    "delivery.sent": { actions: "change" },
    "delivery.died": { actions: "change" },
    "delivery.dismissed": { actions: "change" },
  },
  states: {
    empty: {
      on: {
        "run.started": { guard: "counts", actions: "change" },
        "run.skipped": { guard: "counts", actions: "change" },
        "run.ran": { guard: "notes something", actions: "change" },
        "event.queued": { target: "waiting", actions: "change" },
        "events.requeued": { target: "waiting", actions: "change" },
      },
    },
    waiting: {
      on: {
        "run.ran": { guard: "notes something", actions: "change" },
        "event.queued": { actions: "change" },
        "events.requeued": { actions: "change" },
        "run.started": { guard: "has a batch", target: "offered", actions: "change" },
        "run.skipped": { guard: "counts", actions: "change" },
        "events.drained": [
          { guard: "leaves nothing", target: "empty", actions: "change" },
          { actions: "change" },
        ],
      },
    },
    offered: {
      on: {
        "event.queued": { actions: "change" },
        "events.requeued": { actions: "change" },
        "events.drained": { actions: "change" },
        "run.ran": [
          { guard: "ends the run, leaves nothing", target: "empty", actions: "change" },
          { guard: "is the current run", target: "waiting", actions: "change" },
        ],
        "run.skipped": { guard: "is the current run", target: "waiting", actions: "change" },
        "run.failed": [
          { guard: "ends the run, leaves nothing", target: "empty", actions: "change" },
          { guard: "is the current run", target: "waiting", actions: "change" },
        ],
      },
    },
  },
});

/** The context once `event` is handled. */
function changed(context: SessionContext, event: SessionEvent): SessionContext {
  const after = changedQueue(context, event);
  const tally = tallyAfter(after.tally, event);
  return tally === undefined ? after : { ...after, tally };
}

const counts = ({ tally }: SessionContext, event: SessionEvent): boolean =>
  tallyAfter(tally, event) !== tally;

function tallyAfter(tally: Tally | undefined, event: SessionEvent): Tally | undefined {
  if (event.type === "run.started") return event.count === undefined ? tally : counted(tally, event.count);
  if (event.type === "run.ran") return spent(tally, event);
  return event.type === "run.skipped" ? uncounted(tally, event.runId) : tally;
}

function changedQueue(context: SessionContext, event: SessionEvent): SessionContext {
  const { queue, offer, retry, dead } = context;
  switch (event.type) {
    case "event.queued":
      return { ...context, queue: [...queue, event.event] };
    case "run.started": {
      const { runId, wakeId, attempt, eventIds } = event;
      if (eventIds.length === 0) return context;
      return { ...context, offer: { runId, wakeId, attempt, eventIds } };
    }
    case "run.ran": {
      const marks = event.marks === undefined ? {} : { marks: noted(context.marks, event.marks) };
      if (offer === null) return { ...context, ...marks };
      return { ...context, offer: null, retry: null, queue: without(queue, offer.eventIds), ...marks };
    }
    case "run.skipped":
      return event.aborted === true ? frozen(context) : { ...context, offer: null };
    case "run.failed":
      if (offer === null) return context;
      if (!event.givenUp) return frozen(context);
      return { ...context, offer: null, retry: null, ...buried(context, offer, event) };
    case "events.drained":
      return { ...context, queue: without(queue, event.eventIds), retry: stillQueued(retry, event.eventIds) };
    case "events.requeued": {
      const back = dead.filter(({ event: { eventId } }) => event.eventIds.includes(eventId));
      return {
        ...context,
        queue: [...queue, ...back.map((letter) => ({ ...letter.event, wakeId: event.wakeId }))],
        dead: dead.filter((letter) => !back.includes(letter)),
      };
    }
    case "events.dismissed":
      return { ...context, dead: dead.filter(({ event: { eventId } }) => !event.eventIds.includes(eventId)) };
    case "session.forgotten":
      return {
        ...context,
        queue: [],
        offer: null,
        retry: null,
        dead: [],
        marks: undefined,
        outbox: undefined,
      };
    case "route.noted":
    case "delivery.queued":
    case "delivery.sent":
    case "delivery.died":
    case "delivery.dismissed":
      return { ...context, outbox: outboxAfter(context.outbox, event) };
  }
}

/** The agent may have acted on what it was given: the next run gives it the same under the same wake id. */
function frozen(context: SessionContext): SessionContext {
  const { offer } = context;
  if (offer === null) return context;
  return { ...context, offer: null, retry: { wakeId: offer.wakeId, eventIds: offer.eventIds } };
}

function buried(
  { queue, dead }: SessionContext,
  offer: Offer,
  { error, atMs }: Extract<SessionEvent, { type: "run.failed" }>,
): Pick<SessionContext, "queue" | "dead"> {
  const given = new Set(offer.eventIds);
  const letters = queue
    .filter(({ eventId }) => given.has(eventId))
    .map((event) => ({ event, attempts: offer.attempt, error, diedAtMs: atMs }));
  return { queue: queue.filter(({ eventId }) => !given.has(eventId)), dead: [...dead, ...letters] };
}

function stillQueued(retry: SessionContext["retry"], gone: readonly string[]): SessionContext["retry"] {
  if (retry === null) return null;
  const eventIds = retry.eventIds.filter((eventId) => !gone.includes(eventId));
  return eventIds.length === 0 ? null : { ...retry, eventIds };
}

function noted(old: Marks = {}, fresh: Marks): Marks {
  const kept = Object.entries(old).filter(([name]) => !Object.hasOwn(fresh, name));
  return Object.fromEntries([...kept, ...Object.entries(fresh)].slice(-MARKS_MAX));
}

/** Runs hold the head of the queue, so that the common case is a cut, not a search. */
function without(queue: readonly QueuedEvent[], eventIds: readonly string[]): readonly QueuedEvent[] {
  const atHead = eventIds.every((eventId, index) => queue[index]?.eventId === eventId);
  if (atHead) return queue.slice(eventIds.length);
  const gone = new Set(eventIds);
  return queue.filter(({ eventId }) => !gone.has(eventId));
}
