import { expect, test } from "vitest";
import { memoryStore } from "../../src/log/memory.ts";
import { simulatedClock, type SimulatedClock } from "../support/simulated-clock.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

/** Quiet hours go by the wall clock as it is, also when it is set back or forward while a wake is held. */

const D = "agent:main:discord:channel:42";
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const TEN_YEARS_MS = 3_652 * DAY_MS;
const limits = { quietHours: [{ from: "22:00", to: "07:00", zone: "UTC" }] };

const at = (time: string): SimulatedClock => simulatedClock({ startMs: Date.parse(`2026-11-24T${time}Z`) });
const send = async (heart: TestHeart, text = "one"): Promise<void> => {
  await heart.soon(heart.heartbeat.wake(text, { sessionKey: D, coalesceMs: 0 }));
};
/** When the wall clock showed what at the runs, to the minute. */
function watched(clock: SimulatedClock, store = memoryStore()) {
  const runs: string[] = [];
  const run = () => {
    runs.push(new Date(clock.nowMs()).toISOString().slice(0, 16));
    return { status: "ran" } as const;
  };
  return { heart: testHeart({ limits, run }, { clock, store }), runs };
}

test("set back out of the night, what was held runs within a minute", async () => {
  const clock = at("23:00");
  const { heart, runs } = watched(clock);
  await send(heart);
  await clock.advance(HOUR_MS);
  clock.jump(-4 * HOUR_MS);
  await clock.advance(MINUTE_MS);
  expect(runs).toEqual(["2026-11-24T20:01"]);
});

test("set back by a day and an hour at night, it runs when the wall clock says that the night is over", async () => {
  const clock = at("23:00");
  const { heart, runs } = watched(clock);
  await send(heart);
  clock.jump(-DAY_MS - HOUR_MS + MINUTE_MS);
  await clock.advance(8 * HOUR_MS);
  expect(runs).toEqual([]);
  expect((await heart.heartbeat.why(D)).code).toBe("quiet-hours");
  await clock.advance(HOUR_MS);
  expect(runs).toEqual(["2026-11-24T07:00"]);
});

test("problem 21: set back by day, the night begins and ends by the wall clock, not hours early", async () => {
  const clock = at("15:00");
  const { heart, runs } = watched(clock);
  await send(heart);
  clock.jump(-3 * HOUR_MS);
  await heart.heartbeat.why(D); // the jump is seen
  await clock.advance(9 * HOUR_MS + 30 * MINUTE_MS); // 21:30
  await send(heart, "before the night");
  await clock.advance(HOUR_MS); // 22:30
  await send(heart, "in the night");
  await clock.advance(12 * HOUR_MS);
  expect(runs).toEqual(["2026-11-24T15:00", "2026-11-24T21:30", "2026-11-25T07:00"]);
});

test("ten years forward and back again: nothing is lost, and the night ends by the wall clock", async () => {
  const clock = at("23:00");
  const { heart, runs } = watched(clock);
  await send(heart);
  clock.jump(TEN_YEARS_MS);
  await clock.advance(MINUTE_MS); // still night there
  expect(runs).toEqual([]);
  clock.jump(-TEN_YEARS_MS - 3 * HOUR_MS); // 20:01, by day
  await clock.advance(2 * MINUTE_MS);
  expect(runs).toEqual(["2026-11-24T20:02"]);
  await clock.advance(3 * HOUR_MS);
  await send(heart, "in the night");
  await clock.advance(9 * HOUR_MS);
  expect(runs.slice(1)).toEqual(["2026-11-25T07:00"]);
});

test("a clock that was ahead and is right again after a restart: the hold follows it", async () => {
  const clock = at("23:00");
  const store = memoryStore();
  await send(watched(clock, store).heart);
  clock.jump(-4 * HOUR_MS);
  const copy = memoryStore();
  copy.append({ records: [...store.read()], dedupe: [] });
  const { runs } = watched(clock, copy);
  await clock.advance(MINUTE_MS);
  expect(runs).toEqual(["2026-11-24T19:00"]);
});

test("a clock that was behind the log and has caught up with it at a restart: the hold ends with the night", async () => {
  const clock = at("15:00");
  const store = memoryStore();
  const { heart } = watched(clock, store);
  await send(heart);
  clock.jump(-3 * HOUR_MS);
  await heart.heartbeat.why(D); // the jump is seen
  await clock.advance(11 * HOUR_MS); // 23:00, and 02:00 in the log
  await send(heart, "in the night");
  const copy = memoryStore();
  copy.append({ records: [...store.read()], dedupe: [] });
  const morning = simulatedClock({ startMs: Date.parse("2026-11-25T05:00Z") });
  const { runs } = watched(morning, copy);
  await morning.advance(8 * HOUR_MS);
  expect(runs).toEqual(["2026-11-25T07:00"]);
});

test("one that waits behind a run of its lane is looked at when that ends", async () => {
  const clock = at("23:00");
  const { promise, resolve } = Promise.withResolvers<{ status: "ran" }>();
  const order: string[] = [];
  const run = ({ sessionKey }: { sessionKey: string }) => {
    order.push(sessionKey);
    return sessionKey === D ? ({ status: "ran" } as const) : promise;
  };
  const night = { quietHours: [{ ...limits.quietHours[0]!, match: D }] };
  const heart = testHeart({ limits: night, run, laneOf: () => "lane", runTimeoutMs: DAY_MS }, { clock });
  await send(heart);
  await heart.soon(heart.heartbeat.wake("two", { sessionKey: "agent:web:7", coalesceMs: 0 }));
  clock.jump(-4 * HOUR_MS);
  await clock.advance(2 * MINUTE_MS);
  expect(order).toEqual(["agent:web:7"]);
  resolve({ status: "ran" });
  await clock.settle();
  expect(order).toEqual(["agent:web:7", D]);
});

test("one that stands in a lane of before is asked anew in its lane of today", async () => {
  const clock = at("23:00");
  const store = { ...memoryStore(), close() {} };
  const { heart } = watched(clock, store);
  await send(heart);
  await heart.soon(heart.heartbeat.close());
  const today = testHeart({ limits, laneOf: () => "lane" }, { clock, store });
  clock.jump(-4 * HOUR_MS);
  await clock.advance(2 * MINUTE_MS);
  expect(today.agent.calls).toHaveLength(1);
  expect(await today.heartbeat.peekSystemEvents(D)).toEqual([]);
});
