import { describe, expect, test } from "vitest";
import type { Heartbeat, NowOptions, OnceOptions } from "../../src/api.ts";
import type { ErrorCode } from "../../src/errors.ts";
import type { Outcome, RunHandler } from "../../src/vocabulary.ts";
import { httpApp, post } from "../http/fixture.ts";
import { held, RAN } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

/*
 * What may be wrong, and where it is tested. "here" is this file.
 *
 * | item                             | tests                                                                                                     |
 * |----------------------------------|-----------------------------------------------------------------------------------------------------------|
 * | session key: empty, long, control | library: here; HTTP: here, http/routes (paths); CLI: bad-input/cli, cli/run; client: client/client          |
 * | text over its limit              | library: here, contract/heartbeat; HTTP: here; CLI: bad-input/cli                                           |
 * | wrong JSON, wrong content type   | HTTP: security/requests; config: config/load; spool: cli/run; agents: agents/http                               |
 * | unknown field                    | library: here; HTTP: security/requests; config: config/schema; CLI options: cli/commands                        |
 * | handler: unknown outcome, throws | here; agents/module, agents/command, agents/http                                                            |
 * | handler: hangs, answers twice    | here, hosts/turns; agents/command, agents/http                                                              |
 * | database: corrupted              | log/damage, bad-input/damaged-lane; daemon: cli/daemon, cli/commands (doctor)                               |
 * | database: foreign                | log/open; daemon: cli/daemon                                                                                |
 * | database: of a newer version     | log/open; daemon: bad-input/cli                                                                             |
 * | full disk                        | log/durable; host: bad-input/full-disk, bad-input/failing-store, hosts/full-disk                            |
 * | store that fails                 | log/durable; host: bad-input/failing-store; daemon: cli/daemon                                              |
 * | a second daemon on the same data | log/owner; daemon: cli/daemon                                                                               |
 * | a port in use                    | security/sockets; daemon: cli/daemon                                                                            |
 * | token file: missing, wide open   | config/token; daemon: cli/daemon; commands: bad-input/cli                                                   |
 * | a Node that is too old           | cli/bin                                                                                                     |
 */

const D = "agent:main:discord:channel:42";
const CLEAR = /^Expected [^]+; got [^]+\./;

/** Does `wrong`, and then shows that what was queued before is still there and is handled. */
async function refused(wrong: (heartbeat: Heartbeat) => unknown): Promise<unknown> {
  const heart = testHeart();
  const { heartbeat, agent, clock } = heart;
  await heart.soon(heartbeat.wake("before", { sessionKey: D }));
  const error: unknown = await heart
    .soon((async () => wrong(heartbeat))())
    .catch((thrown: unknown) => thrown);
  expect(await heartbeat.read()).toHaveLength(1);
  await clock.advance(1_000);
  expect(agent.calls.map(({ events }) => events.map(({ text }) => text))).toEqual([["before"]]);
  return error;
}

const KEYS: readonly (readonly [string, unknown])[] = [
  ["empty", ""],
  ["513 bytes", "k".repeat(513)],
  ["513 bytes in 171 characters", "€".repeat(171)],
  ["a line break", "a\nb"],
  ["an escape character", "a\u001b[2J"],
  ["NUL", "a\0"],
  ["half a character", "a\ud800"],
  ["no text", 42],
  ["nothing", undefined],
];
const CALLS: readonly (readonly [string, (heartbeat: Heartbeat, key: string) => unknown])[] = [
  ["wake", (it, sessionKey) => it.wake("x", { sessionKey })],
  ["enqueueSystemEvent", (it, sessionKey) => it.enqueueSystemEvent("x", { sessionKey })],
  ["requestHeartbeat", (it, sessionKey) => it.requestHeartbeat({ sessionKey })],
  ["requestHeartbeatNow", (it, sessionKey) => it.requestHeartbeatNow({ sessionKey })],
  ["runHeartbeatOnce", (it, sessionKey) => it.runHeartbeatOnce({ sessionKey })],
  ["peekSystemEvents", (it, key) => it.peekSystemEvents(key)],
  ["drainSystemEvents", (it, key) => it.drainSystemEvents(key)],
  ["withTurn", (it, key) => it.withTurn(key, () => 1)],
  ["acquireTurn", (it, key) => it.acquireTurn(key)],
  ["isBusy", (it, key) => it.isBusy(key)],
  ["onIdle", (it, key) => it.onIdle(key, () => {})],
  ["why", (it, key) => it.why(key)],
  ["session", (it, key) => it.session(key)],
  ["forget", (it, key) => it.forget(key)],
];

