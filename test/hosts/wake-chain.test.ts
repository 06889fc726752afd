import { expect, test } from "vitest";
import { promptOf } from "../../src/http/prompt-of.ts";
import { BUSY, FAILED, RAN } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

const KEY = "agent:main:discord:channel:42";

test("an event's chain: its waits, every attempt, the ack, the reply and its way out, and nothing of other wakes", async () => {
  const { heartbeat, agent, clock, soon } = testHeart({ coalesceMs: 10, deliver: () => {} });
  agent.answers(RAN);
  await soon(heartbeat.wake("before", { sessionKey: KEY }));
  await clock.advance(1_000);
  agent.answers(BUSY, FAILED, { ...RAN, reply: "It is green." } as typeof RAN);
  const route = { channel: "discord" };
  const { eventId, wakeId } = await soon(heartbeat.wake("npm test ended", { sessionKey: KEY, route }));
  await soon(heartbeat.enqueueSystemEvent("elsewhere", { sessionKey: "other" }));
  await clock.advance(60_000);
  agent.answers(RAN);
  await soon(heartbeat.wake("after", { sessionKey: KEY }));
  await clock.advance(1_000);

  const chain = await heartbeat.chain(eventId);
  expect(chain.receipt).toMatchObject({ eventId, wakeId, settlement: "acked", attempts: 2 });
  expect(chain.causes).toEqual([]);
  expect(chain.records.every(({ sessionKey }) => sessionKey === KEY)).toBe(true);
  expect(chain.records.map(({ type }) => type)).toEqual([
    "event.queued",
    "run.started",
    "run.skipped",
    "run.started",
    "run.failed",
    "run.started",
    "run.ran",
    "delivery.queued",
    "delivery.started",
    "delivery.sent",
  ]);
  const { runId } = chain.receipt;
  const delivery = chain.records.find(({ type }) => type === "delivery.queued")?.facts as {
    deliveryId: string;
  };
  for (const id of [wakeId, runId ?? "", delivery.deliveryId])
    expect(await heartbeat.chain(id)).toEqual({
      ...chain,
      receipt: expect.objectContaining({ wakeId, settlement: "acked" }),
    });
  const prompt = promptOf(chain.records);
  expect(prompt).toContain("| npm test ended");
  expect(prompt).toContain(`run "${runId}", attempt 2`);
  expect(prompt).not.toContain("before");
  await heartbeat.close();
});

test("what held up the session's wake before an event's first run is in the event's chain, under whichever id", async () => {
  let busy = true;
  const { heartbeat, agent, clock, soon } = testHeart({ coalesceMs: 10, isBusy: () => busy });
  const beat = await soon(heartbeat.requestHeartbeat({ sessionKey: KEY, coalesceMs: 10 }));
  const event = await soon(heartbeat.wake("npm test ended", { sessionKey: KEY }));
  await clock.advance(10);
  busy = false;
  await clock.advance(60_000);
  expect(event.wakeId).not.toBe(beat.wakeId);
  expect(agent.calls.map(({ wakeId }) => wakeId)).toEqual([event.wakeId]);
  const { records } = await heartbeat.chain(event.eventId);
  expect(records.map(({ type }) => type)).toEqual([
    "event.queued",
    "wake.postponed",
    "run.started",
    "run.ran",
  ]);
  expect((await heartbeat.chain(beat.wakeId)).receipt).toMatchObject({ settlement: "acked" });
  await heartbeat.close();
});

test("events that were handled together are in one chain, whichever is asked for", async () => {
  const { heartbeat, clock, soon } = testHeart({ coalesceMs: 100 });
  const first = await soon(heartbeat.wake("one", { sessionKey: KEY }));
  const second = await soon(heartbeat.wake("two", { sessionKey: KEY }));
  const bare = await soon(heartbeat.requestHeartbeat({ sessionKey: KEY, coalesceMs: 100 }));
  await clock.advance(1_000);
  for (const id of [first.eventId, second.eventId]) {
    const { records } = await heartbeat.chain(id ?? "");
    expect(records.map(({ type, body }) => [type, body && "text" in body ? body.text : null])).toEqual([
      ["event.queued", "one"],
      ["event.queued", "two"],
      ["wake.requested", null],
      ["run.started", null],
      ["run.ran", null],
    ]);
  }
  expect((await heartbeat.chain(bare.wakeId)).records.map(({ type }) => type)).toContain("run.ran");
  await heartbeat.close();
});

test("what a run causes leads back to it, across sessions, to the beginning", async () => {
  const { heartbeat, agent, clock, soon } = testHeart({ coalesceMs: 0 });
  await soon(heartbeat.wake("start", { sessionKey: "a" }));
  await clock.advance(10);
  const [started] = agent.calls;
  await soon(heartbeat.wake("next", { sessionKey: "b", cause: started?.runId ?? "" }));
  await clock.advance(10);
  const last = await soon(heartbeat.wake("last", { sessionKey: "c", cause: agent.calls[1]?.runId ?? "" }));
  await clock.advance(10);
  const { causes } = await heartbeat.chain(last.wakeId);
  expect(causes.map(({ sessionKey, runId }) => ({ sessionKey, runId }))).toEqual([
    { sessionKey: "b", runId: agent.calls[1]?.runId },
    { sessionKey: "a", runId: started?.runId },
  ]);
  await heartbeat.close();
});

test("dead letters that were requeued or dismissed say so; texts that were forgotten too; unknown ids are refused", async () => {
  const { heartbeat, agent, clock, soon } = testHeart({ coalesceMs: 0, maxAttempts: 1 });
  agent.answers(FAILED);
  const { eventId } = await soon(heartbeat.wake("poison", { sessionKey: KEY }));
  await clock.advance(10);
  expect((await heartbeat.chain(eventId)).receipt.settlement).toBe("dead");
  await soon(heartbeat.requeue(eventId));
  await clock.advance(10);
  await soon(heartbeat.dismiss(eventId));
  await soon(heartbeat.forget(KEY));
  const { records } = await heartbeat.chain(eventId);
  expect(records.map(({ type }) => type)).toEqual([
    "event.queued",
    "run.started",
    "run.failed",
    "events.requeued",
    "run.started",
    "run.failed",
    "events.dismissed",
    "session.forgotten",
  ]);
  expect(promptOf(records)).toContain("| (forgotten)");
  for (const id of ["e-1-aaaaaaaa", "w-zz-aaaaaaaa", "r-2-aaaaaaaa", "rubbish", "", "e-1"])
    await expect(heartbeat.chain(id)).rejects.toMatchObject({ code: "LUBDUB_NOT_FOUND" });
  await heartbeat.close();
});

test("what did not fit into the run before shows the prompt of its own run, with the reason of its oldest event", async () => {
  const { heartbeat, agent, clock, soon } = testHeart({ coalesceMs: 10, batchMax: 1 });
  await soon(heartbeat.wake("one", { sessionKey: KEY, source: "exec-event", reason: "the build ended" }));
  const second = { sessionKey: KEY, source: "cron", reason: "the nightly report" } as const;
  const { eventId } = await soon(heartbeat.wake("two", second));
  await clock.advance(60_000);
  expect(agent.calls.map(({ events }) => events.length)).toEqual([1, 1]);
  expect(agent.calls[1]?.reason).toBe("the nightly report");
  const prompt = promptOf((await heartbeat.chain(eventId)).records);
  expect(prompt).toContain("the nightly report");
  expect(prompt?.split("\n").find((line) => line.includes("attempt 1"))).toContain("the nightly report");
  await heartbeat.close();
});
