import { describe, expect, test, vi } from "vitest";
import {
  areHeartbeatsEnabled,
  hasHeartbeatWakeHandler,
  hasPendingHeartbeatWake,
  HEARTBEAT_SKIP_CRON_IN_PROGRESS,
  HEARTBEAT_SKIP_LANES_BUSY,
  HEARTBEAT_SKIP_REQUESTS_IN_FLIGHT,
  requestHeartbeatNow,
  resetHeartbeatWakeStateForTests,
  setHeartbeatsEnabled,
  setHeartbeatWakeHandler,
  type HeartbeatWakeHandler,
} from "../../src/openclaw/index.ts";
import { agent, at, BUSY, DISCORD, FAILED, longRun, MAIN, nowMs, RAN, useFakeTime, WHATSAPP } from "./support.ts";

// One describe per row of the table "heartbeat-wake", column F23; then one per "important detail".
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

describe("rows: merge rule and priority", () => {
  const ranked = [
    ["retry"],
    ["interval"],
    ["requested", "wake", "cron:job-1", "exec:run-1:exit", "acp:spawn:1", "Manual", "hook"],
    ["manual", "exec-event", "hook:gmail"],
  ];
  const pairs = ranked.flatMap((reasons, rank) =>
    reasons.flatMap((first) =>
      ranked.flatMap((others, otherRank) =>
        others.map((second) => ({ first, second, stays: otherRank >= rank ? second : first })),
      ),
    ),
  );

  test.each(pairs)("given $first, when $second is asked for the same target, then $stays stays", async (given) => {
    const { handler, requests } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ reason: given.first });
    await at(1);
    requestHeartbeatNow({ reason: given.second });
    await at(5_000);
    expect(requests).toEqual([{ reason: given.stays }]);
  });

  test("given equal priority and a clock that was set back, then the one requested at the later moment stays", async () => {
    const { handler, requests } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ reason: "cron:later-by-the-clock", coalesceMs: 0 });
    vi.setSystemTime(Date.now() - 5_000);
    requestHeartbeatNow({ reason: "cron:earlier-by-the-clock", coalesceMs: 0 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(requests).toEqual([{ reason: "cron:later-by-the-clock" }]);
  });
});

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
    { reason: "wake", meanwhile: "cron:1", stays: "wake", rule: "an equal one gives way: coming back counts as newest" },
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
  ])("given a batch of three whose second wake %s, then the whole batch comes back after 1,000 ms", async (_, host) => {
    setHeartbeatWakeHandler(host.handler);
    for (const sessionKey of ["a", "b", "c"]) requestHeartbeatNow({ sessionKey, coalesceMs: 0 });
    await at(999);
    const keys = (): (string | undefined)[] => host.requests.map(({ sessionKey }) => sessionKey);
    expect(keys()).toEqual(host.requests.length === 3 ? ["a", "b", "c"] : ["a", "b"]);
    await at(1_000);
    expect(keys().slice(-3)).toEqual(["a", "b", "c"]);
  });

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

  test("given a fired timer noted during the old handler's run, when a new one is set, then it causes no empty run", async () => {
    const [old, next] = [agent(longRun().answer), agent(RAN)];
    setHeartbeatWakeHandler(old.handler);
    requestHeartbeatNow({ coalesceMs: 0 });
    await at(1);
    requestHeartbeatNow({ coalesceMs: 10 });
    await at(15);
    resetHeartbeatWakeStateForTests();
    setHeartbeatWakeHandler(next.handler);
    expect(hasPendingHeartbeatWake()).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
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

describe("detail: what the handler is given", () => {
  test.each([
    [undefined, { reason: "requested" }],
    [{}, { reason: "requested" }],
    [{ reason: "   " }, { reason: "requested" }],
    [{ reason: " exec-event\n" }, { reason: "exec-event" }],
    [{ reason: "wake", agentId: " ops " }, { reason: "wake", agentId: "ops" }],
    [{ reason: "wake", agentId: " ", sessionKey: DISCORD }, { reason: "wake", sessionKey: DISCORD }],
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
  test("given it fired and was re-armed, when the run ends busy, then the retry timer does not shorten it and it does not shorten the retry", async () => {
    const run = longRun();
    const { handler, calledAtMs } = agent(run.answer, RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ sessionKey: "a", coalesceMs: 0 });
    await at(10);
    run.end(BUSY);
    await at(20);
    // The run's own delay was 0 ms; the retry timer that was armed during the run wins.
    await at(1_009);
    expect(calledAtMs).toEqual([0]);
    await at(1_010);
    expect(calledAtMs).toEqual([0, 1_010]);
  });

  test("given nothing pending at the end of the run, but a timer fired during it, then an armed timer is left and runs nothing", async () => {
    const run = longRun();
    const { handler, requests } = agent(run.answer, RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ coalesceMs: 0 });
    await at(1);
    requestHeartbeatNow({ coalesceMs: 40 });
    await at(100);
    expect(requests).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(1);
    run.end(RAN);
    await at(200);
    expect(requests).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
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
    expect((set.mock.results[0]?.value as NodeJS.Timeout).hasRef()).toBe(false);
    resetHeartbeatWakeStateForTests();
    set.mockReturnValue(7 as unknown as NodeJS.Timeout);
    requestHeartbeatNow();
    set.mockRestore();
    expect(hasPendingHeartbeatWake()).toBe(true);
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
  expect([hasHeartbeatWakeHandler(), hasPendingHeartbeatWake(), vi.getTimerCount()]).toEqual([false, false, 0]);
  const next = agent(RAN);
  setHeartbeatWakeHandler(next.handler);
  dispose();
  expect(hasHeartbeatWakeHandler()).toBe(true);
  await at(10_000);
  expect([requests.length, next.requests.length]).toEqual([1, 0]);
});
