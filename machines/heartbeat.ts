import { assign, setup } from "xstate";
import type { Hold } from "./intents.ts";
import { merge, Pending, unheld, type Wake } from "./pending.ts";

/** The one run that is going on in the lane, with the wake it carries. */
export interface Run {
  readonly runId: string;
  readonly wake: Wake;
  readonly startedAtMs: number;
  /** Its session was forgotten meanwhile: however it ends, its wake is over. */
  readonly forgotten: boolean;
}

/** What a lane remembers. */
export interface HeartbeatContext {
  readonly lane: string;
  /** The pending wakes, keyed by session key. */
  readonly pending: Pending;
  readonly run: Run | null;
}

/** What can happen to a lane. */
export type HeartbeatEvent =
  | { readonly type: "wake.requested"; readonly wake: Wake }
  /** The agent said that it is busy before a run was begun. */
  | { readonly type: "wake.postponed"; readonly sessionKey: string; readonly dueAtMs: number }
  /** A policy holds it back until then. */
  | {
      readonly type: "wake.held";
      readonly sessionKey: string;
      readonly hold: Hold;
      readonly dueAtMs: number;
    }
  | { readonly type: "wake.dropped"; readonly sessionKey: string }
  | { readonly type: "session.forgotten"; readonly sessionKey: string }
  | {
      readonly type: "run.started";
      readonly sessionKey: string;
      readonly wakeId: string;
      readonly runId: string;
      readonly atMs: number;
      /** The how-manieth try it is; a lane that took the session over may not know. @default what the wake has been through */
      readonly attempt?: number;
      /** The agent said that it is idle: a wake that waits for that may start before its deadline. */
      readonly idle: boolean;
    }
  /** `next`: the wake for what is still queued in that session, unless one is pending already. */
  | { readonly type: "run.ran"; readonly runId: string; readonly next: Wake | null }
  /** `dueAtMs` null: the wake is over. */
  | {
      readonly type: "run.skipped";
      readonly runId: string;
      readonly dueAtMs: number | null;
      /** The agent was not asked: its gate was closed. */
      readonly gate?: NonNullable<Wake["gate"]>;
    }
  | {
      readonly type: "run.failed";
      readonly runId: string;
      readonly dueAtMs: number | null;
      readonly next: Wake | null;
      /** The agent's provider refused: it is held back until then, and no attempt is used up. */
      readonly refused?: boolean;
    };

type Settled = Extract<HeartbeatEvent, { type: "run.ran" | "run.skipped" | "run.failed" }>;

const dropped = [
  { guard: "leaves nothing", target: "idle", actions: "keep what is pending" },
  { guard: "leaves only waiting", target: "retrying", actions: "keep what is pending" },
  { guard: "is pending", actions: "keep what is pending" },
] as const;

/**
 * heartbeat (one per lane): idle --wake--> pending --due--> running --ran--> idle | pending.
 * Busy, failed, threw or crashed: running --> retrying with the same wake and the same session key; --due or agent idle--> running.
 *
 * A wake that a policy holds back stays pending, under its own key and id, until the moment that the policy names.
 *
 * The lane is in `retrying` only when all that is pending waits for an agent or a backoff: a busy session does not hold
 * up its siblings. Pure: time and ids arrive in the events; deadlines are read off the context (`Pending.dueAtMs`).
 */
export const heartbeatMachine = setup({
  types: {} as {
    input: { readonly lane: string };
    context: HeartbeatContext;
    events: HeartbeatEvent;
  },
  guards: {
    "is pending and due": ({ context, event }) => event.type === "run.started" && mayStart(context, event),
    "is pending": ({ context, event }) =>
      "sessionKey" in event && context.pending.get(event.sessionKey) !== undefined,
    "is the current run": ({ context, event }) => isCurrent(context, event),
    "is over, nothing is left": ({ context, event }) =>
      isCurrent(context, event) && phaseAfter(context, event) === "idle",
    "is over, the rest waits": ({ context, event }) =>
      isCurrent(context, event) && phaseAfter(context, event) === "retrying",
    "leaves nothing": ({ context, event }) => phaseAfter(context, event) === "idle",
    "leaves only waiting": ({ context, event }) => phaseAfter(context, event) === "retrying",
  },
  actions: {
    "keep what is pending": assign({ pending: ({ context, event }) => pendingAfter(context, event) }),
    "take the wake": assign(({ context, event }) =>
      event.type === "run.started" ? started(context, event) : {},
    ),
    "end the run": assign({ pending: ({ context, event }) => pendingAfter(context, event), run: null }),
    "mark the run": assign({
      run: ({ context: { run }, event }) =>
        "sessionKey" in event && run?.wake.sessionKey === event.sessionKey
          ? { ...run, forgotten: true }
          : run,
    }),
    /** Effect: the host begins the run after the commit. */
    "begin the run": () => {},
  },
}).createMachine({
  id: "heartbeat@1",
  context: ({ input }) => ({ lane: input.lane, pending: Pending.none, run: null }),
  initial: "idle",
  states: {
    idle: {
      on: { "wake.requested": { target: "pending", actions: "keep what is pending" } },
    },
    pending: {
      on: {
        "wake.requested": { actions: "keep what is pending" },
        "wake.postponed": [
          { guard: "leaves only waiting", target: "retrying", actions: "keep what is pending" },
          { guard: "is pending", actions: "keep what is pending" },
        ],
        "wake.held": { guard: "is pending", actions: "keep what is pending" },
        "wake.dropped": dropped,
        "session.forgotten": dropped,
        "run.started": {
          guard: "is pending and due",
          target: "running",
          actions: ["take the wake", "begin the run"],
        },
      },
    },
    running: {
      on: {
        "wake.requested": { actions: "keep what is pending" },
        "wake.dropped": { guard: "is pending", actions: "keep what is pending" },
        "session.forgotten": { actions: ["mark the run", "keep what is pending"] },
        "run.ran": [
          { guard: "is over, nothing is left", target: "idle", actions: "end the run" },
          { guard: "is over, the rest waits", target: "retrying", actions: "end the run" },
          { guard: "is the current run", target: "pending", actions: "end the run" },
        ],
        "run.skipped": [
          { guard: "is over, the rest waits", target: "retrying", actions: "end the run" },
          { guard: "is over, nothing is left", target: "idle", actions: "end the run" },
          { guard: "is the current run", target: "pending", actions: "end the run" },
        ],
        "run.failed": [
          { guard: "is over, the rest waits", target: "retrying", actions: "end the run" },
          { guard: "is over, nothing is left", target: "idle", actions: "end the run" },
          { guard: "is the current run", target: "pending", actions: "end the run" },
        ],
      },
    },
    retrying: {
      on: {
        "wake.requested": [
          { guard: "leaves only waiting", actions: "keep what is pending" },
          { target: "pending", actions: "keep what is pending" },
        ],
        "wake.postponed": { guard: "is pending", actions: "keep what is pending" },
        "wake.held": { guard: "is pending", target: "pending", actions: "keep what is pending" },
        "wake.dropped": dropped,
        "session.forgotten": dropped,
        "run.started": {
          guard: "is pending and due",
          target: "running",
          actions: ["take the wake", "begin the run"],
        },
      },
    },
  },
});

