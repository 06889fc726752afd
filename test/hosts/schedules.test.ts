import { describe, expect, test } from "vitest";
import type { ScheduleOptions } from "../../src/api.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { Store } from "../../src/log/store.ts";
import { BUSY, FAILED, RAN } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

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
/** Far enough before its next tick that nothing is due. */
async function toNextTick(heart: TestHeart, afterMs = 1_000): Promise<void> {
  const { nextAtMs } = await shown(heart);
  await heart.clock.advance((nextAtMs as number) - heart.clock.nowMs() + afterMs);
}

test("a one-shot whose time passed while it was paused says so when it is resumed, and can still be run by hand", async () => {
  const heart = testHeart();
  await set(heart, { atMs: heart.clock.nowMs() + HOUR_MS, text: "call the plumber" });
  await heart.soon(heart.heartbeat.pauseSchedule("beat"));
  await heart.clock.advance(DAY_MS);
  await expect(heart.soon(heart.heartbeat.resumeSchedule("beat"))).rejects.toMatchObject({
    code: "LUBDUB_SCHEDULE_INVALID",
  });
  expect(await shown(heart)).toMatchObject({ state: "paused" });
  await heart.soon(heart.heartbeat.runSchedule("beat"));
  await heart.clock.advance(1_000);
  expect(texts(heart)).toEqual([["call the plumber"]]);
});

describe("a beat", () => {
  test("wakes its session every interval, without an event", async () => {
    const heart = testHeart();
    await set(heart, { everyMs: 30 * MINUTE_MS });
    await heart.clock.advance(DAY_MS);
    expect(heart.agent.calls).toHaveLength(48);
    expect(heart.agent.calls[0]).toMatchObject({
      sessionKey: KEY,
      source: "interval",
      intent: "scheduled",
      reason: "interval",
      events: [],
    });
  });

  test("problem 8: an interval of 0 turns it off and leaves event wakes on", async () => {
    const heart = testHeart();
    await set(heart, { everyMs: 30 * MINUTE_MS });
    expect(await set(heart, { everyMs: 0 })).toBeNull();
    await heart.soon(heart.heartbeat.wake("done", { sessionKey: KEY }));
    await heart.clock.advance(DAY_MS);
    expect(texts(heart)).toEqual([["done"]]);
    expect(await heart.soon(heart.heartbeat.schedules())).toEqual([]);
  });

  test("problem 22: a restart does not move it", async () => {
    const store = memoryStore();
    const clock = simulatedClock();
    const first = testHeart({}, { store, clock });
    const made = await set(first, { everyMs: HOUR_MS });
    await clock.advance(20 * MINUTE_MS);
    const second = testHeart({}, { store, clock });
    expect((await set(second, { everyMs: HOUR_MS }))?.nextAtMs).toBe(made?.nextAtMs);
    expect(store.head().position).toBe(1);
  });
});

describe("whatever becomes of a run, the schedule stands", () => {
  test.each([
    ["busy", BUSY],
    ["failed", FAILED],
    ["throws", () => Promise.reject(new Error("no"))],
    ["skipped for good", { status: "skipped", reason: "quiet" } as const],
    ["ran", RAN],
  ])("problem 2, #15193: after a run that is %s, the next tick is one interval on", async (_, answer) => {
    const heart = testHeart({ maxAttempts: 1 });
    await set(heart, { everyMs: HOUR_MS });
    const before = (await shown(heart)).nextAtMs as number;
    heart.agent.answers(answer, RAN);
    await toNextTick(heart);
    expect(heart.agent.calls).toHaveLength(1);
    expect((await shown(heart)).nextAtMs).toBe(before + HOUR_MS);
    const calls = heart.agent.calls.length;
    await toNextTick(heart);
    expect(heart.agent.calls.length).toBeGreaterThan(calls);
  });

  test("problem 12: a busy agent is asked again for the same tick, long before the next", async () => {
    const heart = testHeart();
    await set(heart, { everyMs: HOUR_MS });
    heart.agent.answers(BUSY, BUSY, RAN);
    await toNextTick(heart);
    await heart.clock.advance(MINUTE_MS);
    expect(heart.agent.calls).toHaveLength(3);
    expect(new Set(heart.agent.calls.map(({ wakeId }) => wakeId)).size).toBe(1);
  });

  test("#15193: one busy agent holds up no other that is due", async () => {
    const heart = testHeart();
    await set(heart, { everyMs: HOUR_MS });
    await set(heart, { everyMs: HOUR_MS, scheduleId: "other", sessionKey: "agent:other:main" });
    heart.agent.answers(({ sessionKey }) => (sessionKey === KEY ? BUSY : RAN));
    await heart.clock.advance(HOUR_MS + 1_000);
    expect(heart.agent.calls.some(({ sessionKey }) => sessionKey === "agent:other:main")).toBe(true);
  });
});

