import { describe, expect, test } from "vitest";
import {
  hasPendingHeartbeatWake,
  requestHeartbeatNow,
  setHeartbeatWakeHandler,
} from "../../src/openclaw/index.ts";
import { agent, at, BUSY, DISCORD, FAILED, longRun, nowMs, RAN, useFakeTime } from "./support.ts";

// Rows of the table "heartbeat-wake", column F23: busy result, other retryable skips, handler throws, failed result.
useFakeTime();

describe("row: busy result requests-in-flight", () => {
  test("given a busy answer, then the same wake comes back: reason, agent and session", async () => {
    const { handler, requests } = agent(BUSY, RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ reason: "exec-event", agentId: "ops", sessionKey: DISCORD });
    await at(10_000);
    const wake = { reason: "exec-event", agentId: "ops", sessionKey: DISCORD };
    expect(requests).toEqual([wake, wake]);
  });

  test.each([
    {
      reason: "wake",
      meanwhile: "cron:1",
      stays: "wake",
      rule: "an equal one gives way: coming back counts as newest",
    },
    { reason: "wake", meanwhile: "manual", stays: "manual", rule: "a more urgent one stays" },
    { reason: "manual", meanwhile: "wake", stays: "manual", rule: "a less urgent one gives way" },
  ])("given $meanwhile asked for during a run of $reason that ends busy, then $rule", async (given) => {
    const run = longRun();
    const { handler, requests } = agent(run.answer, RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ reason: given.reason, coalesceMs: 0 });
    await at(10);
    requestHeartbeatNow({ reason: given.meanwhile, coalesceMs: 60_000 });
    await at(20);
    run.end(BUSY);
    await at(120_000);
    expect(requests).toEqual([{ reason: given.reason }, { reason: given.stays }]);
  });
});

describe("row: other retryable skips: none", () => {
  test.each(["disabled", "quiet-hours", "empty-heartbeat-file", "not-due", "cron-in-progress", "lanes-busy"])(
    "given the skip %s, then the wake is over",
    async (reason) => {
      const { handler, requests } = agent({ status: "skipped", reason });
      setHeartbeatWakeHandler(handler);
      requestHeartbeatNow();
      await at(250);
      expect(hasPendingHeartbeatWake()).toBe(false);
      await at(120_000);
      expect(requests).toHaveLength(1);
    },
  );
});

describe("row: handler throws", () => {
  test.each([
    ["rejects", agent(RAN, new Error("model gone"), RAN)],
    ["answers nothing", agent(RAN, undefined as never, RAN)],
  ])(
    "given a batch of three whose second wake %s, then the whole batch comes back after 1,000 ms",
    async (_, host) => {
      setHeartbeatWakeHandler(host.handler);
      for (const sessionKey of ["a", "b", "c"]) requestHeartbeatNow({ sessionKey, coalesceMs: 0 });
      const keys = (): (string | undefined)[] => host.requests.map(({ sessionKey }) => sessionKey);
      await at(999);
      expect(keys()).toEqual(["a", "b"]);
      await at(1_000);
      expect(keys()).toEqual(["a", "b", "a", "b", "c"]);
      await at(60_000);
      expect(keys()).toHaveLength(5);
    },
  );

  test("given a handler that throws at once, not as a promise, then it is the same", async () => {
    const calledAtMs: number[] = [];
    setHeartbeatWakeHandler(() => {
      calledAtMs.push(nowMs());
      if (calledAtMs.length === 1) throw new Error("bad configuration");
      return RAN;
    });
    requestHeartbeatNow({ coalesceMs: 0 });
    await at(10_000);
    expect(calledAtMs).toEqual([0, 1_000]);
  });
});

describe("row: failed result", () => {
  test("given a failed answer, then the wake is dropped", async () => {
    const { handler, requests } = agent(FAILED);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ sessionKey: DISCORD });
    await at(250);
    expect(hasPendingHeartbeatWake()).toBe(false);
    await at(120_000);
    expect(requests).toHaveLength(1);
  });
});