/** The wakes that are pending once `event` is handled. */
function pendingAfter({ pending, run }: HeartbeatContext, event: HeartbeatEvent): Pending {
  switch (event.type) {
    case "wake.requested": {
      const old = pending.get(event.wake.sessionKey);
      return pending.with(old === undefined ? event.wake : merge(old, event.wake));
    }
    case "wake.postponed": {
      const old = pending.get(event.sessionKey);
      return old === undefined ? pending : pending.with(postponed(old, event.dueAtMs));
    }
    case "wake.held": {
      const old = pending.get(event.sessionKey);
      return old === undefined ? pending : pending.with(held(old, event));
    }
    case "wake.dropped":
    case "session.forgotten":
    case "run.started":
      return pending.without(event.sessionKey);
    case "run.ran":
    case "run.skipped":
    case "run.failed":
      return run === null || run.forgotten ? pending : afterRun(pending, run.wake, event);
  }
}

/** The same wake goes back under its own key and id, merged with what was requested meanwhile; or it is over. */
function afterRun(pending: Pending, wake: Wake, event: Settled): Pending {
  if (event.type === "run.ran" || event.dueAtMs === null) {
    const next = event.type === "run.skipped" ? null : event.next;
    return next === null || pending.get(next.sessionKey) !== undefined ? pending : pending.with(next);
  }
  const back = goesBack(wake, event, event.dueAtMs);
  const meanwhile = pending.get(wake.sessionKey);
  // What was requested during the run is older news than its answer: it does not cut the pause short.
  const merged = meanwhile === undefined ? back : merge(back, { ...meanwhile, dueAtMs: Infinity });
  return pending.with(merged);
}

function goesBack(wake: Wake, event: Settled, dueAtMs: number): Wake {
  if (event.type === "run.skipped")
    return { ...postponed(wake, dueAtMs), ...(event.gate && { gate: event.gate }) };
  if (event.type === "run.failed" && event.refused === true)
    return held(wake, { hold: "circuit-open", dueAtMs });
  return backedOff(wake, dueAtMs);
}

/** Nothing was done and nobody was asked: attempts and postponements stay. */
const held = (wake: Wake, { hold, dueAtMs }: Pick<Required<Wake>, "hold" | "dueAtMs">): Wake => ({
  ...wake,
  dueAtMs,
  waitsFor: "hold",
  hold,
});

const postponed = (wake: Wake, dueAtMs: number): Wake => ({
  ...unheld(wake),
  dueAtMs,
  waitsFor: "idle",
  postponements: wake.postponements + 1,
});

const backedOff = (wake: Wake, dueAtMs: number): Wake => ({
  ...wake,
  dueAtMs,
  waitsFor: "backoff",
  attempts: wake.attempts + 1,
  postponements: 0,
});

function phaseAfter(context: HeartbeatContext, event: HeartbeatEvent): "idle" | "pending" | "retrying" {
  const { size, waiting } = pendingAfter(context, event);
  if (size === 0) return "idle";
  return waiting === size ? "retrying" : "pending";
}

const isCurrent = (context: HeartbeatContext, event: HeartbeatEvent): boolean =>
  "runId" in event && event.runId === context.run?.runId;

function mayStart(
  context: HeartbeatContext,
  event: Extract<HeartbeatEvent, { type: "run.started" }>,
): boolean {
  const wake = context.pending.get(event.sessionKey);
  if (wake === undefined) return false;
  return wake.dueAtMs <= event.atMs || (event.idle && wake.waitsFor === "idle");
}

function started(
  context: HeartbeatContext,
  event: Extract<HeartbeatEvent, { type: "run.started" }>,
): Pick<HeartbeatContext, "pending" | "run"> {
  const wake = context.pending.get(event.sessionKey);
  if (wake === undefined) return context;
  const attempts = event.attempt === undefined ? wake.attempts : event.attempt - 1;
  return {
    pending: pendingAfter(context, event),
    run: {
      runId: event.runId,
      wake: { ...unheld(wake), wakeId: event.wakeId, attempts },
      startedAtMs: event.atMs,
      forgotten: false,
    },
  };
}
