import { expect, test } from "vitest";
import type { ScheduleOptions } from "../../src/api.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

/** A schedule that is set again for another session belongs to that one, and to no other. */

const KEY = "agent:main:discord:channel:42";
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const set = (heart: TestHeart, options: Partial<ScheduleOptions>) =>
  heart.soon(heart.heartbeat.setSchedule({ scheduleId: "beat", sessionKey: KEY, ...options }));
const texts = ({ agent }: TestHeart): string[][] =>
  agent.calls.map(({ events }) => events.map(({ text }) => text));

test("one that was paused and goes to another session begins there with its first tick to come", async () => {
  const heart = testHeart();
  await set(heart, { everyMs: MINUTE_MS, text: "Look." });
  await heart.soon(heart.heartbeat.pauseSchedule("beat"));
  await heart.clock.advance(HOUR_MS);
  const sessionKey = "agent:main:main";
  await set(heart, { everyMs: MINUTE_MS, text: "Look.", sessionKey });
  await heart.clock.settle();
  expect(heart.agent.calls).toEqual([]);
  await heart.clock.advance(MINUTE_MS);
  expect(heart.agent.calls.map((call) => [call.sessionKey, call.reason])).toEqual([
    [sessionKey, "cron:beat"],
  ]);
});

test("a schedule that went to another session keeps its words there when the first one is forgotten", async () => {
  const heart = testHeart({ checkpointRecords: 1 }, { store: { ...memoryStore(), close() {} } });
  await set(heart, { everyMs: HOUR_MS, text: "A secret." });
  const sessionKey = "agent:main:main";
  await set(heart, { everyMs: HOUR_MS, text: "Look.", sessionKey });
  await heart.soon(heart.heartbeat.wake("Something later.", { sessionKey: KEY }));
  await heart.soon(heart.heartbeat.forget(KEY));
  await heart.soon(heart.heartbeat.close());
  const { store, clock } = heart;
  const next = testHeart({}, { store, clock });
  await next.clock.advance(HOUR_MS);
  expect(texts(next)).toEqual([["Look."]]);
  const states = [1, 2, 3, 4].map((at) => JSON.stringify(store.snapshot("schedule", "beat", at) ?? null));
  expect(states.join()).toContain("Look.");
  expect(states.join()).not.toContain("A secret.");
});
