import { expect, test } from "vitest";
import { memoryStore } from "../../src/log/memory.ts";
import type { Store } from "../../src/log/store.ts";
import { FAILED, RAN } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

/** Checkpoints, restarts, compaction, and actors at rest: the state is the same, whatever holds it. */

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const DAY_MS = 86_400_000;
const surviving = (): Store => ({ ...memoryStore(), close() {} });
const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `agent:main:${index}`);

test("1,000 sessions with few live actors: they stay bounded, and every session wakes with its own event", async () => {
  const heart = testHeart({ liveActorsMax: 20, concurrency: 8, coalesceMs: 1_000 });
  const { heartbeat, agent, clock } = heart;
  let most = 0;
  const all = keys(1_000);
  for (const sessionKey of all) {
    await heart.soon(heartbeat.wake(`for ${sessionKey}`, { sessionKey }));
    most = Math.max(most, (await heartbeat.status()).liveActors);
  }
  expect(most).toBeLessThanOrEqual(2 * 2 * 20 + 2);
  await clock.advance(2_000);
  const seen = agent.calls.map(({ sessionKey, events }) => [sessionKey, events.map(({ text }) => text)]);
  expect(seen).toHaveLength(all.length);
  expect(new Set(seen.map(String))).toEqual(new Set(all.map((key) => `${key},for ${key}`)));
  expect((await heartbeat.status()).liveActors).toBeLessThanOrEqual(2 * 2 * 20 + 2 * 8);
});

test("a restart changes nothing: the state at the head is the same, and what waited goes on", async () => {
  const clock = simulatedClock();
  const store = surviving();
  const first = testHeart({ checkpointRecords: 7, maxAttempts: 1 }, { store, clock });
  first.agent.answers(RAN, FAILED, { status: "skipped", reason: "quota" });
  for (const sessionKey of keys(9)) await first.soon(first.heartbeat.wake("ended", { sessionKey }));
  await clock.advance(500);
  await first.soon(first.heartbeat.enqueueSystemEvent("lingers", { sessionKey: D }));
  const { position } = await first.heartbeat.status();
  const before = await first.heartbeat.stateAt(position);
  await first.soon(first.heartbeat.close());

  const second = testHeart({}, { store, clock });
  expect((await second.heartbeat.status()).position).toBe(position);
  expect(await second.heartbeat.stateAt(position)).toEqual(before);
  expect((await second.heartbeat.deadLetters()).length).toBe(1);
  await clock.advance(5_000);
  expect(new Set(second.agent.calls.map(({ sessionKey }) => sessionKey))).toEqual(new Set(keys(9).slice(2)));
});

test("the state at every position is the same with and without checkpoints", async () => {
  const play = async (checkpointRecords: number, checkpointSlice = 64) => {
    const heart = testHeart({ checkpointRecords, checkpointSlice, maxAttempts: 2 });
    const { heartbeat, agent, clock } = heart;
    agent.answers(RAN, FAILED, { status: "skipped", reason: "requests-in-flight" }, FAILED, RAN);
    for (const sessionKey of [...keys(4), D, W, D]) {
      await heart.soon(heartbeat.wake("ended", { sessionKey }));
      await clock.advance(300);
    }
    await heart.soon(heartbeat.drainSystemEvents(W));
    await heart.soon(heartbeat.forget("agent:main:1"));
    await clock.advance(60_000);
    const { position } = await heartbeat.status();
    return Promise.all(Array.from({ length: position + 1 }, (_, at) => heartbeat.stateAt(at)));
  };
  const fromZero = await play(1_000_000);
  expect(fromZero.length).toBeGreaterThan(20);
  expect(await play(3)).toEqual(fromZero);
  expect(await play(3, 1)).toEqual(fromZero);
});

/** A log is compacted some 40,000 records at a time. */
async function fillWithHandled({ heartbeat, soon }: TestHeart): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    const texts = Array.from({ length: 10_000 }, () => "handled");
    await soon(Promise.all(texts.map((text) => heartbeat.enqueueSystemEvent(text, { sessionKey: W }))));
    await soon(heartbeat.drainSystemEvents(W));
  }
}

test("compaction drops what was handled; what is queued or dead, and dedupe windows, stay, also over a restart", async () => {
  const clock = simulatedClock();
  const store = surviving();
  const settings = {
    checkpointRecords: 10_000,
    queueMax: 10_000,
    retainMs: 2 * DAY_MS,
    dedupeWindowMs: 2 * DAY_MS,
    maxAttempts: 1,
    coalesceMs: 0,
  };
  const later = { status: "skipped", reason: "later", retryAfterMs: DAY_MS } as const;
  const first = testHeart(settings, { store, clock });
  const { heartbeat, agent } = first;
  agent.answers(FAILED, later, RAN);
  const { eventId: deadId } = await first.soon(heartbeat.wake("dead", { sessionKey: "agent:dead" }));
  await first.soon(heartbeat.wake("queued", { sessionKey: D }));
  agent.answers(({ sessionKey }) => (sessionKey === D ? later : RAN));
  await fillWithHandled(first);
  await clock.advance(1.5 * DAY_MS);
  const key = { sessionKey: W, dedupeKey: "exec-7" };
  const deduped = await first.soon(heartbeat.wake("once", key));
  await clock.advance(DAY_MS);
  await fillWithHandled(first);
  const [oldest] = await heartbeat.read({ limit: 1 });
  expect(oldest?.position).toBeGreaterThan(30_000);
  await first.soon(heartbeat.close());

  const second = testHeart(settings, { store, clock });
  expect((await second.heartbeat.peekSystemEvents(D)).map(({ text }) => text)).toEqual(["queued"]);
  expect(await second.heartbeat.deadLetters()).toMatchObject([{ event: { eventId: deadId, text: "dead" } }]);
  expect(await second.soon(second.heartbeat.wake("once", key))).toEqual({ ...deduped, deduplicated: true });
  await clock.advance(DAY_MS);
  expect(second.agent.calls.map(({ sessionKey, events }) => [sessionKey, events[0]?.text])).toEqual([
    [D, "queued"],
  ]);
  await second.soon(second.heartbeat.requeue(deadId));
  expect(second.agent.calls.at(-1)?.events.map(({ eventId }) => eventId)).toEqual([deadId]);
  expect(await second.heartbeat.deadLetters()).toEqual([]);
});