describe("a schedule with a text", () => {
  test("queues an event that names its schedule and its time", async () => {
    const heart = testHeart();
    const route = { channel: "42" };
    await set(heart, {
      cron: "0 9 * * *",
      zone: "Europe/Berlin",
      text: "Report.",
      route,
      data: { for: "ops" },
    });
    await heart.clock.advance(DAY_MS + MINUTE_MS);
    const [event] = heart.agent.calls[0]?.events ?? [];
    expect(event).toMatchObject({
      text: "Report.",
      source: "cron",
      trust: "trusted",
      contextKey: "cron:beat",
      route,
    });
    const { lastTickAtMs } = await shown(heart);
    expect(event?.data).toEqual({
      tick: { scheduleId: "beat", tickAtMs: lastTickAtMs, missed: 0 },
      data: { for: "ops" },
    });
    expect(new Date(lastTickAtMs as number).toISOString()).toMatch(/T0[78]:00:00/);
  });

  test("adds no second event while the first still waits; after it ran, the next does", async () => {
    const heart = testHeart({ failedBackoff: { baseMs: DAY_MS, capMs: DAY_MS } });
    heart.agent.answers(FAILED, RAN);
    await set(heart, { everyMs: HOUR_MS, text: "Look." });
    await heart.clock.advance(5 * HOUR_MS);
    expect(await heart.soon(heart.heartbeat.peekSystemEvents(KEY))).toHaveLength(1);
    await heart.soon(heart.heartbeat.requestHeartbeat({ sessionKey: KEY, intent: "manual" }));
    await heart.clock.advance(2 * HOUR_MS);
    expect(texts(heart).length).toBeGreaterThan(2);
    expect((await heart.soon(heart.heartbeat.read())).some(hasSkipped("still-queued"))).toBe(true);
  });

  test("a full queue drops nothing and the schedule goes on", async () => {
    const heart = testHeart({ queueMax: 1, lingerMs: DAY_MS });
    await heart.soon(heart.heartbeat.enqueueSystemEvent("first", { sessionKey: KEY }));
    await set(heart, { everyMs: HOUR_MS, text: "Look." });
    await toNextTick(heart);
    expect((await heart.soon(heart.heartbeat.read())).some(hasSkipped("queue-full"))).toBe(true);
    expect((await shown(heart)).nextAtMs).toBeGreaterThan(heart.clock.nowMs());
  });
});

