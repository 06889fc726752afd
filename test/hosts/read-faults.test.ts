import { expect, test } from "vitest";
import { LubdubError } from "../../src/errors.ts";
import type { Store } from "../../src/log/store.ts";
import { FAILED, held, RAN } from "../support/agent.ts";
import { AT_REST, faultyStore, given, PAUSE_MS, quarantined } from "../support/faulty-store.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart } from "../support/world.ts";

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const own = (key: string): string => key;

test("a session that cannot be read when its run begins: its lane is set aside, gives back slot and lease, and goes on later", async () => {
  const { store, unreadable } = faultyStore((type, key) =>
    type === "run.started" && key === D ? `session ${D}` : undefined,
  );
  const heart = testHeart({ ...AT_REST, concurrency: 1 }, { store });
  const { heartbeat, soon, clock } = heart;
  await soon(heartbeat.wake("first", { sessionKey: W }));
  await soon(heartbeat.requestHeartbeat({ sessionKey: D, intent: "manual" }));
  await clock.settle();
  expect(await heartbeat.status()).toMatchObject({ state: "running", runsInFlight: 0 });
  expect(await quarantined(heart)).toEqual([D]);
  await soon(heartbeat.wake("second", { sessionKey: W }));
  expect(given(heart)).toEqual([`${W}: first`, `${W}: second`]);

  unreadable.clear();
  await clock.advance(2 * PAUSE_MS);
  expect(given(heart)).toEqual([`${W}: first`, `${W}: second`, `${D}: `]);
  expect(await quarantined(heart)).toEqual([]);
});

test("a session that could not be read when it was due is tried again: nothing sleeps until the next start", async () => {
  const { store, unreadable } = faultyStore();
  const heart = testHeart(AT_REST, { store });
  const { heartbeat, agent, soon, clock } = heart;
  agent.answers(FAILED, RAN);
  await soon(heartbeat.wake("for D", { sessionKey: D }));
  for (const key of [W, `${W}1`, `${W}2`]) await soon(heartbeat.wake("other", { sessionKey: key }));
  unreadable.add(`session ${D}`);
  await clock.advance(30_000);
  expect(await quarantined(heart)).toEqual([D]);
  await clock.advance(PAUSE_MS);
  expect(await quarantined(heart)).toEqual([D]);
  unreadable.clear();
  await clock.advance(PAUSE_MS);
  expect(given(heart).filter((call) => call === `${D}: for D`)).toHaveLength(2);
  expect(await quarantined(heart)).toEqual([]);
  expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
});

test("an agent that cannot be read when its run ends: what the run did is written once it can be read", async () => {
  const { store, unreadable } = faultyStore((type, key) =>
    type === "run.started" && key !== D ? "agent main" : undefined,
  );
  const heart = testHeart({ ...AT_REST, limits: { agent: { spacingMs: 1 } } }, { store });
  const { heartbeat, soon, clock } = heart;
  const running = held();
  heart.agent.answers(async () => (await running.promise, RAN), RAN);
  await soon(heartbeat.wake("once", { sessionKey: D }));
  await soon(heartbeat.wake("meanwhile", { sessionKey: "agent:web:7" }));
  running.resolve();
  await clock.settle();
  expect(await quarantined(heart)).toEqual([D]);

  unreadable.clear();
  await clock.advance(2 * PAUSE_MS);
  expect(given(heart)).toEqual([`${D}: once`, "agent:web:7: meanwhile"]);
  expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
});

test("a schedule that could not be read at the start is set elsewhere, not once more; and it is found", async () => {
  const { store, unreadable } = faultyStore();
  const beat = { scheduleId: "beat", everyMs: 3_600_000 };
  const before = testHeart(AT_REST, { store });
  await before.soon(before.heartbeat.setSchedule({ ...beat, sessionKey: D }));
  await before.soon(before.heartbeat.close());
  unreadable.add("schedule beat");
  const heart = testHeart(AT_REST, { store });
  expect(await quarantined(heart)).toEqual(["schedule beat"]);
  const { heartbeat, soon } = heart;
  await expect(soon(heartbeat.pauseSchedule("beat"))).rejects.toThrow("damage");

  unreadable.clear();
  await soon(heartbeat.pauseSchedule("beat"));
  await soon(heartbeat.setSchedule({ ...beat, sessionKey: W }));
  const moves = [...store.read({})].filter(({ type }) => type.startsWith("schedule."));
  expect(moves.map(({ type, sessionKey }) => `${type} ${sessionKey}`)).toEqual([
    `schedule.set ${D}`,
    `schedule.paused ${D}`,
    `schedule.removed ${D}`,
    `schedule.set ${W}`,
  ]);
});

