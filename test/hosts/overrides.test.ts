import { afterEach, describe, expect, test } from "vitest";
import type { Heartbeat } from "../../src/api.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { Store } from "../../src/log/store.ts";
import type { RunOverrides } from "../../src/vocabulary.ts";
import { BUSY, FAILED, RAN, scriptedAgent } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

const KEY = "agent:main:discord:channel:42";
const CHEAP: RunOverrides = { model: "small-16k", timeoutMs: 30_000, lightContext: true, isolated: true };

const hearts: TestHeart[] = [];
function heart(...given: Parameters<typeof testHeart>): TestHeart {
  const made = testHeart(...given);
  hearts.push(made);
  return made;
}
afterEach(async () => {
  for (const { heartbeat, clock, soon } of hearts.splice(0)) {
    const closed = heartbeat.close({ graceMs: 0 });
    await clock.advance(60_000);
    await soon(closed);
  }
});
/** The log as the next process finds it. */
async function copyOf(heartbeat: Heartbeat): Promise<Store> {
  const store = memoryStore();
  store.append({ records: await heartbeat.read(), dedupe: [] });
  return store;
}
const models = ({ agent }: TestHeart) => agent.calls.map(({ overrides }) => overrides?.model);

describe("#22277 a run's model, timeout and context end with the run", () => {
  test("GIVEN a heartbeat with a small model WHEN it runs THEN it uses it, and neither the session nor the next run knows of it", async () => {
    const { heartbeat, agent, clock, soon } = heart();
    await soon(heartbeat.requestHeartbeat({ sessionKey: KEY, overrides: CHEAP }));
    await clock.advance(0);
    await soon(heartbeat.wake("a user's report", { sessionKey: KEY }));
    await clock.advance(250);
    expect(agent.calls.map(({ overrides }) => overrides)).toEqual([CHEAP, undefined]);
    const { sessions } = await heartbeat.stateAt((await heartbeat.status()).position);
    expect(JSON.stringify(sessions)).not.toContain("small-16k");
  });

  test("they come again with every attempt of the same wake: busy, failed, and after a restart", async () => {
    const first = heart({}, { agent: scriptedAgent(BUSY, FAILED) });
    await first.soon(first.heartbeat.wake("x", { sessionKey: KEY, overrides: CHEAP }));
    while (first.agent.calls.length < 2) await first.clock.next();
    expect(models(first)).toEqual(["small-16k", "small-16k"]);
    const clock = simulatedClock({ startMs: first.clock.nowMs() });
    const second = heart({}, { store: await copyOf(first.heartbeat), clock });
    await clock.advance(3_000);
    expect(second.agent.calls.map(({ overrides, attempt }) => [overrides, attempt])).toEqual([[CHEAP, 2]]);
  });

  test("what is left in the queue runs without them", async () => {
    const { heartbeat, agent, clock, soon } = heart({ batchMax: 1 });
    void heartbeat.wake("one", { sessionKey: KEY, overrides: CHEAP });
    await soon(heartbeat.wake("two", { sessionKey: KEY, overrides: CHEAP }));
    await clock.advance(1_000);
    expect(agent.calls.map(({ events, overrides }) => [events[0]?.text, overrides])).toEqual([
      ["one", CHEAP],
      ["two", undefined],
    ]);
    expect(agent.calls[1]?.events[0]).not.toHaveProperty("overrides");
  });

  test("when wakes merge, those of the more urgent one hold", async () => {
    const parts = heart();
    void parts.heartbeat.requestHeartbeat({
      sessionKey: KEY,
      intent: "scheduled",
      overrides: { model: "small" },
    });
    await parts.soon(parts.heartbeat.wake("a report", { sessionKey: KEY }));
    await parts.clock.advance(250);
    void parts.heartbeat.wake("a report", { sessionKey: KEY, overrides: { model: "large" } });
    await parts.soon(
      parts.heartbeat.requestHeartbeat({
        sessionKey: KEY,
        intent: "scheduled",
        overrides: { model: "small" },
      }),
    );
    await parts.clock.advance(250);
    expect(models(parts)).toEqual([undefined, "large"]);
  });

  test("`timeoutMs` bounds the attempt, shorter or longer than usual", async () => {
    const forEver = () => new Promise<never>(() => {});
    const { heartbeat, agent, clock, soon } = heart({
      runTimeoutMs: 60_000,
      abortGraceMs: 0,
      maxAttempts: 1,
    });
    agent.answers(forEver);
    const outcomes = [];
    for (const timeoutMs of [1_000, 120_000]) {
      const outcome = heartbeat.runHeartbeatOnce({ sessionKey: KEY, overrides: { timeoutMs } });
      await clock.advance(timeoutMs - 1);
      expect((await heartbeat.status()).runsInFlight).toBe(1);
      await clock.advance(1);
      outcomes.push(await soon(outcome));
    }
    expect(outcomes).toEqual([
      { status: "failed", reason: "the run did not end within 1000 ms" },
      { status: "failed", reason: "the run did not end within 120000 ms" },
    ]);
  });
});

