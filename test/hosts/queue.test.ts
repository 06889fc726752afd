import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sqliteStore, verifyStore } from "../../src/log/sqlite/index.ts";
import type { Accepted } from "../../src/vocabulary.ts";
import { temporaryFolder } from "../log/folder.ts";
import { BUSY, FAILED, RAN } from "../support/agent.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

/** What becomes of events: batches, duplicates, dead letters, forgetting. */

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const HOUR_MS = 3_600_000;
/** An event that shared the wake of another and comes in a later run gives that one its own id. */
const wakeIdOf = (accepted: Accepted | undefined): string => `w${accepted?.eventId?.slice(1)}`;
const texts = ({ agent }: TestHeart): string[][] =>
  agent.calls.map(({ events }) => events.map(({ text }) => text));

test("batchMax: a run is given the oldest, the rest follows at once, each once and in order", async () => {
  const heart = testHeart({ batchMax: 2, coalesceMs: 0 });
  for (const text of ["1", "2", "3", "4", "5"]) {
    await heart.soon(heart.heartbeat.enqueueSystemEvent(text, { sessionKey: D }));
  }
  await heart.soon(heart.heartbeat.requestHeartbeatNow({ sessionKey: D }));
  await heart.clock.settle();
  expect(texts(heart)).toEqual([["1", "2"], ["3", "4"], ["5"]]);
});

describe("S9: a wake id stands for one set of events, so that an agent which remembers it leaves nothing out", () => {
  const sets = ({ agent }: TestHeart) =>
    agent.calls.map(({ wakeId, events }) => [wakeId, events.map(({ text }) => text).join()]);
  const send = (heart: TestHeart, text: string) => heart.soon(heart.heartbeat.wake(text, { sessionKey: D }));

  test("what does not fit into one run comes under an id of its own", async () => {
    const heart = testHeart({ batchMax: 2 });
    const accepted = [];
    for (const text of ["1", "2", "3", "4", "5"]) accepted.push(await send(heart, text));
    await heart.clock.advance(HOUR_MS);
    const [first, , third, , fifth] = accepted;
    expect(sets(heart)).toEqual([
      [first?.wakeId, "1,2"],
      [wakeIdOf(third), "3,4"],
      [wakeIdOf(fifth), "5"],
    ]);
    expect(new Set(heart.agent.calls.map(({ wakeId }) => wakeId)).size).toBe(3);
    for (const { wakeId } of heart.agent.calls)
      expect(await heart.heartbeat.receipt(wakeId)).toMatchObject({ state: "settled", settlement: "acked" });
  });

  test("what comes after a failure is accepted under the id of the run that it waits for", async () => {
    const heart = testHeart({ coalesceMs: 0 });
    heart.agent.answers(FAILED, RAN);
    const first = await send(heart, "1");
    const second = await send(heart, "2");
    const third = await send(heart, "3");
    expect(second.wakeId).not.toBe(first.wakeId);
    expect(third.wakeId).toBe(second.wakeId);
    await heart.clock.advance(HOUR_MS);
    expect(sets(heart)).toEqual([
      [first.wakeId, "1"],
      [first.wakeId, "1"],
      [second.wakeId, "2,3"],
    ]);
  });

  test("a letter that is put back comes under a new id, whatever else is pending", async () => {
    const heart = testHeart({ coalesceMs: 0, maxAttempts: 1, batchMax: 1 });
    heart.agent.answers(FAILED, BUSY, RAN);
    const dead = await send(heart, "dead");
    const pending = await send(heart, "pending");
    const back = await heart.soon(heart.heartbeat.requeue(dead.eventId));
    await heart.clock.advance(HOUR_MS);
    expect(sets(heart).slice(2)).toEqual([
      [pending.wakeId, "pending"],
      [back.wakeId, "dead"],
    ]);
    expect(new Set([dead.wakeId, pending.wakeId, back.wakeId]).size).toBe(3);
  });
});

test("a batch is bounded by its size: nothing is cut, the rest follows; an event is never divided", async () => {
  const heart = testHeart({ coalesceMs: 0 });
  const sent: { text: string; data: string }[] = ["1", "2", "3", "4", "5"].map((text) => ({
    text,
    data: "x".repeat(text === "5" ? 10 : 65_000),
  }));
  for (const { text, data } of sent) {
    await heart.soon(heart.heartbeat.enqueueSystemEvent(text, { sessionKey: D, data }));
  }
  heart.agent.answers(BUSY, FAILED, RAN);
  await heart.soon(heart.heartbeat.requestHeartbeatNow({ sessionKey: D }));
  await heart.clock.advance(HOUR_MS);
  const head = ["1", "2", "3"];
  expect(texts(heart)).toEqual([head, head, head, ["4", "5"]]);
  const given = heart.agent.calls.slice(2).flatMap(({ events }) => events);
  expect(given.map(({ text, data }) => ({ text, data }))).toEqual(sent);
});

test("a dedupe key makes one event within its window, also once handled; after it, another", async () => {
  const heart = testHeart({ dedupeWindowMs: HOUR_MS, coalesceMs: 0 });
  const { heartbeat, clock } = heart;
  const send = (): ReturnType<typeof heartbeat.wake> =>
    heart.soon(heartbeat.wake("ended", { sessionKey: D, dedupeKey: "exec-7" }));
  const first = await send();
  await clock.advance(HOUR_MS - 1);
  expect(await send()).toEqual({ ...first, deduplicated: true });
  await clock.advance(1);
  expect(await send()).toMatchObject({ deduplicated: false });
  expect(texts(heart)).toEqual([["ended"], ["ended"]]);
});

