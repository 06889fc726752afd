import { describe, expect, test, vi } from "vitest";
import {
  hasPendingHeartbeatWake,
  HEARTBEAT_SKIP_CRON_IN_PROGRESS,
  HEARTBEAT_SKIP_LANES_BUSY,
  HEARTBEAT_SKIP_REQUESTS_IN_FLIGHT,
  requestHeartbeatNow,
  setHeartbeatWakeHandler,
} from "../../src/openclaw/index.ts";
import { agent, at, BUSY, DISCORD, longRun, MAIN, RAN, useFakeTime } from "./support.ts";

// Rows of the table "heartbeat-wake", column F23: constants, pending state and target key, timer rule, overlap, batch order, clock.
useFakeTime();

describe("constants", () => {
  test("given no window, when a wake is requested, then the handler is not called at 249 ms and is at 250 ms", async () => {
    const { handler, calledAtMs } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ reason: "wake" });
    await at(249);
    expect(calledAtMs).toEqual([]);
    await at(250);
    expect(calledAtMs).toEqual([250]);
  });

  test("given a busy answer, then the retry comes after exactly 1,000 ms, each time: no growth and no cap", async () => {
    const { handler, calledAtMs } = agent(BUSY);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ coalesceMs: 0 });
    await at(999);
    expect(calledAtMs).toEqual([0]);
    await at(1_000);
    expect(calledAtMs).toEqual([0, 1_000]);
    await at(60_000);
    expect(calledAtMs).toEqual(Array.from({ length: 61 }, (_, index) => index * 1_000));
  });

  test("the skip reasons have the reference's words", () => {
    expect(HEARTBEAT_SKIP_REQUESTS_IN_FLIGHT).toBe("requests-in-flight");
    expect(HEARTBEAT_SKIP_CRON_IN_PROGRESS).toBe("cron-in-progress");
    expect(HEARTBEAT_SKIP_LANES_BUSY).toBe("lanes-busy");
  });
});

describe("row: pending state and target key", () => {
  test("given one target asked for often in a window, when it is over, then it runs once", async () => {
    const { handler, requests } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    for (let count = 0; count < 50; count++) requestHeartbeatNow({ reason: "wake", sessionKey: DISCORD });
    await at(10_000);
    expect(requests).toEqual([{ reason: "wake", sessionKey: DISCORD }]);
  });

  test("given targets that differ in agent or session, then each runs, and surrounding blanks make no other target", async () => {
    const { handler, requests } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ agentId: "ops", sessionKey: MAIN });
    requestHeartbeatNow({ agentId: " ops ", sessionKey: `\t${MAIN}\n` });
    requestHeartbeatNow({ agentId: "ops" });
    requestHeartbeatNow({ sessionKey: MAIN });
    requestHeartbeatNow();
    requestHeartbeatNow({ agentId: "", sessionKey: "  " });
    await at(250);
    expect(requests).toEqual([
      { reason: "requested", agentId: "ops", sessionKey: MAIN },
      { reason: "requested", agentId: "ops" },
      { reason: "requested", sessionKey: MAIN },
      { reason: "requested" },
    ]);
  });
});

describe("row: timer rule", () => {
  test.each([
    { first: 1_000, second: 100, calledAtMs: [100], rule: "a sooner request pre-empts" },
    { first: 100, second: 1_000, calledAtMs: [100], rule: "a later request does not delay" },
    { first: 100, second: 100, calledAtMs: [100], rule: "one for the same moment changes nothing" },
  ])("given a window of $first ms, when one of $second ms is asked for, then $rule", async (given) => {
    const { handler, calledAtMs } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ coalesceMs: given.first });
    requestHeartbeatNow({ coalesceMs: given.second });
    await at(10_000);
    expect(calledAtMs).toEqual(given.calledAtMs);
  });

  test("given an armed timer, when a request for the same or a later moment comes, then it is kept, not armed anew", () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    for (const coalesceMs of [100, 100, 101, 5_000]) requestHeartbeatNow({ coalesceMs });
    expect(set).toHaveBeenCalledTimes(1);
  });

  test("given a timer of another target, when it is pre-empted, then both targets go with the sooner one", async () => {
    const { handler, requests, calledAtMs } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ sessionKey: MAIN, coalesceMs: 5_000 });
    requestHeartbeatNow({ sessionKey: DISCORD, coalesceMs: 10 });
    await at(10_000);
    expect(requests.map(({ sessionKey }) => sessionKey)).toEqual([MAIN, DISCORD]);
    expect(calledAtMs).toEqual([10, 10]);
  });

  test("given a retry timer, when a wake with no window comes, for the same or another target, then the pause is not cut short", async () => {
    const { handler, requests, calledAtMs } = agent(BUSY, RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ sessionKey: MAIN, coalesceMs: 0 });
    await at(10);
    requestHeartbeatNow({ reason: "manual", sessionKey: MAIN, coalesceMs: 0 });
    requestHeartbeatNow({ reason: "manual", sessionKey: DISCORD, coalesceMs: 0 });
    await at(999);
    expect(calledAtMs).toEqual([0]);
    await at(1_000);
    expect(calledAtMs).toEqual([0, 1_000, 1_000]);
    expect(requests.map(({ sessionKey }) => sessionKey)).toEqual([MAIN, MAIN, DISCORD]);
  });
});

