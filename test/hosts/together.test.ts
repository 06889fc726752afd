import { expect, test } from "vitest";
import { FAILED, held, RAN } from "../support/agent.ts";
import { AT_REST, faultyStore, given, PAUSE_MS, quarantined } from "../support/faulty-store.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart } from "../support/world.ts";

/** What is written together stands or falls together, also when half of it meets a store that cannot be read. */

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const own = (key: string): string => key;

test("a reply that cannot be put into its line when its run ends: both are written once that can be read", async () => {
  const { store, unreadable } = faultyStore((type) => (type === "run.started" ? "delivery" : undefined));
  const sent: string[] = [];
  const deliver = ({ text }: { readonly text: string }) => (sent.push(text), { status: "sent" as const });
  const heart = testHeart({ ...AT_REST, deliver }, { store });
  heart.agent.answers({ status: "ran", reply: "done" });
  await heart.soon(heart.heartbeat.wake("once", { sessionKey: D, route: { to: "C1" } }));
  await heart.clock.settle();
  expect(await quarantined(heart)).toEqual([D]);
  expect([...store.read({})].map(({ type }) => type)).not.toContain("run.ran");

  unreadable.clear();
  await heart.clock.advance(2 * PAUSE_MS);
  expect(given(heart)).toEqual([`${D}: once`]);
  expect(sent).toEqual(["done"]);
  expect(await quarantined(heart)).toEqual([]);
});

test("what is taken back, because not all of it could be written, asks the store for nothing", async () => {
  const { store, unreadable } = faultyStore();
  const sent: string[] = [];
  const deliver = ({ text }: { readonly text: string }) => (sent.push(text), { status: "sent" as const });
  const heart = testHeart({ checkpointRecords: 1, coalesceMs: 0, deliver }, { store });
  const running = held();
  heart.agent.answers(async () => (await running.promise, { status: "ran", reply: "done" }), RAN);
  await heart.soon(heart.heartbeat.wake("once", { sessionKey: D, route: { to: "C1" } }));
  await heart.soon(heart.heartbeat.wake("more", { sessionKey: D, route: { to: "C1" } }));
  for (const kind of ["session", "heartbeat", "delivery"]) unreadable.add(kind);
  running.resolve();
  await heart.clock.settle();
  expect(await quarantined(heart)).toEqual([D]);
  expect((await heart.heartbeat.peekSystemEvents(D)).map(({ text }) => text)).toEqual(["once", "more"]);

  unreadable.clear();
  await heart.clock.advance(2 * PAUSE_MS);
  expect(given(heart)).toEqual([`${D}: once`, `${D}: more`]);
  expect(sent).toEqual(["done"]);
});

test("a schedule that is to go to a session that cannot be read stays where it is", async () => {
  const { store, unreadable } = faultyStore();
  const { heartbeat, soon } = testHeart(AT_REST, { store });
  const beat = { scheduleId: "beat", everyMs: 3_600_000 };
  await soon(heartbeat.setSchedule({ ...beat, sessionKey: D }));
  unreadable.add(`session ${W}`);
  await expect(soon(heartbeat.setSchedule({ ...beat, sessionKey: W }))).rejects.toThrow("damage");
  expect(await heartbeat.schedules()).toMatchObject([{ scheduleId: "beat", sessionKey: D }]);
});

test("a wake does not leave its old lane while its lane of today cannot be read", async () => {
  const { store, unreadable } = faultyStore();
  const first = testHeart({ ...AT_REST, laneOf: () => "lane" }, { store });
  first.agent.answers(FAILED);
  await first.soon(first.heartbeat.wake("for D", { sessionKey: D }));
  await first.soon(first.heartbeat.close());
  unreadable.add(`heartbeat ${D}`);

  const second = testHeart({ ...AT_REST, laneOf: own }, { store, clock: first.clock });
  await first.clock.advance(30_000);
  unreadable.clear();
  await first.clock.advance(2 * PAUSE_MS);
  expect(given(second)).toEqual([`${D}: for D`]);
});

test("what a lane of before holds back stays there while its lane of today cannot be read, and goes over later", async () => {
  const { store, unreadable } = faultyStore();
  const limits = { quietHours: [{ from: "22:00", to: "07:00", zone: "UTC" }] };
  const clock = simulatedClock({ startMs: Date.parse("2026-11-24T23:00Z") });
  const before = testHeart({ ...AT_REST, limits, laneOf: () => "lane" }, { store, clock });
  await before.soon(before.heartbeat.wake("for D", { sessionKey: D }));
  await before.soon(before.heartbeat.close());

  unreadable.add(`heartbeat ${D}`);
  const today = testHeart({ ...AT_REST, limits, laneOf: own }, { store, clock });
  await today.soon(today.heartbeat.wake("for W", { sessionKey: W }));
  await clock.advance(PAUSE_MS);
  unreadable.clear();
  await clock.advance(9 * 3_600_000);
  expect(given(today).toSorted()).toEqual([`${D}: for D`, `${W}: for W`]);
  expect(await today.heartbeat.peekSystemEvents(D)).toEqual([]);
});
