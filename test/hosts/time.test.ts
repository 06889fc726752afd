import { expect, test } from "vitest";
import type { Clock } from "../../src/run/clock.ts";
import { FAILED, RAN } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

/** What waits for a moment: windows, pauses, long waits, and clocks that jump. */

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const texts = ({ agent }: TestHeart): string[][] =>
  agent.calls.map(({ events }) => events.map(({ text }) => text));

function counting(): { clock: ReturnType<typeof simulatedClock>; counted: Clock; timers: () => number } {
  const clock = simulatedClock();
  let set = 0;
  return {
    clock,
    counted: { ...clock, setTimer: (delayMs, callback) => ((set += 1), clock.setTimer(delayMs, callback)) },
    timers: () => set,
  };
}

test("many wakes in one window are one run; a sooner one pre-empts, a later one does not delay", async () => {
  const heart = testHeart({ coalesceMs: 250 });
  const { heartbeat, clock } = heart;
  await heart.soon(heartbeat.wake("one", { sessionKey: D }));
  await heart.soon(heartbeat.wake("two", { sessionKey: D, coalesceMs: 10_000 }));
  await clock.advance(249);
  expect(texts(heart)).toEqual([]);
  await clock.advance(1);
  expect(texts(heart)).toEqual([["one", "two"]]);

  await heart.soon(heartbeat.wake("three", { sessionKey: D, coalesceMs: 10_000 }));
  await heart.soon(heartbeat.wake("four", { sessionKey: D, coalesceMs: 100 }));
  await clock.advance(99);
  expect(texts(heart)).toHaveLength(1);
  await clock.advance(1);
  expect(texts(heart)[1]).toEqual(["three", "four"]);
  await clock.advance(DAY_MS);
  expect(texts(heart)).toHaveLength(2);
});

test("an event queued without a wake waits for the next run, at the latest `lingerMs`", async () => {
  const heart = testHeart({ coalesceMs: 250, lingerMs: 30 * MINUTE_MS });
  const { heartbeat, clock } = heart;
  await heart.soon(heartbeat.enqueueSystemEvent("lingers", { sessionKey: D }));
  await clock.advance(30 * MINUTE_MS - 1);
  expect(texts(heart)).toEqual([]);
  await clock.advance(1);
  expect(texts(heart)).toEqual([["lingers"]]);
  await heart.soon(heartbeat.enqueueSystemEvent("rides along", { sessionKey: D }));
  await heart.soon(heartbeat.requestHeartbeatNow({ sessionKey: D }));
  expect(texts(heart)).toEqual([["lingers"], ["rides along"]]);
});

test("a pause of 30 days is cut to a day, and waits for it without spinning", async () => {
  const { clock, counted, timers } = counting();
  const heart = testHeart({ coalesceMs: 0, clock: counted }, { clock });
  const { heartbeat, agent } = heart;
  agent.answers({ status: "skipped", reason: "quota", retryAfterMs: 30 * DAY_MS }, RAN);
  await heart.soon(heartbeat.wake("ended", { sessionKey: D }));
  const before = timers();
  await clock.advance(DAY_MS - 1);
  expect(agent.calls).toHaveLength(1);
  expect(timers() - before).toBeLessThanOrEqual(DAY_MS / MINUTE_MS);
  await clock.advance(1);
  expect(agent.calls.map(({ attempt }) => attempt)).toEqual([1, 1]);
});

test("nothing to do: no timer at all", async () => {
  const { clock, counted, timers } = counting();
  const heart = testHeart({ coalesceMs: 0, clock: counted }, { clock });
  await heart.soon(heart.heartbeat.wake("ended", { sessionKey: D }));
  const before = timers();
  await clock.advance(DAY_MS);
  expect([clock.timers, timers() - before]).toEqual([0, 0]);
});

// What had passed since the clock was last read is waited for again: a minute at most, never the jump.
test.each([-DAY_MS, -3_600_000])(
  "a wall clock that is set back by %d ms makes nothing wait for it",
  async (jumpMs) => {
    const heart = testHeart({ coalesceMs: 250 });
    const { heartbeat, agent, clock } = heart;
    agent.answers(FAILED, RAN);
    await heart.soon(heartbeat.wake("window", { sessionKey: D }));
    clock.jump(jumpMs);
    await clock.advance(2 * 250);
    expect(agent.calls).toHaveLength(1);
    clock.jump(jumpMs);
    await clock.advance(2 * 1_500);
    expect(agent.calls).toHaveLength(2);
    await heart.soon(heartbeat.wake("after", { sessionKey: W }));
    await clock.advance(250);
    expect(agent.calls).toHaveLength(3);
    const times = (await heartbeat.read()).map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  },
);

test("a machine that slept: what became due meanwhile runs within a minute of its waking up", async () => {
  const heart = testHeart({ coalesceMs: 0 });
  const { heartbeat, agent, clock } = heart;
  await heart.soon(heartbeat.wake("in an hour", { sessionKey: D, coalesceMs: 60 * MINUTE_MS }));
  clock.jump(2 * 60 * MINUTE_MS);
  await clock.advance(MINUTE_MS);
  expect(agent.calls).toHaveLength(1);
});
