import { expect, test } from "vitest";
import { BUSY, FAILED, held, RAN } from "../support/agent.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { testHeart } from "../support/world.ts";

const D = "agent:main:discord:channel:42";

test("a receipt says how many tries it took", async () => {
  const { heartbeat, agent, clock, soon } = testHeart();
  agent.answers(FAILED, FAILED, RAN);
  const event = await soon(heartbeat.wake("npm test ended", { sessionKey: D }));
  await clock.advance(60_000);
  const acked = { state: "settled", settlement: "acked", attempts: 3, runId: agent.calls[2]?.runId };
  expect(await heartbeat.receipt(event.eventId ?? "")).toMatchObject(acked);

  agent.answers(FAILED, RAN);
  const wake = await soon(heartbeat.requestHeartbeatNow({ sessionKey: D }));
  await clock.advance(60_000);
  expect(await heartbeat.receipt(wake.wakeId)).toMatchObject({ settlement: "acked", attempts: 2 });
});

test("the receipt of a wake that merged with another names the run that carried it, and no later one", async () => {
  const { heartbeat, agent, clock, soon } = testHeart({ coalesceMs: 0 });
  const busy = held();
  agent.answers(async () => (await busy.promise, BUSY), FAILED, RAN);
  await soon(heartbeat.wake("npm test ended", { sessionKey: D }));
  const { wakeId } = await soon(heartbeat.requestHeartbeat({ sessionKey: D, intent: "event" }));
  expect(await heartbeat.receipt(wakeId)).toMatchObject({ state: "accepted" });
  busy.resolve();
  await clock.settle();
  expect(await heartbeat.receipt(wakeId)).toMatchObject({ state: "accepted", attempts: 0 });
  await clock.advance(60_000);
  const carried = { state: "settled", settlement: "acked", attempts: 2, runId: agent.calls[2]?.runId };
  expect(agent.calls).toHaveLength(3);
  expect(await heartbeat.receipt(wakeId)).toMatchObject(carried);

  await soon(heartbeat.wake("something else", { sessionKey: D }));
  expect(agent.calls).toHaveLength(4);
  expect(await heartbeat.receipt(wakeId)).toMatchObject(carried);
});

test("waiting for a wake reads each record of its session once, however many there are", async () => {
  const memory = memoryStore();
  let reads = 0;
  const recordAt = (position: number) => (reads++, memory.recordAt(position));
  const { heartbeat, agent, soon } = testHeart({ coalesceMs: 0 }, { store: { ...memory, recordAt } });
  const busy = held();
  agent.answers(async () => (await busy.promise, RAN));
  await soon(heartbeat.wake("npm test ended", { sessionKey: D }));
  const { wakeId } = await soon(heartbeat.requestHeartbeat({ sessionKey: D, intent: "event" }));
  const settled = heartbeat.waitFor(wakeId, "settled");
  const EVENTS = 200;
  for (let event = 0; event < EVENTS; event++)
    await soon(heartbeat.wake(`event ${event}`, { sessionKey: D }));
  expect(reads).toBeLessThan(3 * EVENTS);
  busy.resolve();
  expect(await soon(settled)).toMatchObject({ state: "settled", settlement: "acked" });
});