describe("by hand", () => {
  test("a paused one does not tick, and goes on with the first tick to come", async () => {
    const heart = testHeart();
    await set(heart, { everyMs: HOUR_MS });
    expect(await heart.soon(heart.heartbeat.pauseSchedule("beat"))).toMatchObject({ state: "paused" });
    await heart.clock.advance(DAY_MS);
    expect(heart.agent.calls).toEqual([]);
    const { nextAtMs } = await heart.soon(heart.heartbeat.resumeSchedule("beat"));
    expect(nextAtMs).toBeGreaterThan(heart.clock.nowMs());
    await heart.clock.advance(HOUR_MS);
    expect(reasons(heart)).toEqual(["interval"]);
  });

  test("one tick now leaves the cadence as it is, also while it is paused", async () => {
    const heart = testHeart();
    const made = await set(heart, { everyMs: HOUR_MS });
    await heart.soon(heart.heartbeat.runSchedule("beat"));
    expect(heart.agent.calls).toMatchObject([{ intent: "manual", reason: "interval (by hand)" }]);
    expect((await shown(heart)).nextAtMs).toBe(made?.nextAtMs);
    await heart.soon(heart.heartbeat.pauseSchedule("beat"));
    await heart.soon(heart.heartbeat.runSchedule("beat"));
    await heart.clock.advance(MINUTE_MS);
    expect(heart.agent.calls).toHaveLength(2);
    expect((await shown(heart)).state).toBe("paused");
  });

  test("once, and then it is over and may be set anew", async () => {
    const heart = testHeart();
    await set(heart, { atMs: heart.clock.nowMs() + HOUR_MS, text: "Now." });
    await heart.clock.advance(DAY_MS);
    expect(texts(heart)).toEqual([["Now."]]);
    await expect(heart.soon(heart.heartbeat.schedule("beat"))).rejects.toMatchObject({
      code: "LUBDUB_NOT_FOUND",
    });
    await set(heart, { atMs: heart.clock.nowMs() + HOUR_MS, text: "Again." });
    await heart.clock.advance(DAY_MS);
    expect(texts(heart)).toEqual([["Now."], ["Again."]]);
  });

  test("a removed one is gone, also after a restart and a compaction", async () => {
    const [store, clock] = [lastingStore(), simulatedClock()];
    const heart = testHeart({ checkpointRecords: 1 }, { store, clock });
    await set(heart, { everyMs: HOUR_MS });
    await heart.soon(heart.heartbeat.removeSchedule("beat"));
    await heart.soon(heart.heartbeat.close());
    expect([...store.keys({ kind: "schedule", limit: 10 })]).toEqual([]);
  });

  test("a session that is forgotten takes its schedules along, and their texts", async () => {
    const heart = testHeart({ checkpointRecords: 1 });
    await set(heart, { everyMs: HOUR_MS, text: "A secret." });
    await set(heart, {
      scheduleId: "other",
      sessionKey: "agent:other:main",
      everyMs: HOUR_MS,
      text: "Stays.",
    });
    await heart.soon(heart.heartbeat.forget(KEY));
    expect((await heart.soon(heart.heartbeat.schedules())).map(({ scheduleId }) => scheduleId)).toEqual([
      "other",
    ]);
    const kept = [...heart.store.read()].map((record) => JSON.stringify(record));
    const states = [1, 2, 3].map((at) =>
      JSON.stringify(heart.store.snapshot("schedule", "beat", at) ?? null),
    );
    expect([...kept, ...states].join()).not.toContain("A secret.");
  });
});

test("replay equals live: after every step of every short life, a new process knows the same", async () => {
  const steps: Readonly<Record<string, (heart: TestHeart) => Promise<unknown>>> = {
    every: (heart) => set(heart, { everyMs: HOUR_MS }),
    once: (heart) => set(heart, { atMs: heart.clock.nowMs() + HOUR_MS, text: "Now." }),
    tick: (heart) => heart.clock.advance(HOUR_MS + MINUTE_MS),
    pause: (heart) => heart.soon(heart.heartbeat.pauseSchedule("beat")),
    resume: (heart) => heart.soon(heart.heartbeat.resumeSchedule("beat")),
    run: (heart) => heart.soon(heart.heartbeat.runSchedule("beat")),
    remove: (heart) => heart.soon(heart.heartbeat.removeSchedule("beat")),
  };
  const names = Object.keys(steps);
  const seen = new Set<string>();
  for (const first of ["every", "once"]) {
    for (const second of names) {
      for (const third of names) {
        const [store, clock] = [lastingStore(), simulatedClock()];
        for (const name of [first, second, third]) {
          const heart = testHeart({ checkpointRecords: 2 }, { store, clock });
          await clock.settle();
          const outcome = await steps[name]?.(heart).then(
            () => "done",
            ({ code }: { code: string }) => code,
          );
          seen.add(`${name} ${outcome}`);
          await clock.settle();
          const live = await heart.soon(heart.heartbeat.schedules());
          const again = testHeart({}, { store, clock });
          expect(await again.soon(again.heartbeat.schedules()), `${first} ${second} ${third}`).toEqual(live);
          const at = store.head().position;
          const states = await heart.soon(heart.heartbeat.stateAt(at));
          expect((await again.soon(again.heartbeat.stateAt(at))).schedules).toEqual(states.schedules);
          expect(Object.keys(states.schedules)).toEqual(live.map(({ scheduleId }) => scheduleId));
          await heart.soon(heart.heartbeat.close());
          await again.soon(again.heartbeat.close());
        }
      }
    }
  }
  expect([...seen].sort()).toEqual(
    [
      "every done",
      "once done",
      "pause done",
      "pause LUBDUB_NOT_FOUND",
      "remove done",
      "remove LUBDUB_NOT_FOUND",
      "resume done",
      "resume LUBDUB_NOT_FOUND",
      "run done",
      "run LUBDUB_NOT_FOUND",
      "tick done",
    ].sort(),
  );
});

/** It outlives the processes that close it. */
const lastingStore = (): Store => ({ ...memoryStore(), close: () => {} });

const hasSkipped =
  (why: string) =>
  (record: { readonly facts: object }): boolean =>
    "skipped" in record.facts && record.facts.skipped === why;
