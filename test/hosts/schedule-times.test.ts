import { describe, expect, test } from "vitest";
import type { ScheduleOptions } from "../../src/api.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

/** Clocks that jump, processes that were not there, and times that cannot be. */

const KEY = "agent:main:discord:channel:42";
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const set = (heart: TestHeart, options: Partial<ScheduleOptions>) =>
  heart.soon(heart.heartbeat.setSchedule({ scheduleId: "beat", sessionKey: KEY, ...options }));
const reasons = ({ agent }: TestHeart): string[] => agent.calls.map(({ reason }) => reason);
const texts = ({ agent }: TestHeart): string[][] =>
  agent.calls.map(({ events }) => events.map(({ text }) => text));
const shown = (heart: TestHeart, id = "beat") => heart.soon(heart.heartbeat.schedule(id));
async function toNextTick(heart: TestHeart): Promise<void> {
  const { nextAtMs } = await shown(heart);
  await heart.clock.advance((nextAtMs as number) - heart.clock.nowMs() + 1_000);
}

describe("time that jumps", () => {
  test("problem 23: missed ticks become one run that says how many", async () => {
    const store = memoryStore();
    const clock = simulatedClock();
    await set(testHeart({}, { store, clock }), { everyMs: HOUR_MS });
    clock.jump(5 * HOUR_MS + 30 * MINUTE_MS);
    const heart = testHeart({}, { store, clock });
    await clock.advance(MINUTE_MS);
    expect(reasons(heart)).toHaveLength(1);
    expect(reasons(heart)[0]).toMatch(/^interval \([45] before it were missed\)$/);
  });

  test("or none, if it is asked for", async () => {
    const store = memoryStore();
    const clock = simulatedClock();
    await set(testHeart({}, { store, clock }), { cron: "0 * * * *", onMissed: "skip" });
    clock.jump(5 * HOUR_MS + 30 * MINUTE_MS);
    const heart = testHeart({}, { store, clock });
    await clock.advance(MINUTE_MS);
    expect(heart.agent.calls).toEqual([]);
    await toNextTick(heart);
    expect(heart.agent.calls).toHaveLength(1);
  });

  test("one that is paused is not moved by a clock that is set back", async () => {
    const heart = testHeart();
    await set(heart, { cron: "* * * * *" });
    await heart.soon(heart.heartbeat.pauseSchedule("beat"));
    heart.clock.jump(-5 * HOUR_MS);
    await heart.soon(heart.heartbeat.requestHeartbeat({ sessionKey: KEY }));
    await heart.clock.advance(2 * MINUTE_MS);
    const types = [...heart.store.read()].map(({ type }) => type);
    expect(types.filter((type) => type.startsWith("schedule."))).toEqual(["schedule.set", "schedule.paused"]);
  });

  test("one that is resumed after the clock was set back does not tick again what has ticked", async () => {
    const heart = testHeart();
    await set(heart, { cron: "0 * * * *" });
    await toNextTick(heart);
    const { nextAtMs } = await shown(heart);
    await heart.soon(heart.heartbeat.pauseSchedule("beat"));
    heart.clock.jump(-5 * HOUR_MS);
    await heart.soon(heart.heartbeat.resumeSchedule("beat"));
    expect((await shown(heart)).nextAtMs).toBe(nextAtMs);
  });

  test.each([
    ["a run by hand", (heart: TestHeart) => heart.soon(heart.heartbeat.runSchedule("beat"))],
    ["an interval that it was before", (heart: TestHeart) => heart.clock.settle()],
  ])("%s, by a clock that is ahead, does not silence a time of day", async (_, next) => {
    const heart = testHeart();
    heart.clock.jump(20 * HOUR_MS);
    await set(heart, { everyMs: MINUTE_MS });
    await heart.clock.advance(MINUTE_MS);
    heart.clock.jump(-20 * HOUR_MS); // time goes on from where it was, 20 hours ahead of the wall
    await heart.clock.advance(2 * MINUTE_MS);
    await set(heart, { cron: "* * * * *" });
    await next(heart);
    const { ticks } = await shown(heart);
    heart.clock.jump(-3 * HOUR_MS);
    await heart.clock.advance(2 * HOUR_MS);
    expect((await shown(heart)).ticks).toBeGreaterThan(ticks + 100);
  });

  test("S17: set back by a day, an interval goes on as it was and a time of day does not come twice", async () => {
    const heart = testHeart();
    await set(heart, { everyMs: HOUR_MS });
    await set(heart, { scheduleId: "nine", cron: "0 9 * * *", text: "Good morning." });
    await heart.clock.advance(DAY_MS);
    const mornings = (): number => texts(heart).filter(([text]) => text === "Good morning.").length;
    expect(mornings()).toBe(1);
    const beats = heart.agent.calls.length;
    heart.clock.jump(-DAY_MS);
    await heart.clock.advance(DAY_MS);
    expect(mornings()).toBe(1);
    expect(heart.agent.calls.length - beats).toBeGreaterThanOrEqual(24);
    await heart.clock.advance(DAY_MS);
    expect(mornings()).toBe(2);
  });

  test("S17: ten years forward and back again, neither stops", async () => {
    const heart = testHeart();
    await set(heart, { everyMs: HOUR_MS });
    await set(heart, { scheduleId: "nine", cron: "0 9 * * *", text: "Good morning." });
    heart.clock.jump(3_650 * DAY_MS);
    await heart.clock.advance(2 * MINUTE_MS);
    heart.clock.jump(-3_650 * DAY_MS);
    await heart.clock.advance(2 * MINUTE_MS);
    const before = heart.agent.calls.length;
    await heart.clock.advance(DAY_MS);
    expect(heart.agent.calls.length - before).toBe(25);
    expect((await shown(heart, "nine")).nextAtMs).toBeLessThan(heart.clock.nowMs() + 2 * DAY_MS);
  });

  test("problem 24: years ahead are no timer that fires at once", async () => {
    const heart = testHeart();
    await set(heart, { everyMs: 3_650 * DAY_MS });
    await heart.clock.advance(10 * MINUTE_MS);
    expect(heart.agent.calls).toEqual([]);
    expect(heart.clock.timers).toBe(1);
  });
});

