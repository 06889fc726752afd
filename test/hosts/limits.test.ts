import { AsyncResource } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import type { Limits } from "../../src/policy/limits.ts";
import { createHeartbeat } from "../../src/heartbeat.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { Outcome } from "../../src/vocabulary.ts";
import { BUSY, FAILED, RAN } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

/** Cooldowns, budgets, chains of runs that wake themselves, and agents that refuse. Given, when, then. */

const D = "agent:main:discord:channel:42";
const E = "agent:main:main";
const W = "agent:web:7";
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const starts = async ({ heartbeat }: TestHeart): Promise<number[]> => {
  const records = await heartbeat.read();
  const first = records[0]?.atMs ?? 0;
  return records.filter(({ type }) => type === "run.started").map(({ atMs }) => atMs - first);
};
const texts = ({ agent }: TestHeart) => agent.calls.map(({ events }) => events.map(({ text }) => text));
const setUp = (limits: Limits, parts: Partial<TestHeart> = {}) => testHeart({ limits, coalesceMs: 0 }, parts);

describe("#19745, problem 1, problem 25: cooldown", () => {
  test("given 30 s between runs, when five events come 10 s apart, then no run is early and none is lost", async () => {
    const heart = setUp({ session: { spacingMs: 30 * SECOND_MS } });
    for (const text of ["1", "2", "3", "4", "5"]) {
      await heart.soon(heart.heartbeat.wake(text, { sessionKey: D, source: "exec-event" }));
      await heart.clock.advance(10 * SECOND_MS);
    }
    await heart.clock.advance(MINUTE_MS);
    expect(texts(heart)).toEqual([["1"], ["2", "3"], ["4", "5"]]);
    expect(await starts(heart)).toEqual([0, 30 * SECOND_MS, MINUTE_MS]);
  });

  test.each(["manual", "immediate"] as const)("%s runs at once", async (intent) => {
    const heart = setUp({ session: { spacingMs: 30 * SECOND_MS } });
    await heart.soon(heart.heartbeat.wake("one", { sessionKey: D }));
    await heart.soon(heart.heartbeat.wake("two", { sessionKey: D }));
    expect(heart.agent.calls).toHaveLength(1);
    expect((await heart.heartbeat.why(D)).code).toBe("cooldown");
    await heart.soon(heart.heartbeat.requestHeartbeat({ sessionKey: D, intent }));
    expect(texts(heart)).toEqual([["one"], ["two"]]);
  });

  test("five starts in a minute trip the flood guard for all but manual, once, until there is room again", async () => {
    const heart = setUp({ session: { flood: { runs: 5, windowMs: MINUTE_MS } } });
    for (let count = 0; count < 7; count++) {
      await heart.soon(heart.heartbeat.wake(`${count}`, { sessionKey: D, intent: "immediate" }));
      await heart.clock.advance(SECOND_MS);
    }
    expect(heart.agent.calls).toHaveLength(5);
    expect(await heart.heartbeat.why(D)).toMatchObject({ code: "flood", queued: 2 });
    const held = (await heart.heartbeat.read()).filter(({ type }) => type === "wake.held");
    expect(held).toHaveLength(1);
    await heart.soon(heart.heartbeat.requestHeartbeat({ sessionKey: D, intent: "manual" }));
    expect(texts(heart).at(-1)).toEqual(["5", "6"]);
    await heart.soon(heart.heartbeat.wake("last", { sessionKey: D }));
    await heart.clock.advance(MINUTE_MS);
    expect(texts(heart).at(-1)).toEqual(["last"]);
  });

  test("a busy answer does not count, a failure does", async () => {
    const busy = setUp({ session: { flood: { runs: 2, windowMs: HOUR_MS } } });
    busy.agent.answers(BUSY, BUSY, BUSY, BUSY, RAN);
    await busy.soon(busy.heartbeat.wake("one", { sessionKey: D }));
    await busy.clock.advance(MINUTE_MS);
    expect(texts(busy)).toHaveLength(5);
    const failing = setUp({ session: { flood: { runs: 2, windowMs: HOUR_MS } } });
    failing.agent.answers(FAILED);
    await failing.soon(failing.heartbeat.wake("one", { sessionKey: D }));
    await failing.clock.advance(MINUTE_MS);
    expect(texts(failing)).toHaveLength(2);
    expect((await failing.heartbeat.why(D)).code).toBe("flood");
  });

  test.each([
    [{ spacingMs: 30 * SECOND_MS }, "cooldown"],
    [{ flood: { runs: 2, windowMs: MINUTE_MS } }, "flood"],
  ])("a run by hand that finds the agent busy makes %j forget no start before it", async (limit, hold) => {
    for (const limits of [{ session: limit }, { agent: limit }]) {
      const heart = setUp(limits);
      heart.agent.answers(RAN, hold === "flood" ? RAN : BUSY, BUSY, BUSY, RAN);
      await heart.soon(heart.heartbeat.wake("1", { sessionKey: D }));
      if (hold === "flood") await heart.soon(heart.heartbeat.wake("2", { sessionKey: D }));
      await heart.soon(heart.heartbeat.requestHeartbeat({ sessionKey: D, intent: "manual" }));
      await heart.soon(heart.heartbeat.forget(D));
      await heart.soon(heart.heartbeat.wake("3", { sessionKey: D }));
      expect((await heart.heartbeat.why(D)).code).toBe(hold);
    }
  });

  test("problem 18: an agent's cooldown is for all its sessions, and for no other agent", async () => {
    const heart = setUp({ agent: { spacingMs: MINUTE_MS } });
    for (const sessionKey of [D, E, W]) await heart.soon(heart.heartbeat.wake("one", { sessionKey }));
    expect(heart.agent.calls.map(({ sessionKey }) => sessionKey)).toEqual([D, W]);
    await heart.clock.advance(MINUTE_MS);
    expect(heart.agent.calls.map(({ sessionKey }) => sessionKey)).toEqual([D, W, E]);
  });
});

