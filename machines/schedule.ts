import { assign, setup } from "xstate";
import type { Intent } from "./intents.ts";

/** When a schedule ticks: every so often, as a cron expression says in a time zone, or once. */
export type Cadence =
  | { readonly kind: "every"; readonly everyMs: number; readonly phaseMs: number }
  | { readonly kind: "cron"; readonly cron: string; readonly zone: string }
  | { readonly kind: "at"; readonly atMs: number };

/** What was asked for. The machine reads nothing of it: the host computes times and writes them into the events. */
export interface ScheduleSpec {
  readonly sessionKey: string;
  readonly cadence: Cadence;
  /** What each tick says; empty for a beat, which only wakes. */
  readonly text: string;
  readonly source: string;
  readonly intent: Intent;
  readonly reason: string;
  readonly trust: "trusted" | "untrusted";
}

/** What a schedule remembers. */
export interface ScheduleContext {
  readonly scheduleId: string;
  readonly spec: ScheduleSpec | null;
  /** The next tick; null when there is none. Kept while it is paused. */
  readonly nextAtMs: number | null;
  readonly lastTickAtMs: number | null;
  /** The event of the newest tick: while it is still queued, a further tick adds none. */
  readonly lastEventId: string | null;
  readonly ticks: number;
}

/** What can happen to a schedule. */
export type ScheduleEvent =
  | { readonly type: "schedule.set"; readonly spec: ScheduleSpec; readonly nextAtMs: number | null }
  | {
      readonly type: "schedule.fired";
      readonly tickAtMs: number;
      readonly nextAtMs: number | null;
      readonly eventId: string | null;
    }
  | { readonly type: "schedule.moved"; readonly nextAtMs: number | null }
  | { readonly type: "schedule.paused" }
  | { readonly type: "schedule.resumed"; readonly nextAtMs: number | null }
  | { readonly type: "schedule.removed" };

const begin = { guard: "has a next tick", target: "active", actions: "change" } as const;
const set = [begin, { target: "ended", actions: "change" }] as const;

/**
 * schedule (one per cadence, cron job or one-shot): ended --set--> active --fired--> active | ended; paused and resumed in between.
 * It knows nothing of runs: a busy or failed run can neither push a schedule nor end it.
 */
export const scheduleMachine = setup({
  types: {} as {
    input: { readonly scheduleId: string };
    context: ScheduleContext;
    events: ScheduleEvent;
  },
  guards: {
    "has a next tick": ({ event }) => "nextAtMs" in event && event.nextAtMs !== null,
  },
  actions: {
    change: assign(({ context, event }) => changed(context, event)),
    "start over": assign(({ context }) => unset(context.scheduleId)),
  },
}).createMachine({
  id: "schedule@1",
  context: ({ input }) => unset(input.scheduleId),
  initial: "ended",
  states: {
    ended: { entry: "start over", on: { "schedule.set": begin } },
    active: {
      on: {
        "schedule.set": set,
        "schedule.fired": set,
        "schedule.moved": set,
        "schedule.paused": { target: "paused" },
        "schedule.removed": { target: "ended" },
      },
    },
    paused: {
      on: {
        "schedule.set": { actions: "change" },
        "schedule.fired": { actions: "change" },
        "schedule.resumed": set,
        "schedule.removed": { target: "ended" },
      },
    },
  },
});

/** One that is over is as if it had never been: so nothing has to be kept of it. */
const unset = (scheduleId: string): ScheduleContext => ({
  scheduleId,
  spec: null,
  nextAtMs: null,
  lastTickAtMs: null,
  lastEventId: null,
  ticks: 0,
});

/** The context once `event` is handled. */
function changed(context: ScheduleContext, event: ScheduleEvent): ScheduleContext {
  switch (event.type) {
    case "schedule.set":
      return { ...context, spec: event.spec, nextAtMs: event.nextAtMs };
    case "schedule.fired":
      return {
        ...context,
        nextAtMs: event.nextAtMs,
        lastTickAtMs: event.tickAtMs,
        lastEventId: event.eventId ?? context.lastEventId,
        ticks: context.ticks + 1,
      };
    case "schedule.moved":
    case "schedule.resumed":
      return { ...context, nextAtMs: event.nextAtMs };
    case "schedule.paused":
    case "schedule.removed":
      return context;
  }
}
