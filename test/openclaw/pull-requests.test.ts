import { describe, expect, test } from "vitest";
import {
  consumeSystemEventEntries,
  enqueueSystemEvent,
  hasPendingHeartbeatWake,
  peekSystemEventEntries,
  peekSystemEvents,
  requestHeartbeatNow,
  setHeartbeatWakeHandler,
  type HeartbeatRunResult,
  type HeartbeatWakeRequest,
} from "../../src/openclaw/index.ts";
import {
  agent,
  at,
  BUSY,
  DISCORD,
  FAILED,
  longRun,
  MAIN,
  nowMs,
  RAN,
  useFakeTime,
  WHATSAPP,
} from "./support.ts";

// What the reference's pull requests ask for, as far as waking and queueing go. A host is: look at the queue of the
// wake's session, run, and consume what was seen when the run succeeded.
useFakeTime();

interface Turn {
  readonly atMs: number;
  readonly request: HeartbeatWakeRequest;
  readonly saw: readonly string[];
}

/** `answer` is asked after the look at the queue. */
function host(
  answer: (turn: Turn, number: number) => HeartbeatRunResult | Promise<HeartbeatRunResult>,
): Turn[] {
  const turns: Turn[] = [];
  setHeartbeatWakeHandler(async (request) => {
    const sessionKey = request.sessionKey ?? MAIN;
    const inspected = peekSystemEventEntries(sessionKey);
    const turn = { atMs: nowMs(), request, saw: inspected.map(({ text }) => text) };
    turns.push(turn);
    const result = await answer(turn, turns.length);
    if (result.status === "ran") consumeSystemEventEntries(sessionKey, inspected);
    return result;
  });
  return turns;
}

describe("#14241: the wake carries the session key", () => {
  test("given an exec event for a session and its wake, when the handler is busy once and then runs, then both calls carry the session, the second sees the event, and main is untouched", async () => {
    enqueueSystemEvent("main's own", { sessionKey: MAIN });
    enqueueSystemEvent("Exec finished (code 0)", { sessionKey: DISCORD });
    const turns = host((_, number) => (number === 1 ? BUSY : RAN));
    requestHeartbeatNow({ reason: "exec-event", sessionKey: DISCORD });
    await at(10_000);
    const request = { reason: "exec-event", sessionKey: DISCORD };
    expect(turns).toStrictEqual([
      { atMs: 250, request, saw: ["Exec finished (code 0)"] },
      { atMs: 1_250, request, saw: ["Exec finished (code 0)"] },
    ]);
    expect(peekSystemEvents(DISCORD)).toEqual([]);
    expect(peekSystemEvents(MAIN)).toEqual(["main's own"]);
  });

  test("given a handler that throws, then the retry carries the session too", async () => {
    const { handler, requests } = agent(new Error("model gone"), RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ reason: "exec-event", sessionKey: DISCORD });
    await at(10_000);
    expect(requests.map(({ sessionKey }) => sessionKey)).toEqual([DISCORD, DISCORD]);
  });

  test("given wakes for two sessions in one window, then two calls; also when both are busy", async () => {
    const { handler, requests } = agent(BUSY, BUSY, RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ reason: "exec-event", sessionKey: DISCORD });
    requestHeartbeatNow({ reason: "exec-event", sessionKey: WHATSAPP });
    await at(10_000);
    expect(requests.map(({ sessionKey }) => sessionKey)).toEqual([DISCORD, WHATSAPP, DISCORD, WHATSAPP]);
  });

  test("given no session key, then none is told: the old behaviour", async () => {
    const { handler, requests } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ reason: "exec-event" });
    await at(250);
    expect(requests).toStrictEqual([{ reason: "exec-event" }]);
  });
});

test.each(["exec-event", "exec:run-7:exit", "hook:gmail"])(
  "#21682 (wake part): given target none and a %s for a session, then its wake runs in that session, once, and a periodic tick has nothing of it",
  async (reason) => {
    const turns = host(() => RAN);
    enqueueSystemEvent("Exec completed (run-7, code 0)", { sessionKey: DISCORD });
    requestHeartbeatNow({ reason: "interval", coalesceMs: 0 });
    requestHeartbeatNow({ reason, sessionKey: DISCORD, coalesceMs: 0 });
    await at(60_000);
    expect(turns.map(({ request, saw }) => ({ request, saw }))).toStrictEqual([
      { request: { reason: "interval" }, saw: [] },
      { request: { reason, sessionKey: DISCORD }, saw: ["Exec completed (run-7, code 0)"] },
    ]);
  },
);