describe("problem 19: budgets", () => {
  test("given two runs a day, the third waits for midnight in the configured zone", async () => {
    const clock = simulatedClock({ startMs: Date.parse("2026-11-24T20:00:00Z") });
    const heart = setUp({ session: { daily: { runs: 2 } }, zone: "Europe/Berlin" }, { clock });
    for (const text of ["1", "2", "3"]) await heart.soon(heart.heartbeat.wake(text, { sessionKey: D }));
    expect(await heart.heartbeat.why(D)).toMatchObject({
      code: "budget",
      untilMs: Date.parse("2026-11-24T23:00:00Z"),
    });
    await clock.advance(3 * HOUR_MS);
    expect(texts(heart)).toEqual([["1"], ["2"], ["3"]]);
  });

  test("what is spent stays spent when the wall clock is set back: a day that has begun keeps its length", async () => {
    const clock = simulatedClock({ startMs: Date.parse("2026-11-24T20:00:00Z") });
    const heart = setUp({ agent: { daily: { runs: 2 } }, session: { daily: { runs: 2 } } }, { clock });
    await heart.soon(heart.heartbeat.wake("1", { sessionKey: D }));
    clock.jump(-MINUTE_MS);
    for (const text of ["2", "3"]) await heart.soon(heart.heartbeat.wake(text, { sessionKey: D }));
    expect(texts(heart)).toEqual([["1"], ["2"]]);
    expect(await heart.heartbeat.why(D)).toMatchObject({
      code: "budget",
      untilMs: Date.parse("2026-11-25T00:00:00Z"),
    });
    await clock.advance(4 * HOUR_MS + MINUTE_MS);
    expect(texts(heart)).toEqual([["1"], ["2"], ["3"]]);
  });

  test("tokens count once they are known, over all sessions of an agent", async () => {
    const heart = setUp({ agent: { daily: { tokens: 1_000 } } });
    heart.agent.answers({ status: "ran", usage: { inputTokens: 900, outputTokens: 100 } });
    await heart.soon(heart.heartbeat.wake("1", { sessionKey: D }));
    await heart.soon(heart.heartbeat.wake("2", { sessionKey: E }));
    expect((await heart.heartbeat.why(E)).code).toBe("budget");
    await heart.clock.advance(DAY_MS);
    expect(texts(heart)).toEqual([["1"], ["2"]]);
  });
});

describe("problem 1: an agent whose own runs wake it", () => {
  const selfWakes = { depth: 30, spacingMs: HOUR_MS };

  /** Each run leaves something behind that ends a second later and wakes the session again. */
  function selfWaking(limits: Limits) {
    const clock = simulatedClock();
    let runs = 0;
    const heartbeat = createHeartbeat({
      clock,
      store: memoryStore(),
      limits,
      coalesceMs: 0,
      run: ({ sessionKey }): Outcome => {
        runs += 1;
        // A real timer keeps the context that it was set in; this clock's timers must be told to.
        const ended = AsyncResource.bind(() => void heartbeat.wake("Exec finished", { sessionKey }));
        clock.setTimer(SECOND_MS, ended);
        return RAN;
      },
    });
    return { clock, heartbeat, runs: () => runs };
  }

  test("without limits it runs all night; with them 30 times, and then once an hour", async () => {
    const free = selfWaking({});
    void free.heartbeat.wake("go", { sessionKey: D });
    await free.clock.advance(300 * SECOND_MS);
    expect(free.runs()).toBeGreaterThan(290);
    const bound = selfWaking({ selfWakes });
    void bound.heartbeat.wake("go", { sessionKey: D });
    await bound.clock.advance(8 * HOUR_MS);
    expect(bound.runs()).toBeGreaterThanOrEqual(30);
    expect(bound.runs()).toBeLessThanOrEqual(30 + 8);
    expect(await bound.heartbeat.why(D)).toMatchObject({ code: "self-wake", queued: 1 });
  });

  test("something from outside ends the chain at once", async () => {
    const { clock, heartbeat, runs } = selfWaking({ selfWakes });
    void heartbeat.wake("go", { sessionKey: D });
    await clock.advance(MINUTE_MS);
    const before = runs();
    void heartbeat.wake("a user says hello", { sessionKey: D });
    await clock.advance(10 * SECOND_MS);
    expect(runs() - before).toBeGreaterThan(8);
  });

  test("the cause travels: named by the caller, or the run that the call is made in", async () => {
    const heart = testHeart({ coalesceMs: 0 });
    const { heartbeat, agent } = heart;
    agent.answers(async ({ sessionKey }) => {
      if (agent.calls.length === 1) await heartbeat.enqueueSystemEvent("from inside", { sessionKey });
      return RAN;
    });
    await heart.soon(heartbeat.wake("from outside", { sessionKey: D }));
    const runId = agent.calls[0]?.runId ?? "";
    await heart.soon(heartbeat.requestHeartbeatNow({ sessionKey: D }));
    expect(agent.calls[1]?.events[0]).toMatchObject({ text: "from inside", cause: { runId, depth: 1 } });
    expect(agent.calls[0]?.events[0]).not.toHaveProperty("cause");
    await heart.soon(heartbeat.wake("named", { sessionKey: W, cause: runId }));
    expect(agent.calls[2]?.events[0]).toMatchObject({ cause: { runId, depth: 1 } });
  });
});