test("a session is not forgotten while a schedule cannot be read that may be its; then it is, with that schedule", async () => {
  const { store, unreadable } = faultyStore();
  const before = testHeart(AT_REST, { store });
  await before.soon(before.heartbeat.setSchedule({ scheduleId: "beat", everyMs: 3_600_000, sessionKey: D }));
  await before.soon(before.heartbeat.close());
  unreadable.add("schedule beat");
  const { heartbeat, soon } = testHeart(AT_REST, { store });
  for (const key of [D, W]) await expect(soon(heartbeat.forget(key))).rejects.toThrow("damage");

  unreadable.clear();
  await soon(heartbeat.forget(W));
  await soon(heartbeat.forget(D));
  const forgotten = [...store.read({})].filter(({ type }) => type === "session.forgotten");
  expect(forgotten.map(({ sessionKey, facts }) => [sessionKey, facts])).toEqual([
    [W, {}],
    [D, { schedules: ["beat"] }],
  ]);
  await expect(heartbeat.schedule("beat")).rejects.toMatchObject({ code: "LUBDUB_NOT_FOUND" });
});

test("a schedule that could not be read when it was due ticks once it can be read", async () => {
  const { store, unreadable } = faultyStore();
  const heart = testHeart(AT_REST, { store });
  const { heartbeat, soon, clock } = heart;
  await soon(
    heartbeat.setSchedule({
      scheduleId: "once",
      sessionKey: D,
      atMs: clock.nowMs() + 10_000,
      text: "tick",
    }),
  );
  for (const scheduleId of ["a", "b", "c"])
    await soon(heartbeat.setSchedule({ scheduleId, sessionKey: W, everyMs: 3_600_000 }));
  unreadable.add("schedule once");
  await clock.advance(30_000);
  expect(await quarantined(heart)).toEqual(["schedule once"]);
  unreadable.clear();
  await clock.advance(PAUSE_MS);
  expect(given(heart)).toContain(`${D}: tick`);
  expect(await quarantined(heart)).toEqual([]);
});

test.each([
  ["session", own, D],
  ["heartbeat", own, D],
  ["session", () => "lane", "lane"],
] as const)(
  "a start over a damaged %s that the log moves after the checkpoint: its lane is set aside, the others served, and nothing is lost",
  async (kind, laneOf, lane) => {
    const { store, unreadable } = faultyStore();
    const first = testHeart({ laneOf, checkpointRecords: 4 }, { store });
    await first.soon(first.heartbeat.wake("one", { sessionKey: D, coalesceMs: 0 }));
    await first.soon(first.heartbeat.wake("one", { sessionKey: D, coalesceMs: 0 }));
    await first.soon(first.heartbeat.wake("two", { sessionKey: D, coalesceMs: 60_000 }));
    expect(store.checkpoint()).toBeGreaterThan(0);
    expect(store.head().position).toBeGreaterThan(store.checkpoint());
    unreadable.add(`${kind} ${kind === "session" ? D : lane}`);

    const clock = simulatedClock({ startMs: first.clock.nowMs() }); // of the first process nothing is left
    const second = testHeart({ laneOf, checkpointRecords: 1 }, { store, clock });
    expect(await quarantined(second)).toEqual([lane]);
    await expect(second.heartbeat.session(D)).rejects.toMatchObject({ code: "LUBDUB_STORE_CORRUPT" });
    const another = second.soon(second.heartbeat.wake("three", { sessionKey: D }));
    await expect(another).rejects.toMatchObject({ code: "LUBDUB_STORE_CORRUPT" });
    if (lane === D) await second.soon(second.heartbeat.wake("for W", { sessionKey: W, coalesceMs: 0 }));
    expect(given(second)).toEqual(lane === D ? [`${W}: for W`] : []);

    unreadable.clear();
    await clock.advance(2 * PAUSE_MS);
    expect(given(second)).toContain(`${D}: two`);
    expect(await second.heartbeat.status()).not.toHaveProperty("quarantined");
    expect(await second.heartbeat.peekSystemEvents(D)).toEqual([]);
    const { sessions } = await second.heartbeat.stateAt(store.head().position);
    expect(sessions[D]).toMatchObject({ context: { queue: [], offer: null } });
  },
);