describe("what cannot be is refused when it is said", () => {
  test.each([
    ["no time", {}, "LUBDUB_SCHEDULE_INVALID"],
    ["two times", { everyMs: HOUR_MS, cron: "* * * * *" }, "LUBDUB_SCHEDULE_INVALID"],
    ["a negative interval", { everyMs: -1 }, "LUBDUB_INPUT_INVALID"],
    ["an interval under a second", { everyMs: 999 }, "LUBDUB_SCHEDULE_INVALID"],
    ["an impossible cron", { cron: "0 0 30 2 *" }, "LUBDUB_SCHEDULE_INVALID"],
    ["an unknown zone", { cron: "0 9 * * *", zone: "Europe/Atlantis" }, "LUBDUB_SCHEDULE_INVALID"],
    ["a zone without cron", { everyMs: HOUR_MS, zone: "UTC" }, "LUBDUB_SCHEDULE_INVALID"],
    ["a time that is over", { atMs: 1 }, "LUBDUB_SCHEDULE_INVALID"],
    ["an empty text", { everyMs: HOUR_MS, text: " " }, "LUBDUB_TEXT_INVALID"],
    ["a wrong name", { everyMs: HOUR_MS, scheduleId: "../x" }, "LUBDUB_INPUT_INVALID"],
    ["a dedupe key", { everyMs: HOUR_MS, text: "x", dedupeKey: "k" }, "LUBDUB_INPUT_INVALID"],
    ["an unknown field", { everyMs: HOUR_MS, evry: 1 }, "LUBDUB_INPUT_INVALID"],
    ["an empty session key", { everyMs: HOUR_MS, sessionKey: "" }, "LUBDUB_SESSION_KEY_INVALID"],
  ])("%s", async (_, options, code) => {
    const heart = testHeart();
    await expect(set(heart, options as Partial<ScheduleOptions>)).rejects.toMatchObject({ code });
    expect(heart.store.head().position).toBe(0);
  });
});
