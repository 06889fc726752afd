/**
 * Checked by the compiler, in the checkout and against the packed package: what is right compiles, and each mistake
 * under `@ts-expect-error` is one (the compiler complains about a line that has none).
 */
import { createHeartbeat, ERROR_CODES, LubdubError, memoryStore, sqliteStore } from "lubdub";
import type { Accepted, ErrorCode, Heartbeat, LogRecord, Outcome, RunHandler, Why } from "lubdub";
import { connect } from "lubdub/client";
import { createInspector } from "lubdub/inspect";
import { heartbeatMachine, sessionMachine } from "lubdub/machines";
import { requestHeartbeatNow, setHeartbeatWakeHandler } from "lubdub/openclaw";

const ran: RunHandler = () => ({ status: "ran", reply: "done" });
const busy: RunHandler = async () => ({
  status: "skipped",
  reason: "requests-in-flight",
  retryAfterMs: 1_000,
});
const failed: RunHandler = ({ attempt, signal }) => ({
  status: "failed",
  reason: `attempt ${attempt.toFixed()} of ${signal.aborted}`,
  retryable: false,
});

// @ts-expect-error there is no such outcome
export const unknownOutcome: RunHandler = () => ({ status: "done" });
// @ts-expect-error a skip says why
export const silentSkip: RunHandler = () => ({ status: "skipped" });
// @ts-expect-error a failure says why
export const silentFailure: RunHandler = async () => ({ status: "failed" });
// @ts-expect-error a reply is a text
export const wrongReply: RunHandler = () => ({ status: "ran", reply: 1 });
// @ts-expect-error an outcome is answered
export const noOutcome: RunHandler = () => {};
// @ts-expect-error the session key is a text
export const wrongKey: RunHandler = ({ sessionKey }) => ({ status: "ran", reply: sessionKey.toFixed() });

export const heartbeat: Heartbeat = createHeartbeat({
  run: ran,
  store: sqliteStore({ folder: "data" }),
  busyBackoff: { baseMs: 1_000, capMs: 60_000 },
  laneOf: (sessionKey) => sessionKey.slice(0, 4),
});
createHeartbeat({ run: busy, store: memoryStore() });
createHeartbeat({ run: failed });

// @ts-expect-error somebody must be woken
createHeartbeat({});
// @ts-expect-error there is no such option
createHeartbeat({ run: ran, coalesce: 250 });
// @ts-expect-error a number of milliseconds
createHeartbeat({ run: ran, coalesceMs: "250" });
// @ts-expect-error both limits of a backoff are said
createHeartbeat({ run: ran, busyBackoff: { baseMs: 1_000 } });
// @ts-expect-error a store, not its folder
createHeartbeat({ run: ran, store: "data" });

export async function calls(): Promise<void> {
  const accepted: Accepted = await heartbeat.wake("text", {
    sessionKey: "a",
    data: { n: 1 },
    trust: "trusted",
  });
  const outcome: Outcome = await heartbeat.runHeartbeatOnce({ sessionKey: "a" });
  if (outcome.status === "skipped") outcome.reason satisfies string;
  const five: number = await heartbeat.withTurn("a", async () => 5);
  const why: Why = await heartbeat.why("a");
  const stop: () => void = heartbeat.subscribe((record: LogRecord) => {
    if (record.type === "run.ran") record.facts.durationMs satisfies number;
    // @ts-expect-error there is no such record
    if (record.type === "run.done") stop();
  });
  await heartbeat.receipt(accepted.wakeId);
  // @ts-expect-error an event belongs to a session
  await heartbeat.wake("text", {});
  // @ts-expect-error there is no such intent
  await heartbeat.requestHeartbeat({ sessionKey: "a", intent: "soon" });
  // @ts-expect-error a wake has no text
  await heartbeat.requestHeartbeat({ sessionKey: "a", text: "b" });
  // @ts-expect-error there is no such state
  await heartbeat.waitFor(accepted.wakeId, "done");
  // @ts-expect-error data is JSON
  await heartbeat.wake("text", { sessionKey: "a", data: () => five });
  // @ts-expect-error there is no such code
  if (why.code === "asleep") stop();
}

export const remote: Heartbeat = connect({ url: "http://127.0.0.1:5823", token: "0123456789abcdef" });
// @ts-expect-error the daemon asks for its token
connect({ url: "http://127.0.0.1:5823" });

export const inspected = createInspector({ token: "0123456789abcdef" }).then((inspect) =>
  createHeartbeat({ run: ran, inspect }),
);

export const dispose: () => void = setHeartbeatWakeHandler(async () => ({ status: "ran", durationMs: 1 }));
requestHeartbeatNow({ reason: "exec-event", sessionKey: "a" });
// @ts-expect-error milliseconds are a number
requestHeartbeatNow({ coalesceMs: "250" });

export const machines = [heartbeatMachine.id, sessionMachine.id];

export const isFull = (error: unknown): boolean =>
  error instanceof LubdubError && error.code === "LUBDUB_QUEUE_FULL";
// @ts-expect-error there is no such error
export const isOdd = (error: LubdubError): boolean => error.code === "LUBDUB_ODD";
export const codes: readonly ErrorCode[] = ERROR_CODES;
