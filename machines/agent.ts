import { assign, setup } from "xstate";
import { counted, spent, uncounted, type Count, type Spent, type Tally } from "./tally.ts";

/** Why an agent's provider refuses every call, whatever the events are. */
export type Refusal = "auth" | "quota";

/** What is known of an agent that refuses. */
export interface Breaker {
  readonly refusal: Refusal;
  /** How often it has opened without a success in between. */
  readonly openings: number;
  /** No run before this moment; then one is tried. */
  readonly untilMs: number;
  /** The run that is tried. */
  readonly probe: { readonly runId: string; readonly atMs: number } | null;
}

/** What is remembered of an agent. */
export interface AgentContext {
  readonly agentId: string;
  readonly tally?: Tally;
  readonly breaker: Breaker | null;
}

/** What can happen to an agent. */
export type AgentEvent =
  | { readonly type: "run.started"; readonly count: Count }
  | ({ readonly type: "run.ran"; readonly runId: string } & Spent)
  | { readonly type: "run.skipped"; readonly runId: string }
  | {
      readonly type: "run.failed";
      readonly runId: string;
      /** Set when its provider refused. */
      readonly refused: { readonly refusal: Refusal; readonly untilMs: number } | null;
    };

/**
 * agent (one per agent): counts its runs over all sessions, and stops calling it while its provider refuses every call.
 * closed --refused--> open --a run starts--> probing --ran--> closed; probing --refused--> open, for longer.
 * A probe that was skipped, or failed for another reason, says nothing: the next run is tried.
 */
export const agentMachine = setup({
  types: {} as {
    input: { readonly agentId: string };
    context: AgentContext;
    events: AgentEvent;
  },
  guards: {
    "was refused": ({ event }) => isRefused(event),
    "is the probe, refused": ({ context, event }) => isProbe(context, event) && isRefused(event),
    "is the probe": ({ context, event }) => isProbe(context, event),
  },
  actions: {
    count: assign(({ context, event }) => withTally(context, event)),
    open: assign(({ context, event }) => opened(context, event)),
    probe: assign(({ context, event }) => probed(withTally(context, event), event)),
    "give the probe up": assign(({ context, event }) => withoutProbe(withTally(context, event))),
    close: assign(({ context, event }) => ({ ...withTally(context, event), breaker: null })),
  },
}).createMachine({
  id: "agent@1",
  context: ({ input }) => ({ agentId: input.agentId, breaker: null }),
  initial: "closed",
  states: {
    closed: {
      on: {
        "run.started": { actions: "count" },
        "run.ran": { actions: "count" },
        "run.skipped": { actions: "count" },
        "run.failed": { guard: "was refused", target: "open", actions: "open" },
      },
    },
    open: {
      on: {
        "run.started": { target: "probing", actions: "probe" },
        "run.ran": { actions: "count" },
        "run.skipped": { actions: "count" },
      },
    },
    probing: {
      on: {
        "run.started": { actions: "probe" },
        "run.ran": [{ guard: "is the probe", target: "closed", actions: "close" }, { actions: "count" }],
        "run.skipped": [
          { guard: "is the probe", target: "open", actions: "give the probe up" },
          { actions: "count" },
        ],
        "run.failed": [
          { guard: "is the probe, refused", target: "open", actions: "open" },
          { guard: "is the probe", target: "open", actions: "give the probe up" },
        ],
      },
    },
  },
});

const isRefused = (event: AgentEvent): boolean => event.type === "run.failed" && event.refused !== null;

const isProbe = ({ breaker }: AgentContext, event: AgentEvent): boolean =>
  "runId" in event && event.runId === breaker?.probe?.runId;

function withTally(context: AgentContext, event: AgentEvent): AgentContext {
  const tally = tallyAfter(context.tally, event);
  return tally === undefined ? context : { ...context, tally };
}

function tallyAfter(tally: Tally | undefined, event: AgentEvent): Tally | undefined {
  if (event.type === "run.started") return counted(tally, event.count);
  if (event.type === "run.ran") return spent(tally, event);
  return event.type === "run.skipped" ? uncounted(tally, event.runId) : tally;
}

function opened(context: AgentContext, event: AgentEvent): AgentContext {
  if (event.type !== "run.failed" || event.refused === null) return context;
  const openings = (context.breaker?.openings ?? 0) + 1;
  return { ...context, breaker: { ...event.refused, openings, probe: null } };
}

function probed(context: AgentContext, event: AgentEvent): AgentContext {
  if (event.type !== "run.started" || context.breaker === null) return context;
  const { runId, atMs } = event.count;
  return { ...context, breaker: { ...context.breaker, probe: { runId, atMs } } };
}

const withoutProbe = (context: AgentContext): AgentContext =>
  context.breaker === null ? context : { ...context, breaker: { ...context.breaker, probe: null } };
