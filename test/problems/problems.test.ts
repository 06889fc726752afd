import { expect, test } from "vitest";
import { memoryStore } from "../../src/log/memory.ts";
import type { RunHandler } from "../../src/vocabulary.ts";
import { BUSY, FAILED, held, RAN, scriptedAgent } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart } from "../support/world.ts";

/** Problems of the reference that users report again and again, by number: given, when, then. */

const KEY = "agent:main:discord:channel:42";
const OTHER = "agent:other:main";
const MINUTE_MS = 60_000;

test("problem 3: GIVEN accepted events WHEN the process dies THEN the next one runs them", async () => {
  const first = testHeart();
  await first.soon(first.heartbeat.wake("npm test ended", { sessionKey: KEY }));
  const store = memoryStore();
  store.append({ records: await first.heartbeat.read(), dedupe: [] });
  const next = testHeart({}, { store, clock: simulatedClock({ startMs: first.clock.nowMs() }) });
  await next.clock.advance(250);
  expect(next.agent.calls.map(({ events }) => events[0]?.text)).toEqual(["npm test ended"]);
});

test("problem 4: GIVEN an event of one session WHEN it is busy, fails and runs THEN every record and call is that session's", async () => {
  const { heartbeat, agent, clock, soon } = testHeart({}, { agent: scriptedAgent(BUSY, FAILED, RAN) });
  await soon(heartbeat.wake("x", { sessionKey: KEY }));
  await clock.advance(MINUTE_MS);
  const records = await heartbeat.read();
  expect(new Set([...records, ...agent.calls].map(({ sessionKey }) => sessionKey))).toEqual(new Set([KEY]));
  expect(agent.calls).toHaveLength(3);
});

test("problem 6: GIVEN a run that fails WHEN it is tried again THEN the event is still there, and the tries are bounded", async () => {
  const { heartbeat, agent, clock, soon } = testHeart({ maxAttempts: 4 }, { agent: scriptedAgent(FAILED) });
  const { eventId } = await soon(heartbeat.wake("x", { sessionKey: KEY }));
  await clock.advance(60 * MINUTE_MS);
  expect(agent.calls.map(({ events }) => events.map((event) => event.eventId))).toEqual(
    Array(4).fill([eventId]),
  );
  expect((await heartbeat.deadLetters()).map(({ event }) => event.eventId)).toEqual([eventId]);
});

test("problem 9: GIVEN more events than one run takes WHEN it succeeds THEN only what it was given is acknowledged", async () => {
  const never = held<never>();
  const { heartbeat, clock, soon } = testHeart(
    { batchMax: 2 },
    { agent: scriptedAgent(RAN, () => never.promise) },
  );
  for (const text of ["a", "b", "c"]) void heartbeat.wake(text, { sessionKey: KEY });
  await soon(heartbeat.status());
  await clock.advance(250);
  expect((await heartbeat.peekSystemEvents(KEY)).map(({ text }) => text)).toEqual(["c"]);
});

test("problem 10: GIVEN a tick of one session WHEN it runs THEN it takes no event of another", async () => {
  const { heartbeat, agent, clock, soon } = testHeart();
  await soon(heartbeat.enqueueSystemEvent("for the other", { sessionKey: OTHER }));
  await soon(heartbeat.requestHeartbeat({ sessionKey: KEY, intent: "scheduled" }));
  await clock.advance(250);
  expect(agent.calls.map(({ sessionKey, events }) => [sessionKey, events.length])).toEqual([[KEY, 0]]);
  expect(await heartbeat.peekSystemEvents(OTHER)).toHaveLength(1);
});

test("problem 11: GIVEN one event that is sent 835 times WHEN it has run THEN it has run once", async () => {
  const { heartbeat, agent, clock, soon } = testHeart();
  for (let time = 0; time < 835; time++) {
    void heartbeat.wake("the build ended", { sessionKey: KEY, dedupeKey: "build-7" });
    if (time % 200 === 0) await clock.advance(MINUTE_MS);
  }
  await soon(heartbeat.status());
  await clock.advance(MINUTE_MS);
  expect(agent.calls.map(({ events }) => events.length)).toEqual([1]);
});

test("problem 13: GIVEN an agent that is busy for an hour WHEN it is asked again THEN seldom, and a wake without anything to do is settled at once", async () => {
  const { heartbeat, agent, clock, soon } = testHeart({}, { agent: scriptedAgent(BUSY) });
  await soon(heartbeat.wake("x", { sessionKey: KEY }));
  await clock.advance(60 * MINUTE_MS);
  expect(agent.calls.length).toBeGreaterThan(50);
  expect(agent.calls.length).toBeLessThan(150);
  await soon(heartbeat.drainSystemEvents(KEY));
  await clock.advance(2 * MINUTE_MS);
  expect((await heartbeat.why(KEY)).code).toBe("nothing-queued");
});