describe("problem 20: an agent whose provider refuses", () => {
  const breaker = { baseMs: 10 * MINUTE_MS, capMs: HOUR_MS };
  const REFUSED: Outcome = { status: "failed", reason: "401 wrong key", class: "auth" };

  test("rests, with all its sessions; no event becomes a dead letter in a night; one probe, and then all go on", async () => {
    const heart = testHeart({ limits: { breaker }, coalesceMs: 0, maxAttempts: 2 });
    const { heartbeat, agent, clock } = heart;
    agent.answers(REFUSED);
    await heart.soon(heartbeat.wake("one", { sessionKey: D }));
    await heart.soon(heartbeat.wake("two", { sessionKey: E }));
    expect(agent.calls).toHaveLength(1);
    expect((await heartbeat.why(E)).code).toBe("circuit-open");
    expect((await heartbeat.status()).resting).toMatchObject([
      { agentId: "main", refusal: "auth", probing: false },
    ]);
    await clock.advance(12 * HOUR_MS);
    expect(agent.calls.length).toBeLessThan(30);
    expect(await heartbeat.deadLetters()).toEqual([]);
    agent.answers(RAN);
    await clock.advance(3 * HOUR_MS);
    expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
    expect(await heartbeat.peekSystemEvents(E)).toEqual([]);
    expect(await heartbeat.status()).not.toHaveProperty("resting");
    expect(agent.calls.every(({ attempt }) => attempt === 1)).toBe(true);
  });

  test("another agent is not concerned, a manual wake passes and closes the circuit", async () => {
    const heart = testHeart({ limits: { breaker }, coalesceMs: 0 });
    const { heartbeat, agent } = heart;
    agent.answers(REFUSED, RAN);
    await heart.soon(heartbeat.wake("one", { sessionKey: D }));
    await heart.soon(heartbeat.wake("other", { sessionKey: W }));
    await heart.soon(heartbeat.requestHeartbeat({ sessionKey: D, intent: "manual" }));
    expect(agent.calls.map(({ sessionKey }) => sessionKey)).toEqual([D, W, D]);
    await heart.soon(heartbeat.wake("two", { sessionKey: E }));
    expect(agent.calls.at(-1)?.sessionKey).toBe(E);
  });

  test("without a breaker a refusal is a failure like any other", async () => {
    const heart = testHeart({ coalesceMs: 0, maxAttempts: 2 });
    heart.agent.answers(REFUSED);
    await heart.soon(heart.heartbeat.wake("one", { sessionKey: D }));
    await heart.clock.advance(MINUTE_MS);
    expect(await heart.heartbeat.deadLetters()).toHaveLength(1);
  });

  test("what is counted comes back after a restart, with a checkpoint and without", async () => {
    const clock = simulatedClock();
    const store = memoryStore();
    const limits = {
      breaker,
      session: { flood: { runs: 3, windowMs: HOUR_MS } },
      agent: { daily: { runs: 9 } },
    };
    const heart = testHeart({ limits, coalesceMs: 0, checkpointRecords: 3 }, { clock, store });
    heart.agent.answers(RAN, BUSY, REFUSED);
    for (const text of ["1", "2", "3"]) {
      await heart.soon(heart.heartbeat.wake(text, { sessionKey: D }));
      await clock.advance(SECOND_MS * 2);
    }
    const { position } = await heart.heartbeat.status();
    const live = await heart.heartbeat.stateAt(position);
    expect(live.agents["main"]).toMatchObject({ value: "open", context: { breaker: { refusal: "auth" } } });
    const copy = memoryStore();
    copy.append({ records: [...store.read()], dedupe: [] });
    const again = testHeart({ limits, coalesceMs: 0 }, { clock, store: copy });
    expect(await again.heartbeat.stateAt(position)).toEqual(live);
  });
});