test("two calls with one dedupe key in the same turn make one event", async () => {
  const { heartbeat, soon } = testHeart();
  const options = { sessionKey: D, dedupeKey: "exec-7" };
  const both = [heartbeat.wake("ended", options), heartbeat.wake("ended", options)] as const;
  const [a, b] = await soon(Promise.all(both));
  expect([a.deduplicated, b.deduplicated, b.eventId]).toEqual([false, true, a.eventId]);
});

test("one dedupe key in two sessions names two events: neither session goes without its own", async () => {
  const { heartbeat, soon, clock, agent } = testHeart({ coalesceMs: 0 });
  const inTurn = [D, W].map((sessionKey) => heartbeat.wake("ended", { sessionKey, dedupeKey: "build-7" }));
  expect(await soon(Promise.all(inTurn))).toMatchObject([
    { sessionKey: D, deduplicated: false },
    { sessionKey: W, deduplicated: false },
  ]);
  await clock.settle();
  for (const sessionKey of [D, W])
    expect(await soon(heartbeat.wake("ended", { sessionKey, dedupeKey: "build-7" }))).toMatchObject({
      sessionKey,
      deduplicated: true,
    });
  expect(agent.calls.map(({ sessionKey }) => sessionKey).toSorted()).toEqual([D, W]);
});

test("after maxAttempts an event is a dead letter; busy answers do not count; requeue starts anew, dismiss ends it", async () => {
  const heart = testHeart({ maxAttempts: 3, coalesceMs: 0 });
  const { heartbeat, agent, clock } = heart;
  agent.answers(FAILED, BUSY, BUSY, FAILED, FAILED);
  const { eventId, wakeId } = await heart.soon(heartbeat.wake("poison", { sessionKey: D }));
  await clock.advance(HOUR_MS);
  expect(agent.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 2, 2, 3]);
  expect(await heartbeat.deadLetters()).toMatchObject([
    { event: { eventId, sessionKey: D, text: "poison" }, attempts: 3, error: { code: "LUBDUB_RUN_FAILED" } },
  ]);
  expect(await heartbeat.receipt(eventId)).toMatchObject({ wakeId, state: "settled", settlement: "dead" });
  expect(await heartbeat.why(D)).toMatchObject({ code: "dead-letters", dead: 1 });

  agent.answers(FAILED, { status: "failed", reason: "for good", retryable: false });
  await heart.soon(heartbeat.requeue(eventId));
  await clock.advance(HOUR_MS);
  expect(agent.calls.slice(5).map(({ attempt, events }) => [attempt, events[0]?.eventId])).toEqual([
    [1, eventId],
    [2, eventId],
  ]);
  await heart.soon(heartbeat.dismiss(eventId));
  expect(await heartbeat.deadLetters()).toEqual([]);
  expect(await heartbeat.receipt(eventId)).toMatchObject({ settlement: "dismissed" });
});

test("a poison event is given up alone in its session: what came after it runs", async () => {
  const heart = testHeart({ maxAttempts: 1, batchMax: 1, coalesceMs: 0 });
  heart.agent.answers(FAILED, RAN);
  await heart.soon(heart.heartbeat.wake("poison", { sessionKey: D }));
  await heart.soon(heart.heartbeat.wake("sound", { sessionKey: D }));
  await heart.clock.advance(HOUR_MS);
  expect(texts(heart)).toEqual([["poison"], ["sound"]]);
});

test("forget: the texts are in no file any more, others' are; ids stay, the chain verifies, and the session lives on", async () => {
  using folder = temporaryFolder();
  const store = sqliteStore({ folder: folder.path });
  const heart = testHeart({ maxAttempts: 1, coalesceMs: 0, checkpointRecords: 3 }, { store });
  const { heartbeat, agent, clock } = heart;
  const data = { note: "SECRET-data" };
  agent.answers({ status: "ran", reply: "SECRET-reply" }, { status: "failed", reason: "SECRET-error" }, RAN);
  const first = await heart.soon(heartbeat.wake("SECRET-handled", { sessionKey: D, data }));
  await heart.soon(heartbeat.wake("SECRET-dead", { sessionKey: D }));
  await heart.soon(heartbeat.wake("KEPT-of-another", { sessionKey: W }));
  await heart.soon(heartbeat.enqueueSystemEvent("SECRET-queued", { sessionKey: D }));
  await clock.settle();
  expect(filesWith(folder.path, "SECRET-")).not.toEqual([]);
  await heart.soon(heartbeat.forget(D));
  expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
  expect(await heartbeat.receipt(first.eventId ?? "")).toMatchObject({ wakeId: first.wakeId });
  expect(filesWith(folder.path, "SECRET-")).toEqual([]);
  await heart.soon(heartbeat.wake("a new life", { sessionKey: D }));
  expect(texts(heart).at(-1)).toEqual(["a new life"]);
  await heart.soon(heartbeat.close());
  expect(filesWith(folder.path, "SECRET-")).toEqual([]);
  expect(filesWith(folder.path, "KEPT-")).not.toEqual([]);
  expect(verifyStore(folder.path)).toMatchObject({ problems: [] });
});

function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(text));
}