describe("problem 30 isolated runs", () => {
  test("GIVEN isolated wakes WHEN they run THEN each has a fresh transcript of a key that never grows, and the session stays the same", async () => {
    const { heartbeat, agent, clock, soon } = heart();
    for (let run = 0; run < 3; run++) {
      await soon(heartbeat.requestHeartbeat({ sessionKey: KEY, overrides: { isolated: true } }));
      await clock.advance(0);
    }
    await soon(heartbeat.requestHeartbeat({ sessionKey: KEY }));
    await clock.advance(0);
    const [a, b, c, plain] = agent.calls;
    expect([a, b, c].map((call) => call?.transcriptKey)).toEqual(
      [a, b, c].map((call) => `${KEY}:heartbeat:${call?.runId}`),
    );
    expect(new Set([a, b, c].map((call) => call?.transcriptKey)).size).toBe(3);
    expect(plain?.transcriptKey).toBe(KEY);
    expect(new Set(agent.calls.map(({ sessionKey }) => sessionKey))).toEqual(new Set([KEY]));
  });
});

describe("what a run says of itself", () => {
  test("usage is a fact of its end, and part of the outcome", async () => {
    const { heartbeat, agent, soon } = heart();
    const usage = { inputTokens: 1_200, outputTokens: 3 };
    agent.answers({ status: "ran", usage }, { status: "ran", usage: { inputTokens: -1, outputTokens: 0.5 } });
    expect(await soon(heartbeat.runHeartbeatOnce({ sessionKey: KEY }))).toEqual({ status: "ran", usage });
    await soon(heartbeat.runHeartbeatOnce({ sessionKey: KEY }));
    const ends = (await heartbeat.read()).filter(({ type }) => type === "run.ran");
    expect(ends.map(({ facts }) => ("usage" in facts ? facts.usage : undefined))).toEqual([usage, undefined]);
  });

  test("marks are remembered by the session from successful runs only, the newest 100, and survive a restart", async () => {
    const { heartbeat, agent, clock, soon } = heart();
    agent.answers(
      { status: "ran", marks: { "task:inbox": 5, "task:old": 1 } },
      FAILED,
      { status: "ran", marks: { "task:inbox": 7 } },
      RAN,
    );
    for (let run = 0; run < 4; run++)
      await soon(heartbeat.runHeartbeatOnce({ sessionKey: KEY })).catch(() => {});
    await clock.advance(10_000);
    const last = agent.calls.at(-1);
    expect(last?.marks).toEqual({ "task:inbox": 7, "task:old": 1 });
    const many = Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`task:${index}`, index]));
    agent.answers({ status: "ran", marks: many }, RAN);
    await soon(heartbeat.runHeartbeatOnce({ sessionKey: KEY }));
    const next = heart(
      {},
      { store: await copyOf(heartbeat), clock: simulatedClock({ startMs: clock.nowMs() }) },
    );
    await next.soon(next.heartbeat.runHeartbeatOnce({ sessionKey: KEY }));
    expect(next.agent.calls[0]?.marks).toEqual({ "task:inbox": 7, ...many });
  });
});