describe("row: overlap", () => {
  test("given a run that goes on, when another target's timer fires, then it waits, re-armed with the same delay", async () => {
    const run = longRun();
    const { handler, calledAtMs, requests } = agent(run.answer, RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ sessionKey: MAIN, coalesceMs: 0 });
    await at(10);
    requestHeartbeatNow({ sessionKey: DISCORD, coalesceMs: 100 });
    await at(120);
    expect(calledAtMs).toEqual([0]);
    expect(hasPendingHeartbeatWake()).toBe(true);
    // Armed for 210; the end of the run wants a timer of its own delay, 0 ms, which is sooner.
    run.end(RAN);
    await at(120);
    expect(calledAtMs).toEqual([0, 120]);
    expect(requests[1]).toEqual({ reason: "requested", sessionKey: DISCORD });
  });

  test("given a run whose own delay is long, then what waits goes with the sooner timer", async () => {
    const run = longRun();
    const { handler, calledAtMs } = agent(run.answer, RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ coalesceMs: 500 });
    await at(510);
    requestHeartbeatNow({ coalesceMs: 100 });
    await at(620);
    run.end(RAN);
    await at(709);
    expect(calledAtMs).toEqual([500]);
    await at(710);
    expect(calledAtMs).toEqual([500, 710]);
  });
});

describe("row: batch order", () => {
  test("given a target that is asked for during its own run, after another, then it comes after the other", async () => {
    const run = longRun();
    const { handler, requests } = agent(run.answer, RAN);
    setHeartbeatWakeHandler(handler);
    for (const sessionKey of ["a", "b", "a"]) {
      requestHeartbeatNow({ sessionKey, coalesceMs: 0 });
      if (requests.length === 0) await at(1);
    }
    run.end(RAN);
    await at(1_000);
    expect(requests.map(({ sessionKey }) => sessionKey)).toEqual(["a", "b", "a"]);
  });

  test("given targets asked for in turn, then they run in that order, one after the other; a second request keeps the place", async () => {
    const run = longRun();
    const { handler, requests } = agent(run.answer, RAN);
    setHeartbeatWakeHandler(handler);
    for (const sessionKey of ["z", "a", "m"]) requestHeartbeatNow({ sessionKey });
    requestHeartbeatNow({ sessionKey: "z", reason: "manual" });
    await at(5_000);
    expect(requests).toEqual([{ reason: "manual", sessionKey: "z" }]);
    run.end(RAN);
    await at(5_000);
    expect(requests.map(({ sessionKey }) => sessionKey)).toEqual(["z", "a", "m"]);
  });

  test("given a request for a target that waits its turn in the batch, then it is a run of its own afterwards", async () => {
    const run = longRun();
    const { handler, requests } = agent(run.answer, RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ sessionKey: "a", reason: "wake", coalesceMs: 0 });
    requestHeartbeatNow({ sessionKey: "b", reason: "wake", coalesceMs: 0 });
    await at(1);
    requestHeartbeatNow({ sessionKey: "b", reason: "manual", coalesceMs: 0 });
    run.end(RAN);
    await at(1_000);
    expect(requests).toEqual([
      { reason: "wake", sessionKey: "a" },
      { reason: "wake", sessionKey: "b" },
      { reason: "manual", sessionKey: "b" },
    ]);
  });
});

describe("row: clock", () => {
  test("given fake timers put in after the module was loaded, then they drive it: setTimeout, clearTimeout and Date are those of the call", async () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    const clear = vi.spyOn(globalThis, "clearTimeout");
    requestHeartbeatNow({ coalesceMs: 500 });
    requestHeartbeatNow({ coalesceMs: 100 });
    expect(set.mock.calls.map(([, delayMs]) => delayMs)).toEqual([500, 100]);
    expect(clear).toHaveBeenCalledTimes(1);
  });
});
