import { describe, expect, test, vi } from "vitest";
import {
  areHeartbeatsEnabled,
  hasHeartbeatWakeHandler,
  hasPendingHeartbeatWake,
  requestHeartbeatNow,
  resetHeartbeatWakeStateForTests,
  setHeartbeatsEnabled,
  setHeartbeatWakeHandler,
  type HeartbeatWakeHandler,
} from "../../src/openclaw/index.ts";
import { agent, at, BUSY, DISCORD, longRun, MAIN, RAN, useFakeTime, WHATSAPP } from "./support.ts";

// Rows of the table "heartbeat-wake", column F23: no handler, handler swap; and the switch and the reset.
useFakeTime();

describe("row: no handler", () => {
  test("given a wake whose timer fired without a handler, then it is kept, without a timer", async () => {
    requestHeartbeatNow({ sessionKey: DISCORD });
    await at(250);
    expect(vi.getTimerCount()).toBe(0);
    expect(hasPendingHeartbeatWake()).toBe(true);
  });

  test("given a kept wake, when a handler is set, then it is called 250 ms later", async () => {
    requestHeartbeatNow({ reason: "cron:1", sessionKey: DISCORD, coalesceMs: 0 });
    await at(60_000);
    const { handler, calledAtMs, requests } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    await at(60_249);
    expect(calledAtMs).toEqual([]);
    await at(60_250);
    expect(requests).toEqual([{ reason: "cron:1", sessionKey: DISCORD }]);
  });
});

describe("row: handler swap", () => {
  test("given a second registration, when the first one's disposer is called, then nothing happens", async () => {
    const [old, next] = [agent(RAN), agent(RAN)];
    const dispose = setHeartbeatWakeHandler(old.handler);
    setHeartbeatWakeHandler(next.handler);
    dispose();
    expect(hasHeartbeatWakeHandler()).toBe(true);
    requestHeartbeatNow();
    await at(250);
    expect([old.requests.length, next.requests.length]).toEqual([0, 1]);
  });

  test("given a retry pause, when a new handler is set, then it does not hold up: 250 ms", async () => {
    const [old, next] = [agent(BUSY), agent(RAN)];
    setHeartbeatWakeHandler(old.handler);
    requestHeartbeatNow({ sessionKey: DISCORD, coalesceMs: 0 });
    await at(100);
    setHeartbeatWakeHandler(next.handler);
    await at(349);
    expect(next.calledAtMs).toEqual([]);
    await at(350);
    expect(next.requests).toEqual([{ reason: "requested", sessionKey: DISCORD }]);
    await at(10_000);
    expect(old.calledAtMs).toEqual([0]);
  });

  test("given a run of the old handler that never ends, when a new one is set, then it gets the wakes, also for that target", async () => {
    const [old, next] = [agent(longRun().answer), agent(RAN)];
    setHeartbeatWakeHandler(old.handler);
    requestHeartbeatNow({ sessionKey: DISCORD, coalesceMs: 0 });
    await at(10);
    setHeartbeatWakeHandler(next.handler);
    requestHeartbeatNow({ sessionKey: DISCORD, coalesceMs: 0 });
    await at(20);
    expect(next.requests).toEqual([{ reason: "requested", sessionKey: DISCORD }]);
  });

  test("given a timer that fired during the old handler's run, when a new one is set, then its wake runs once, and all is quiet", async () => {
    const [old, next] = [agent(longRun().answer), agent(RAN)];
    setHeartbeatWakeHandler(old.handler);
    requestHeartbeatNow({ sessionKey: MAIN, coalesceMs: 0 });
    await at(1);
    requestHeartbeatNow({ sessionKey: DISCORD, coalesceMs: 10 });
    await at(15);
    setHeartbeatWakeHandler(next.handler);
    await at(264);
    expect(next.calledAtMs).toEqual([]);
    await at(265);
    expect(next.requests).toEqual([{ reason: "requested", sessionKey: DISCORD }]);
    expect([hasPendingHeartbeatWake(), vi.getTimerCount()]).toEqual([false, 0]);
  });

  test("given a run of the old handler that ends busy after the swap, then its wake comes back to the new handler", async () => {
    const run = longRun();
    const [old, next] = [agent(run.answer), agent(RAN)];
    setHeartbeatWakeHandler(old.handler);
    requestHeartbeatNow({ reason: "hook:a", sessionKey: DISCORD, coalesceMs: 0 });
    await at(10);
    setHeartbeatWakeHandler(next.handler);
    await at(500);
    run.end(BUSY);
    await at(1_499);
    expect(next.calledAtMs).toEqual([]);
    await at(1_500);
    expect(next.requests).toEqual([{ reason: "hook:a", sessionKey: DISCORD }]);
    expect(old.calledAtMs).toEqual([0]);
  });

  test("given the handler taken away with null, then the timer stays and consumes nothing", async () => {
    const { handler, requests } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow();
    setHeartbeatWakeHandler(null);
    expect(hasHeartbeatWakeHandler()).toBe(false);
    expect(vi.getTimerCount()).toBe(1);
    await at(5_000);
    expect(requests).toEqual([]);
    expect(hasPendingHeartbeatWake()).toBe(true);
  });

  test("given something that is no function, then it is refused with what was expected, and the old handler stays", () => {
    setHeartbeatWakeHandler(agent(RAN).handler);
    expect(() => setHeartbeatWakeHandler("run" as unknown as HeartbeatWakeHandler)).toThrow(
      'Expected a function, or null, as the heartbeat\'s wake handler; got "run".',
    );
    expect(hasHeartbeatWakeHandler()).toBe(true);
  });
});

test("the switch: on at first, only remembered, and no wake is held up by it", async () => {
  const { handler, requests } = agent(RAN);
  setHeartbeatWakeHandler(handler);
  expect(areHeartbeatsEnabled()).toBe(true);
  setHeartbeatsEnabled(false);
  expect(areHeartbeatsEnabled()).toBe(false);
  requestHeartbeatNow({ sessionKey: WHATSAPP });
  await at(250);
  expect(requests).toHaveLength(1);
  setHeartbeatsEnabled(true);
});

test("reset: given a handler, a timer and wakes, then none of them is left", async () => {
  const { handler, requests } = agent(BUSY);
  const dispose = setHeartbeatWakeHandler(handler);
  requestHeartbeatNow({ coalesceMs: 0 });
  await at(10);
  resetHeartbeatWakeStateForTests();
  expect([hasHeartbeatWakeHandler(), hasPendingHeartbeatWake(), vi.getTimerCount()]).toEqual([
    false,
    false,
    0,
  ]);
  const next = agent(RAN);
  setHeartbeatWakeHandler(next.handler);
  dispose();
  expect(hasHeartbeatWakeHandler()).toBe(true);
  await at(10_000);
  expect([requests.length, next.requests.length]).toEqual([1, 0]);
});
