import { LubdubError, shown } from "../errors.ts";
import type { Intent, Source } from "../vocabulary.ts";
import { sharedState } from "./shared-state.ts";
import {
  giveBack,
  hasPending,
  request,
  settle,
  takeBatch,
  type TakenWake,
  type WakeLanes,
} from "./wake-lanes.ts";
import {
  isBusy,
  trimmed,
  type HeartbeatRunResult,
  type HeartbeatWakeOverride,
  type HeartbeatWakeRequest,
} from "./wake-words.ts";

export {
  HEARTBEAT_SKIP_CRON_IN_PROGRESS,
  HEARTBEAT_SKIP_LANES_BUSY,
  HEARTBEAT_SKIP_REQUESTS_IN_FLIGHT,
  type HeartbeatRunResult,
  type HeartbeatWakeOverride,
  type HeartbeatWakeRequest,
} from "./wake-words.ts";

/** Called once per wake, one wake at a time. An answer that rejects brings the whole batch back after a second. */
export type HeartbeatWakeHandler = (
  request: HeartbeatWakeRequest,
) => HeartbeatRunResult | Promise<HeartbeatRunResult>;

/** What `requestHeartbeatNow` takes. */
export interface HeartbeatNowOptions {
  /** For the handler. It also says how urgent the wake is. @default "requested" */
  readonly reason?: string | undefined;
  /** How long to wait for more, in milliseconds; at most 2_147_483_647. Negative is 0. @default 250, also when not finite */
  readonly coalesceMs?: number | undefined;
  readonly agentId?: string | undefined;
  readonly sessionKey?: string | undefined;
}

/** What `requestHeartbeat` takes. */
export interface HeartbeatOptions extends HeartbeatNowOptions {
  readonly source: Source;
  readonly intent: Intent;
  readonly heartbeat?: HeartbeatWakeOverride | undefined;
}

type TimerKind = "normal" | "retry";

interface State {
  readonly lanes: WakeLanes;
  handler: HeartbeatWakeHandler | null;
  /** Grows with every change of the handler, so that a stale disposer is recognised. */
  generation: number;
  /** The one timer: not the machine's deadlines but this rule decides when a batch goes. */
  timer: {
    readonly handle: ReturnType<typeof setTimeout>;
    readonly dueAtMs: number;
    readonly kind: TimerKind;
  } | null;
  running: boolean;
  enabled: boolean;
}

const COALESCE_MS = 250;
const RETRY_MS = 1_000;
/** Node fires a longer timer after 1 ms. */
const TIMER_MAX_MS = 2_147_483_647;

const state = sharedState<State>("lubdub.openclaw.heartbeat-wake@1", () => ({
  lanes: { actors: new Map(), count: 0 },
  handler: null,
  generation: 0,
  timer: null,
  running: false,
  enabled: true,
}));

/**
 * Asks for a run of the target (agent and session; neither means the default). Requests for one target within the
 * window become one run; two targets are two. Without a handler the wake is kept until one is set.
 *
 * @example requestHeartbeatNow({ reason: "exec-event", sessionKey: "agent:main:discord:channel:42" });
 */
export function requestHeartbeatNow(options?: HeartbeatNowOptions): void {
  request(state.lanes, requestOf(options), Date.now());
  arm(options?.coalesceMs ?? COALESCE_MS, "normal");
}

/** The later form of `requestHeartbeatNow`: the handler is also told the source, the intent and the override. */
export function requestHeartbeat(options: HeartbeatOptions): void {
  const { source, intent, heartbeat } = options;
  const asked = { source, intent, ...requestOf(options), ...(heartbeat == null ? {} : { heartbeat }) };
  request(state.lanes, asked, Date.now());
  arm(options.coalesceMs ?? COALESCE_MS, "normal");
}

/**
 * Sets the handler, or takes it away with `null`. A new handler starts afresh: retry pauses and a run of the old handler
 * no longer hold it up, and what is pending comes after 250 ms.
 *
 * @returns takes this handler away again; does nothing once another call has set or taken one.
 * @throws LubdubError `LUBDUB_INPUT_INVALID` when it is not a function
 */