test.each(["exec-event", "exec:run-7:exit", "hook:gmail", "cron:1"])(
  "#19270: given a queued event and a busy lane, when a %s wake runs, then event and wake stay; when the lane is free, then within one retry delay one run handles it, without a message of the user",
  async (reason) => {
    let isBusy = true;
    const turns = host(() => (isBusy ? BUSY : RAN));
    enqueueSystemEvent("done", { sessionKey: DISCORD });
    requestHeartbeatNow({ reason, sessionKey: DISCORD });
    await at(4_500);
    expect(turns.map(({ atMs }) => atMs)).toEqual([250, 1_250, 2_250, 3_250, 4_250]);
    expect(peekSystemEvents(DISCORD)).toEqual(["done"]);
    expect(hasPendingHeartbeatWake()).toBe(true);
    isBusy = false;
    await at(5_500);
    expect(turns.at(-1)).toStrictEqual({
      atMs: 5_250,
      request: { reason, sessionKey: DISCORD },
      saw: ["done"],
    });
    await at(60_000);
    expect(turns).toHaveLength(6);
    expect(peekSystemEvents(DISCORD)).toEqual([]);
    expect(hasPendingHeartbeatWake()).toBe(false);
  },
);

describe("#15193: the chain goes on", () => {
  test("given agents X, busy, and Y, idle, both due, when the tick fires, then Y runs and X is retried after the retry delay, as the same tick", async () => {
    const turns = host(({ request }) => (request.agentId === "x" && nowMs() < 1_000 ? BUSY : RAN));
    requestHeartbeatNow({ reason: "interval", agentId: "x", coalesceMs: 0 });
    requestHeartbeatNow({ reason: "interval", agentId: "y", coalesceMs: 0 });
    await at(60_000);
    expect(turns.map(({ atMs, request }) => [atMs, request])).toStrictEqual([
      [0, { reason: "interval", agentId: "x" }],
      [0, { reason: "interval", agentId: "y" }],
      [1_000, { reason: "interval", agentId: "x" }],
    ]);
  });

  test.each<[string, HeartbeatRunResult | Error, number]>([
    ["ran", RAN, 10_000],
    ["skipped", { status: "skipped", reason: "quiet-hours" }, 10_000],
    ["failed", FAILED, 10_000],
    ["busy", BUSY, 1_000],
    ["throw", new Error("model gone"), 1_000],
  ])(
    "given the outcome %s, then the next deadline exists and the next tick is not lost",
    async (_, outcome, nextMs) => {
      const { handler, calledAtMs } = agent(outcome, RAN);
      setHeartbeatWakeHandler(handler);
      requestHeartbeatNow({ reason: "interval", coalesceMs: 0 });
      await at(1);
      requestHeartbeatNow({ reason: "interval", coalesceMs: 9_999 });
      await at(120_000);
      expect(calledAtMs).toEqual([0, nextMs]);
    },
  );
});

describe("#22340: an event is consumed by the run that saw it", () => {
  const cases: [string, HeartbeatRunResult | Error, string[]][] = [
    ["succeeds", RAN, ["e2"]],
    ["fails", FAILED, ["e1", "e2"]],
    ["is busy", BUSY, ["e1", "e2"]],
    ["throws", new Error("model gone"), ["e1", "e2"]],
    ["is pre-empted", { status: "skipped", reason: "preempted" }, ["e1", "e2"]],
  ];

  test.each(cases)(
    "given e1 inspected and e2 queued during the run, when it %s, then the rest is right",
    async (_, outcome, rest) => {
      const turns = host(async (_turn, number) => {
        if (number > 1) return RAN;
        enqueueSystemEvent("e2", { sessionKey: DISCORD });
        if (outcome instanceof Error) throw outcome;
        return outcome;
      });
      enqueueSystemEvent("e1", { sessionKey: DISCORD });
      requestHeartbeatNow({ reason: "exec-event", sessionKey: DISCORD, coalesceMs: 0 });
      await at(500);
      expect(peekSystemEvents(DISCORD)).toEqual(rest);
      requestHeartbeatNow({ reason: "exec-event", sessionKey: DISCORD });
      await at(60_000);
      expect(turns.map(({ saw }) => saw)).toEqual([["e1"], rest]);
      expect(peekSystemEvents(DISCORD)).toEqual([]);
    },
  );
});

test("#12786: given an active turn in a session, when a heartbeat for it is dispatched, then no second run starts, the answer is a busy skip that comes back, its events stay, and new ones still queue", async () => {
  const userTurn = longRun();
  let inTurn = true;
  let started = 0;
  void userTurn.answer.then(() => (inTurn = false));
  const turns = host(() => {
    if (inTurn) return BUSY;
    started += 1;
    return RAN;
  });
  enqueueSystemEvent("Exec finished", { sessionKey: DISCORD });
  requestHeartbeatNow({ reason: "exec-event", sessionKey: DISCORD, coalesceMs: 0 });
  await at(2_500);
  expect([turns.length, started]).toEqual([3, 0]);
  expect(enqueueSystemEvent("user asks", { sessionKey: DISCORD })).toBe(true);
  expect(peekSystemEvents(DISCORD)).toEqual(["Exec finished", "user asks"]);
  userTurn.end(RAN);
  await at(60_000);
  expect(started).toBe(1);
  expect(turns.at(-1)).toMatchObject({ atMs: 3_000, saw: ["Exec finished", "user asks"] });
  expect(peekSystemEvents(DISCORD)).toEqual([]);
});
