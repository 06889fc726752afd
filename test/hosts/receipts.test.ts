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

test("what has ended, but is not on the disk yet, is not said to be settled", async () => {
  const { heartbeat, agent, clock, soon } = testHeart({ coalesceMs: 0 });
  const busy = held();
  agent.answers(async () => (await busy.promise, RAN));
  const { eventId, wakeId } = await soon(heartbeat.wake("npm test ended", { sessionKey: D }));
  const wake = await soon(heartbeat.requestHeartbeat({ sessionKey: D, intent: "event" }));
  const told = () => Promise.all([eventId, wakeId].map((id) => heartbeat.receipt(id)));
  const settled = heartbeat.waitFor(eventId, "settled");
  busy.resolve();
  // The run's end is written, and waits for the end of this turn.
  for (let turns = 0; (await heartbeat.peekSystemEvents(D)).length > 0; turns++)
    expect(turns).toBeLessThan(50);
  const runId = agent.calls[0]?.runId;
  expect(await told()).toMatchObject(Array(2).fill({ state: "started", runId, attempts: 1 }));
  expect(await heartbeat.receipt(wake.wakeId)).toMatchObject({ state: "accepted" });
  expect(await heartbeat.read({ sessionKey: D })).toMatchObject([
    { type: "event.queued" },
    { type: "run.started" },
    { type: "wake.requested" },
  ]);
  await clock.settle();
  expect(await told()).toMatchObject(Array(2).fill({ state: "settled", settlement: "acked", runId }));
  expect(await settled).toMatchObject({ settlement: "acked", runId });
});

test("what was drained is settled once that is on the disk", async () => {
  const { heartbeat, soon } = testHeart();
  const { eventId } = await soon(heartbeat.enqueueSystemEvent("npm test ended", { sessionKey: D }));
  const drained = heartbeat.drainSystemEvents(D);
  expect(await heartbeat.receipt(eventId)).toMatchObject({ state: "accepted", attempts: 0 });
  await soon(drained);
  expect(await heartbeat.receipt(eventId)).toMatchObject({ state: "settled", settlement: "drained" });
});

test("a wake without events whose run has ended is not said to be dropped", async () => {
  const { heartbeat, agent, soon } = testHeart({ coalesceMs: 0 });
  const busy = held();
  agent.answers(async () => (await busy.promise, RAN));
  const { wakeId } = await soon(heartbeat.requestHeartbeatNow({ sessionKey: D }));
  busy.resolve();
  const isOver = async () => (await heartbeat.why(D)).code !== "running";
  for (let turns = 0; !(await isOver()); turns++) expect(turns).toBeLessThan(50);
  expect((await heartbeat.receipt(wakeId)).state).not.toBe("settled");
  expect(await soon(heartbeat.waitFor(wakeId, "settled"))).toMatchObject({ settlement: "acked" });
});
