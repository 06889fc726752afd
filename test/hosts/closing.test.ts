import { expect, test } from "vitest";
import type { Heartbeat } from "../../src/api.ts";
import { createHeartbeat } from "../../src/heartbeat.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { Store } from "../../src/log/store.ts";
import { held, RAN } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

/** Stopping: runs may end, then they are aborted; what is unfinished stays queued on disk. */

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const surviving = (): Store => ({ ...memoryStore(), close() {} });
const texts = (events: readonly { readonly text: string }[]): string[] => events.map(({ text }) => text);

test("close lets a run end and keeps its result; what is new is refused meanwhile, and starts no run", async () => {
  const first = testHeart({ coalesceMs: 0 }, { store: surviving() });
  const run = held();
  first.agent.answers(async () => (await run.promise, { status: "ran", reply: "done" }));
  await first.soon(first.heartbeat.wake("ended", { sessionKey: D }));
  await first.soon(first.heartbeat.wake("waits", { sessionKey: W, coalesceMs: 1_000 }));
  const closing = first.heartbeat.close({ graceMs: 10_000 });
  await first.clock.advance(5_000);
  await expect(first.heartbeat.wake("late", { sessionKey: D })).rejects.toMatchObject({
    code: "LUBDUB_STOPPING",
    retryable: true,
  });
  expect((await first.heartbeat.status()).state).toBe("stopping");
  run.resolve();
  await first.soon(closing);
  expect(first.agent.calls).toHaveLength(1);
  expect(first.agent.calls[0]?.signal.aborted).toBe(false);

  const { store, clock } = first;
  const second = testHeart({}, { store, clock });
  expect(await second.heartbeat.peekSystemEvents(D)).toEqual([]);
  expect(texts(await second.heartbeat.peekSystemEvents(W))).toEqual(["waits"]);
  await clock.advance(1_000);
  expect(second.agent.calls.map(({ sessionKey, attempt }) => [sessionKey, attempt])).toEqual([[W, 1]]);
});

test("past the grace runs are aborted: as busy, under the same wake id, with no attempt used up", async () => {
  const first = testHeart({ coalesceMs: 0 }, { store: surviving() });
  first.agent.answers(
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stop")))),
  );
  await first.soon(first.heartbeat.wake("ended", { sessionKey: D }));
  const closing = first.heartbeat.close({ graceMs: 1_000 });
  await first.clock.advance(999);
  expect(first.agent.calls[0]?.signal.aborted).toBe(false);
  await first.clock.advance(1);
  await closing;

  const { store, clock } = first;
  const second = testHeart({}, { store, clock });
  await clock.advance(5_000);
  expect(second.agent.calls.map(({ wakeId, attempt, events }) => [wakeId, attempt, texts(events)])).toEqual([
    [first.agent.calls[0]?.wakeId, 1, ["ended"]],
  ]);
});

test("closing again waits for the first to be done; afterwards nothing is left that could happen", async () => {
  const { heartbeat, agent, clock, soon } = testHeart({ coalesceMs: 0 });
  const run = held();
  agent.answers(async () => (await run.promise, RAN));
  await soon(heartbeat.wake("ended", { sessionKey: D }));
  const done: string[] = [];
  const first = heartbeat.close().then(() => done.push("first"));
  const second = heartbeat.close().then(() => done.push("second"));
  await clock.settle();
  expect(done).toEqual([]);
  run.resolve();
  await soon(Promise.all([first, second]));
  expect(done.toSorted()).toEqual(["first", "second"]);
  await heartbeat.close();
  expect(clock.timers).toBe(0);
  await expect(heartbeat.peekSystemEvents(D)).rejects.toMatchObject({ code: "LUBDUB_CLOSED" });
});

test("await using closes it", async () => {
  const store = memoryStore();
  let left: Heartbeat | undefined;
  {
    await using heartbeat = createHeartbeat({ run: () => RAN, store });
    await heartbeat.enqueueSystemEvent("waits", { sessionKey: D });
    left = heartbeat;
  }
  await expect(left.peekSystemEvents(D)).rejects.toMatchObject({ code: "LUBDUB_CLOSED" });
});

test("subscribers see each record once, in order; one that throws silences nobody, and ends nothing", async () => {
  const { heartbeat, clock, soon } = testHeart({ coalesceMs: 0 });
  const seen: number[] = [];
  heartbeat.subscribe(() => {
    throw new Error("a listener's own problem");
  });
  const stop = heartbeat.subscribe(({ position }) => void seen.push(position));
  await soon(heartbeat.wake("ended", { sessionKey: D }));
  await soon(heartbeat.wake("ended", { sessionKey: W }));
  await clock.settle();
  const positions = (await heartbeat.read()).map(({ position }) => position);
  expect(positions).toHaveLength(6);
  expect(seen).toEqual(positions);
  stop();
  await soon(heartbeat.wake("unseen", { sessionKey: D }));
  expect(seen).toEqual(positions);
});
