import { describe, expect, test, vi } from "vitest";
import {
  hasHeartbeatWakeHandler,
  hasPendingHeartbeatWake,
  requestHeartbeatNow,
  resetHeartbeatWakeStateForTests,
  setHeartbeatWakeHandler,
} from "../../src/openclaw/index.ts";
import { agent, at, BUSY, DISCORD, longRun, RAN, useFakeTime } from "./support.ts";

// The "important F23 details", one describe each.
useFakeTime();

describe("detail: what the handler is given", () => {
  test.each([
    [undefined, { reason: "requested" }],
    [{}, { reason: "requested" }],
    [{ reason: "   " }, { reason: "requested" }],
    [{ reason: " exec-event\n" }, { reason: "exec-event" }],
    [
      { reason: "wake", agentId: " ops " },
      { reason: "wake", agentId: "ops" },
    ],
    [
      { reason: "wake", agentId: " ", sessionKey: DISCORD },
      { reason: "wake", sessionKey: DISCORD },
    ],
    [{ reason: 7 as unknown as string, agentId: null as unknown as string }, { reason: "requested" }],
  ])("given %j, then exactly %j, and no field more", async (asked, told) => {
    const { handler, requests } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow(asked);
    await at(250);
    expect(requests).toStrictEqual([told]);
  });
});

describe("detail: hasPendingHeartbeatWake", () => {
  test("is true while a wake is pending or a timer armed, false while only a run goes on, true for a retry", async () => {
    const run = longRun();
    setHeartbeatWakeHandler(agent(run.answer, RAN).handler);
    expect(hasPendingHeartbeatWake()).toBe(false);
    requestHeartbeatNow();
    expect(hasPendingHeartbeatWake()).toBe(true);
    await at(250);
    expect(hasPendingHeartbeatWake()).toBe(false);
    run.end(BUSY);
    await at(251);
    expect(hasPendingHeartbeatWake()).toBe(true);
    await at(5_000);
    expect(hasPendingHeartbeatWake()).toBe(false);
  });
});

describe("detail: the window asked for", () => {
  test.each([
    [Number.NaN, 250],
    [Number.POSITIVE_INFINITY, 250],
    [Number.NEGATIVE_INFINITY, 250],
    [-1, 0],
    [3_000_000_000, 2_147_483_647],
  ])("given %d, then it is %d ms", async (coalesceMs, delayMs) => {
    const set = vi.spyOn(globalThis, "setTimeout");
    requestHeartbeatNow({ coalesceMs });
    expect(set.mock.calls.map(([, armedMs]) => armedMs)).toEqual([delayMs]);
  });
});

describe("detail: a timer that fires during a run", () => {
  test("given it is re-armed with the same delay again and again, when the run ends, then what is pending goes with the run's own delay", async () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    const run = longRun();
    const { handler, calledAtMs } = agent(run.answer, RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ coalesceMs: 7 });
    await at(10);
    requestHeartbeatNow({ coalesceMs: 40 });
    await at(95);
    run.end(RAN);
    await at(1_000);
    // Asked for at 10; fired and re-armed at 50 and 90; the end of the run at 95 wants 102, sooner than 130.
    expect(set.mock.calls.map(([, delayMs]) => delayMs)).toEqual([7, 40, 40, 40, 7]);
    expect(calledAtMs).toEqual([7, 102]);
    expect([hasPendingHeartbeatWake(), vi.getTimerCount()]).toEqual([false, 0]);
  });

  test("given a retry timer armed during the run, then it wins over the run's own delay", async () => {
    const run = longRun();
    const { handler, calledAtMs, requests } = agent(BUSY, run.answer, RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ sessionKey: "a", coalesceMs: 0 });
    requestHeartbeatNow({ sessionKey: "b", coalesceMs: 0 });
    await at(400);
    requestHeartbeatNow({ sessionKey: "c", coalesceMs: 0 });
    run.end(RAN);
    await at(999);
    expect(calledAtMs).toEqual([0, 0]);
    await at(1_000);
    expect(requests.map(({ sessionKey }) => sessionKey)).toEqual(["a", "b", "a", "c"]);
  });
});

describe("detail: disposer", () => {
  test("given the current handler, when it is disposed of twice, then it is gone, and a later handler is untouched", () => {
    const { handler } = agent(RAN);
    const dispose = setHeartbeatWakeHandler(handler);
    dispose();
    expect(hasHeartbeatWakeHandler()).toBe(false);
    setHeartbeatWakeHandler(handler);
    dispose();
    expect(hasHeartbeatWakeHandler()).toBe(true);
  });
});

describe("detail: timers are unref'd", () => {
  test("given real timers, then the timer does not keep the process alive; a timer that is a number will do", () => {
    vi.useRealTimers();
    const set = vi.spyOn(globalThis, "setTimeout");
    requestHeartbeatNow({ coalesceMs: 60_000 });
    expect(set.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([false]);
    resetHeartbeatWakeStateForTests();
    set.mockReturnValue(7 as unknown as NodeJS.Timeout);
    requestHeartbeatNow();
    set.mockRestore();
    expect(hasPendingHeartbeatWake()).toBe(true);
  });
});