describe.each(CALLS)("library: %s", (_name, call) => {
  test.each(KEYS)("session key: %s", async (_what, key) => {
    expect(await refused((it) => call(it, key as string))).toMatchObject({
      name: "LubdubError",
      code: "LUBDUB_SESSION_KEY_INVALID",
      message: expect.stringMatching(CLEAR) as string,
      retryable: false,
    });
  });
});

const EVENTS: readonly (readonly [string, unknown, object, ErrorCode])[] = [
  ["a text over its limit", "x".repeat(32_769), {}, "LUBDUB_TEXT_INVALID"],
  ["a text over its limit in bytes only", "€".repeat(10_923), {}, "LUBDUB_TEXT_INVALID"],
  ["a blank text", " \n\t", {}, "LUBDUB_TEXT_INVALID"],
  ["a text that is none", { toString: () => "x" }, {}, "LUBDUB_TEXT_INVALID"],
  ["an unknown field", "x", { sesionKey: D }, "LUBDUB_INPUT_INVALID"],
  [
    "a route with a name that would vanish",
    "x",
    { route: JSON.parse('{"__proto__":"x"}') as object },
    "LUBDUB_INPUT_INVALID",
  ],
  ["an unknown intent", "x", { intent: "soon" }, "LUBDUB_INPUT_INVALID"],
  ["a long source", "x", { source: "s".repeat(65) }, "LUBDUB_INPUT_INVALID"],
  ["a long reason", "x", { reason: "r".repeat(257) }, "LUBDUB_INPUT_INVALID"],
  ["a long dedupe key", "x", { dedupeKey: "d".repeat(257) }, "LUBDUB_INPUT_INVALID"],
  ["a negative window", "x", { coalesceMs: -1 }, "LUBDUB_INPUT_INVALID"],
  ["a window of no number", "x", { coalesceMs: Number.NaN }, "LUBDUB_INPUT_INVALID"],
  ["a window over a day", "x", { coalesceMs: 86_400_001 }, "LUBDUB_INPUT_INVALID"],
  ["data over its limit", "x", { data: "d".repeat(65_537) }, "LUBDUB_TOO_LARGE"],
  ["data that JSON cannot carry", "x", { data: 1n }, "LUBDUB_INPUT_INVALID"],
];

test.each(EVENTS)("library: %s", async (_what, text, options, code) => {
  const error = await refused((it) => it.wake(text as string, { sessionKey: D, ...options }));
  expect(error).toMatchObject({
    name: "LubdubError",
    code,
    message: expect.stringMatching(CLEAR) as string,
  });
});

const OVERRULED: readonly (readonly [string, (heartbeat: Heartbeat) => unknown])[] = [
  ["an intent for now", (it) => it.requestHeartbeatNow({ sessionKey: D, intent: "manual" } as NowOptions)],
  ["an intent for once", (it) => it.runHeartbeatOnce({ sessionKey: D, intent: "event" } as OnceOptions)],
  ["a window for once", (it) => it.runHeartbeatOnce({ sessionKey: D, coalesceMs: 9 } as OnceOptions)],
];

test.each(OVERRULED)("library: %s, which the call gives itself", async (_what, call) => {
  expect(await refused(call)).toMatchObject({
    code: "LUBDUB_INPUT_INVALID",
    message: expect.stringMatching(CLEAR) as string,
  });
});

const BODIES: readonly (readonly [string, object, ErrorCode])[] = [
  ["an empty session key", { text: "x", sessionKey: "" }, "LUBDUB_SESSION_KEY_INVALID"],
  ["a long session key", { text: "x", sessionKey: "k".repeat(513) }, "LUBDUB_SESSION_KEY_INVALID"],
  ["a control character in it", { text: "x", sessionKey: "a\u001bb" }, "LUBDUB_SESSION_KEY_INVALID"],
  ["a text over its limit", { text: "x".repeat(32_769), sessionKey: D }, "LUBDUB_TEXT_INVALID"],
];