test("problem 14: GIVEN a run WHEN it asks for a run of its own session at once THEN it is told busy and does not wait for itself", async () => {
  const answers: unknown[] = [];
  const run: RunHandler = async () => {
    answers.push(await heart.heartbeat.runHeartbeatOnce({ sessionKey: KEY }));
    return RAN;
  };
  const heart = testHeart({ run });
  await heart.soon(heart.heartbeat.wake("x", { sessionKey: KEY }));
  await heart.clock.advance(250);
  expect(answers).toEqual([BUSY]);
  expect((await heart.heartbeat.status()).runsInFlight).toBe(0);
});

test("problem 15, problem 16: GIVEN a long run WHEN a user's turn comes THEN the run makes way, nothing overlaps, and the event comes after the turn", async () => {
  const order: string[] = [];
  const run: RunHandler = ({ signal, events }) =>
    new Promise((resolve) => {
      order.push(`run with ${events.length}`);
      if (order.includes("turn")) return resolve(RAN);
      signal.addEventListener("abort", () => resolve({ status: "failed", reason: "stopped" }));
    });
  const { heartbeat, clock, soon } = testHeart({ run });
  await soon(heartbeat.wake("x", { sessionKey: KEY }));
  await clock.advance(250);
  await soon(heartbeat.withTurn(KEY, () => void order.push("turn")));
  await clock.advance(5_000);
  expect(order).toEqual(["run with 1", "turn", "run with 1"]);
  expect(await heartbeat.peekSystemEvents(KEY)).toEqual([]);
});

test("problem 17: GIVEN many sessions WHEN one is woken THEN no other runs", async () => {
  const { heartbeat, agent, clock, soon } = testHeart();
  const keys = Array.from({ length: 20 }, (_, index) => `agent:a${index}:main`);
  for (const sessionKey of keys) void heartbeat.enqueueSystemEvent("later", { sessionKey });
  await soon(heartbeat.requestHeartbeatNow({ sessionKey: keys[7] as string }));
  await clock.advance(MINUTE_MS);
  expect(agent.calls.map(({ sessionKey }) => sessionKey)).toEqual([keys[7]]);
});

test("problem 28, problem 29: GIVEN a session WHEN heartbeats run THEN nothing of the session is touched or reset", async () => {
  const { heartbeat, agent, clock, soon } = testHeart();
  agent.answers({ status: "ran", reply: "HEARTBEAT_OK", usage: { inputTokens: 9, outputTokens: 1 } });
  await soon(heartbeat.wake("x", { sessionKey: KEY, route: { channel: "discord" } }));
  await clock.advance(250);
  const stateOf = async () => (await heartbeat.stateAt((await heartbeat.status()).position)).sessions[KEY];
  const before = await stateOf();
  for (let beat = 0; beat < 3; beat++) {
    await soon(
      heartbeat.requestHeartbeat({ sessionKey: KEY, intent: "scheduled", overrides: { model: "small" } }),
    );
    await clock.advance(30 * MINUTE_MS);
  }
  expect(agent.calls).toHaveLength(4);
  expect(await stateOf()).toEqual(before);
});

test("problem 37: GIVEN a beat for a session that is not its agent's main one WHEN it ticks THEN that session runs", async () => {
  const { heartbeat, agent, clock, soon } = testHeart();
  await soon(heartbeat.setSchedule({ scheduleId: "beat", sessionKey: KEY, everyMs: 30 * MINUTE_MS }));
  await clock.advance(31 * MINUTE_MS);
  expect(agent.calls.map(({ sessionKey }) => sessionKey)).toEqual([KEY]);
});

test("problem 38: GIVEN a full queue WHEN one more event comes THEN it is refused with a code, and the oldest is still there", async () => {
  const { heartbeat, soon } = testHeart({ queueMax: 20 });
  const send = (text: string) => soon(heartbeat.enqueueSystemEvent(text, { sessionKey: KEY }));
  for (let index = 0; index < 20; index++) await send(`event ${index}`);
  await expect(send("event 20")).rejects.toMatchObject({ code: "LUBDUB_QUEUE_FULL", retryable: true });
  const texts = (await heartbeat.peekSystemEvents(KEY)).map(({ text }) => text);
  expect([texts[0], texts.length]).toEqual(["event 0", 20]);
});
