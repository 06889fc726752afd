import type { SnapshotFrom } from "xstate";
import {
  heartbeatMachine,
  type HeartbeatContext,
  type HeartbeatEvent,
  type Intent,
  type Wake,
} from "../../../machines/index.ts";
import type { Walk } from "./graph.ts";

type Snapshot = SnapshotFrom<typeof heartbeatMachine>;

/** The hour never moves: every event happens now, and what it names is due before now, now or later. */
export const NOW_MS = 30;
const DUE_MS: Readonly<Record<"event" | "manual", number>> = { event: 2, manual: 1 };
/** A backoff that is over; a wait for an idle agent that only its signal can end. */
const BACKOFF_MS = 20;
const BUSY_MS = 40;
/** A hold that is over: it may run, and it may be held again. */
const HELD_MS = 10;
export const STALE_RUN = "r-1-stalerun";
export const RUN = "run";
/** Tries and postponements that the exact walk tells apart. */
const COUNTED_MAX = 2;

interface Options {
  readonly keys: readonly string[];
  /** `exact`: tells deadlines and numbers of tries apart. `symmetric`: does not tell the keys apart. */
  readonly vertices: "exact" | "ordered" | "symmetric";
}

export function heartbeatWalk({ keys, vertices }: Options): Walk<typeof heartbeatMachine> {
  // A request that cuts a pause short is a matter of one key: with three keys it would only multiply the states.
  const intents = vertices === "symmetric" ? (["event"] as const) : (["event", "manual"] as const);
  return {
    machine: heartbeatMachine,
    input: { lane: "lane" },
    events: ({ context, value }: Snapshot) => [
      ...keys.flatMap((key) => intents.map((intent) => requested(key, intent, DUE_MS[intent]))),
      ...keys.map((sessionKey) => ({ type: "session.forgotten" as const, sessionKey })),
      ...[...context.pending].flatMap((wake) => [
        { type: "wake.dropped" as const, sessionKey: wake.sessionKey },
        ...(value === "running"
          ? []
          : [...starts(wake), ...postpones(wake, vertices), ...holds(wake, vertices, keys)]),
      ]),
      ...(context.run === null ? [] : ends(context.run.wake, vertices)),
      ...stale(),
    ],
    vertexOf: ({ value, context }: Snapshot) => {
      const shown = keys.map((key) => shownKey(context, key, vertices === "exact"));
      return JSON.stringify([value, ...(vertices === "symmetric" ? shown.toSorted() : shown)]);
    },
  };
}

const requested = (sessionKey: string, intent: Intent, dueAtMs: number): HeartbeatEvent => ({
  type: "wake.requested",
  wake: {
    sessionKey,
    wakeId: "wake",
    source: "test",
    intent,
    reason: "test",
    requestedAtMs: NOW_MS,
    dueAtMs,
    waitsFor: "window",
    attempts: 0,
    postponements: 0,
  },
});

/** What is compared between machine and driver, key by key. */
export function shownKey({ pending, run }: HeartbeatContext, key: string, exact: boolean): string {
  const wake = pending.get(key);
  const running = run?.wake.sessionKey === key ? run.wake : undefined;
  const waiting = wake === undefined ? "" : `${wake.intent} waits for ${wake.waitsFor}`;
  const going = running === undefined ? "" : `${running.intent} runs${run?.forgotten ? " forgotten" : ""}`;
  const counts = (of: Wake | undefined): string =>
    of === undefined ? "" : ` ${of.attempts} ${of.postponements}`;
  const dueAtMs = wake === undefined ? "" : ` until ${wake.dueAtMs}`;
  return exact ? `${waiting}${dueAtMs}${counts(wake)}, ${going}${counts(running)}` : `${waiting}, ${going}`;
}

function starts({ sessionKey, dueAtMs, waitsFor }: Wake): HeartbeatEvent[] {
  const idle = waitsFor === "idle";
  if (dueAtMs > NOW_MS && !idle) return [];
  return [{ type: "run.started", sessionKey, wakeId: "wake", runId: RUN, atMs: NOW_MS, idle }];
}

function postpones({ sessionKey, postponements }: Wake, vertices: Options["vertices"]): HeartbeatEvent[] {
  if (vertices === "exact" && postponements >= COUNTED_MAX) return [];
  return [{ type: "wake.postponed", sessionKey, dueAtMs: BUSY_MS }];
}

/** That a held key leaves another alone is seen with one of two. */
function holds(
  { sessionKey }: Wake,
  vertices: Options["vertices"],
  keys: readonly string[],
): HeartbeatEvent[] {
  if (vertices === "ordered" && sessionKey !== keys[0]) return [];
  return [{ type: "wake.held", sessionKey, hold: "flood", dueAtMs: HELD_MS }];
}

function ends(wake: Wake, vertices: Options["vertices"]): HeartbeatEvent[] {
  const rest = requested(wake.sessionKey, "event", NOW_MS) as { readonly wake: Wake };
  const skips = vertices !== "exact" || wake.postponements < COUNTED_MAX ? [BUSY_MS, null] : [null];
  const fails = vertices !== "exact" || wake.attempts < COUNTED_MAX ? [BACKOFF_MS] : [];
  return [
    { type: "run.ran", runId: RUN, next: null },
    { type: "run.ran", runId: RUN, next: rest.wake },
    ...skips.map((dueAtMs) => ({ type: "run.skipped" as const, runId: RUN, dueAtMs })),
    ...fails.map((dueAtMs) => ({ type: "run.failed" as const, runId: RUN, dueAtMs, next: rest.wake })),
    { type: "run.failed", runId: RUN, dueAtMs: null, next: null },
    { type: "run.failed", runId: RUN, dueAtMs: null, next: rest.wake },
  ];
}

/** What an earlier process or a run given up may still answer: it changes nothing. */
const stale = (): HeartbeatEvent[] => [
  { type: "run.ran", runId: STALE_RUN, next: null },
  { type: "run.skipped", runId: STALE_RUN, dueAtMs: BUSY_MS },
  { type: "run.failed", runId: STALE_RUN, dueAtMs: null, next: null },
];