test.each(["heartbeat lane", "schedule tick"])(
  "a start that cannot read %s, which a session's record moves: the session is unknown too, and the status says so",
  async (name) => {
    const { store, unreadable } = faultyStore();
    const ends = testHeart({ ...AT_REST, laneOf: () => "lane" }, { store });
    ends.agent.answers(() => new Promise(() => {}));
    await ends.soon(ends.heartbeat.wake("for D", { sessionKey: D }));
    const moved = testHeart({ laneOf: own }, { store });
    await moved.soon(moved.heartbeat.setSchedule({ scheduleId: "tick", sessionKey: D, everyMs: 3_600_000 }));

    unreadable.add(name);
    const again = testHeart({ laneOf: own }, { store });
    await expect(again.heartbeat.session(D)).rejects.toMatchObject({ code: "LUBDUB_STORE_CORRUPT" });
    expect(await quarantined(again)).toEqual(expect.arrayContaining([D]));
    unreadable.clear();
    await again.clock.advance(2 * PAUSE_MS);
    expect(given(again)).toEqual([`${D}: for D`]);
    expect(await quarantined(again)).toEqual([]);
  },
);

test("an agent rests also while the session whose run was refused cannot be read after a start", async () => {
  const { store, unreadable } = faultyStore();
  const limits = { breaker: { baseMs: 3_600_000, capMs: 3_600_000 } };
  const first = testHeart({ limits, coalesceMs: 0 }, { store });
  first.agent.answers({ status: "failed", reason: "no key", class: "auth" });
  await first.soon(first.heartbeat.wake("refused", { sessionKey: D }));
  unreadable.add(`session ${D}`);

  const clock = simulatedClock({ startMs: first.clock.nowMs() });
  const second = testHeart({ limits, coalesceMs: 0 }, { store, clock });
  expect(await quarantined(second)).toEqual([D]);
  await second.soon(second.heartbeat.wake("waits", { sessionKey: W }));
  expect((await second.heartbeat.why(W)).code).toBe("circuit-open");
});

test("the status is told while an agent that rests cannot be read", async () => {
  const { store, unreadable } = faultyStore();
  const limits = { breaker: { baseMs: 3_600_000, capMs: 3_600_000 } };
  const first = testHeart({ limits, ...AT_REST }, { store });
  first.agent.answers({ status: "failed", reason: "no key", class: "auth" });
  await first.soon(first.heartbeat.wake("refused", { sessionKey: D }));
  const clock = simulatedClock({ startMs: first.clock.nowMs() });
  const second = testHeart({ limits, ...AT_REST }, { store, clock });
  expect(await second.heartbeat.status()).toMatchObject({ resting: [{ agentId: "main" }] });
  unreadable.add("agent main");
  expect(await second.heartbeat.status()).not.toHaveProperty("resting");
});

test("what a forgotten session has said is erased by a later start, when one could not read it", async () => {
  const { store } = faultyStore();
  let fault: "dies before the erasure" | "cannot read" | null = "dies before the erasure";
  const faulty: Store = {
    ...store,
    erase(erasure) {
      if (fault === null) store.erase(erasure);
    },
    recordAt(position) {
      if (fault === "cannot read")
        throw new LubdubError("LUBDUB_STORE_CORRUPT", { expected: "what was written", got: "damage" });
      return store.recordAt(position);
    },
  };
  const texts = (): unknown[] =>
    [...store.read({})].flatMap(({ sessionKey, body }) => (sessionKey === D && body !== null ? [body] : []));
  const first = testHeart(AT_REST, { store: faulty });
  await first.soon(first.heartbeat.enqueueSystemEvent("a secret", { sessionKey: D }));
  await first.soon(first.heartbeat.forget(D));
  expect(texts()).toHaveLength(1);

  fault = "cannot read";
  const second = testHeart(AT_REST, { store: faulty });
  for (const text of ["one", "two"]) await second.soon(second.heartbeat.wake(text, { sessionKey: W }));
  expect(given(second)).toEqual([`${W}: one`, `${W}: two`]);
  expect(texts()).toHaveLength(1);

  fault = null;
  testHeart(AT_REST, { store: faulty });
  expect(texts()).toEqual([]);
});