export function setHeartbeatWakeHandler(next: HeartbeatWakeHandler | null): () => void {
  const handler = checked(next);
  const generation = (state.generation += 1);
  state.handler = handler;
  if (handler !== null) {
    disarm();
    state.running = false;
    if (hasPending(state.lanes)) arm(COALESCE_MS, "normal");
  }
  return () => {
    if (state.generation === generation) state.handler = null;
  };
}

/** Whether a handler is set. */
export const hasHeartbeatWakeHandler = (): boolean => state.handler !== null;

/** Whether a wake waits, with or without a timer. A wake that the handler works on does not count. */
export const hasPendingHeartbeatWake = (): boolean => state.timer !== null || hasPending(state.lanes);

/** A switch for the host's own gate to read: it holds no wake up here. @default true */
export function setHeartbeatsEnabled(enabled: boolean): void {
  state.enabled = enabled;
}

/** What `setHeartbeatsEnabled` said last; true at first. */
export const areHeartbeatsEnabled = (): boolean => state.enabled;

/** Forgets handler, timer and wakes; `setHeartbeatsEnabled` stays. For tests. */
export function resetHeartbeatWakeStateForTests(): void {
  disarm();
  state.lanes.actors.clear();
  state.running = false;
  state.generation += 1;
  state.handler = null;
}

/** A retry pause is never cut short; a normal timer gives way only to an earlier one. */
function arm(askedMs: number, kind: TimerKind): void {
  const delayMs = Number.isFinite(askedMs) ? Math.min(Math.max(0, askedMs), TIMER_MAX_MS) : COALESCE_MS;
  const dueAtMs = Date.now() + delayMs;
  if (state.timer !== null) {
    if (state.timer.kind === "retry" || state.timer.dueAtMs <= dueAtMs) return;
    disarm();
  }
  // The globals of this moment, so that a host's fake timers drive them; those may hand out plain numbers.
  const handle = setTimeout(() => void fire(delayMs, kind), delayMs);
  (handle as { unref?: () => unknown }).unref?.();
  state.timer = { handle, dueAtMs, kind };
}

function disarm(): void {
  if (state.timer !== null) clearTimeout(state.timer.handle);
  state.timer = null;
}

/**
 * Hands all that is pending to the handler, one wake after the other. A batch that began under a replaced handler goes
 * on with that handler to its end, and then frees the slot like any other: so did the reference of that time.
 */
async function fire(delayMs: number, kind: TimerKind): Promise<void> {
  state.timer = null;
  const { handler } = state;
  if (handler === null) return;
  if (state.running) {
    // The armed timer is all that has to be remembered: what it was armed for is still pending.
    arm(delayMs, kind);
    return;
  }
  state.running = true;
  const batch = takeBatch(state.lanes, Date.now());
  try {
    for (const taken of batch) conclude(taken, await handler({ ...taken.wake.request }));
  } catch {
    // The handler reports its own errors. Siblings that were already done come back too: at least once, never lost.
    for (const taken of batch) giveBack(state.lanes, taken, Date.now());
    arm(RETRY_MS, "retry");
  } finally {
    state.running = false;
    if (hasPending(state.lanes)) arm(delayMs, "normal");
  }
}

function conclude(taken: TakenWake, result: HeartbeatRunResult): void {
  if (isBusy(result, taken.wake.request)) {
    giveBack(state.lanes, taken, Date.now());
    arm(RETRY_MS, "retry");
  } else {
    settle(state.lanes, taken, result.status);
  }
}

function requestOf(options: HeartbeatNowOptions | undefined): HeartbeatWakeRequest {
  const agentId = trimmed(options?.agentId);
  const sessionKey = trimmed(options?.sessionKey);
  return {
    reason: trimmed(options?.reason) || "requested",
    ...(agentId === "" ? {} : { agentId }),
    ...(sessionKey === "" ? {} : { sessionKey }),
  };
}

function checked(handler: HeartbeatWakeHandler | null | undefined): HeartbeatWakeHandler | null {
  if (handler == null) return null;
  if (typeof handler === "function") return handler;
  throw new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: "a function, or null, as the heartbeat's wake handler",
    got: shown(handler),
    fix: "Pass the function that runs the agent's turn.",
  });
}