test.each(BODIES)("HTTP: %s", async (_what, body, code) => {
  await refused(async (heartbeat) => {
    const app = httpApp(heartbeat);
    const answer = await post(app, "/v1/events", body);
    const problem = (await answer.json()) as object;
    expect(answer.status).toBe(400);
    expect(problem).toMatchObject({ code, detail: expect.stringMatching(CLEAR) as string });
    expect(JSON.stringify(problem)).not.toContain("    at ");
  });
});

const handler = (answer: () => unknown): RunHandler => answer as RunHandler;
const throwing = (thrown: unknown): RunHandler =>
  handler(() => {
    throw thrown;
  });
/** Answers again and again: only the first counts. */
const twice = {
  // oxlint-disable-next-line unicorn/no-thenable
  then: (resolve: (outcome: Outcome) => void) => {
    resolve({ status: "failed", reason: "the first answer" });
    resolve(RAN);
  },
};
const HANDLERS: readonly (readonly [string, RunHandler, ErrorCode, RegExp])[] = [
  ["answers nothing", handler(() => undefined), "LUBDUB_OUTCOME_INVALID", /got "?undefined/],
  ["answers null", handler(() => null), "LUBDUB_OUTCOME_INVALID", /got "null"/],
  ["answers a text", handler(() => "ran"), "LUBDUB_OUTCOME_INVALID", CLEAR],
  ["answers another status", handler(() => ({ status: "done" })), "LUBDUB_OUTCOME_INVALID", /done/],
  ["skips without a reason", handler(() => ({ status: "skipped" })), "LUBDUB_OUTCOME_INVALID", CLEAR],
  ["throws", throwing(new Error("model is down")), "LUBDUB_RUN_THREW", /^model is down$/],
  ["throws a text", throwing("no"), "LUBDUB_RUN_THREW", /^no$/],
  ["throws nothing", throwing(undefined), "LUBDUB_RUN_THREW", /undefined/],
  ["rejects", () => Promise.reject(new Error("later")), "LUBDUB_RUN_THREW", /^later$/],
  ["hangs", () => new Promise(() => {}), "LUBDUB_RUN_TIMEOUT", /60000 ms/],
  ["answers twice", handler(() => twice), "LUBDUB_RUN_FAILED", /^the first answer$/],
];

test.each(HANDLERS)("a handler that %s: an attempt is used up, the events come again", async (...row) => {
  const [_what, run, code, message] = row;
  const heart = testHeart({ runTimeoutMs: 60_000, coalesceMs: 0, maxAttempts: 2 });
  const { heartbeat, agent, clock } = heart;
  agent.answers(run, RAN);
  await heart.soon(heartbeat.wake("ended", { sessionKey: D }));
  await clock.advance(70_000);
  const failed = (await heartbeat.read()).find(({ type }) => type === "run.failed");
  expect(failed).toMatchObject({
    facts: { code },
    body: { error: expect.stringMatching(message) as string },
  });
  expect(JSON.stringify(failed)).not.toContain("    at ");
  expect(agent.calls.map(({ attempt, events }) => [attempt, events[0]?.text])).toEqual([
    [1, "ended"],
    [2, "ended"],
  ]);
  expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
});

test("an answer after the time limit counts for nothing: the events of the next run are not acknowledged by it", async () => {
  const heart = testHeart({ runTimeoutMs: 1_000, abortGraceMs: 100, coalesceMs: 0 });
  const { heartbeat, agent, clock } = heart;
  const late = held();
  const second = held();
  agent.answers(
    async () => (await late.promise, RAN),
    async () => (await second.promise, RAN),
  );
  await heart.soon(heartbeat.wake("ended", { sessionKey: D }));
  await clock.advance(2_999);
  expect(agent.calls).toHaveLength(2);
  late.resolve();
  await clock.settle();
  expect((await heartbeat.peekSystemEvents(D)).map(({ text }) => text)).toEqual(["ended"]);
  second.resolve();
  await clock.settle();
  expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
});
