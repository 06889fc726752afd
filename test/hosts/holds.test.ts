import { expect, test } from "vitest";
import { memoryStore } from "../../src/log/memory.ts";
import { BUSY, FAILED, RAN, scriptedAgent } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart } from "../support/world.ts";

/** What a policy holds back is kept, with its time, and says why. */

const D = "agent:main:discord:channel:42";
const W = "agent:web:7";
const HOUR_MS = 3_600_000;
/** Three quarters into the night of this clock. */
const NIGHT_MS = Date.parse("2026-11-24T01:00:00Z");
const limits = { quietHours: [{ from: "22:00", to: "07:00", zone: "UTC", match: "agent:main:*" }] };
const night = () => ({ clock: simulatedClock({ startMs: NIGHT_MS }) });

test("problem 7, problem 21: given quiet hours, when events arrive, then one run gets them all when they are over", async () => {
  const heart = testHeart({ limits }, night());
  const { heartbeat, agent, clock } = heart;
  await heart.soon(heartbeat.wake("one", { sessionKey: D }));
  await clock.advance(HOUR_MS);
  await heart.soon(heartbeat.wake("two", { sessionKey: D, intent: "task" }));
  await clock.advance(5 * HOUR_MS - 1);
  expect(agent.calls).toEqual([]);
  await clock.advance(1);
  expect(agent.calls.map(({ events }) => events.map(({ text }) => text))).toEqual([["one", "two"]]);
  expect(agent.calls[0]?.attempt).toBe(1);
});

test("problem 27: while it is held back, why, the session and the log say so and until when", async () => {
  const heart = testHeart({ limits }, night());
  const { heartbeat, clock } = heart;
  const { wakeId } = await heart.soon(heartbeat.wake("one", { sessionKey: D }));
  await clock.advance(1_000);
  const untilMs = NIGHT_MS + 6 * HOUR_MS;
  expect(await heartbeat.why(D)).toMatchObject({ code: "quiet-hours", untilMs, queued: 1 });
  expect((await heartbeat.why(D)).sentence).toMatchInlineSnapshot(
    `"It is night: quiet hours hold it back; it is kept, and looked at again in 6 h 0 min."`,
  );
  expect(await heartbeat.session(D)).toMatchObject({ state: "pending", dueAtMs: untilMs });
  expect((await heartbeat.read()).at(-1)).toMatchObject({
    type: "wake.held",
    facts: { wakeId, reason: "quiet-hours", dueAtMs: untilMs },
  });
});

test.each(["manual", "immediate"] as const)(
  "an %s request passes quiet hours, with what was held",
  async (intent) => {
    const heart = testHeart({ limits }, night());
    const { heartbeat, agent, clock } = heart;
    await heart.soon(heartbeat.wake("one", { sessionKey: D }));
    await clock.advance(1_000);
    await heart.soon(heartbeat.requestHeartbeat({ sessionKey: D, intent }));
    expect(agent.calls.map(({ events }) => events.map(({ text }) => text))).toEqual([["one"]]);
  },
);

test("strict quiet hours: an immediate request is held again until they are over", async () => {
  const strict = { quietHours: limits.quietHours.map((window) => ({ ...window, strict: true })) };
  const heart = testHeart({ limits: strict }, night());
  const { heartbeat, agent, clock } = heart;
  await heart.soon(heartbeat.wake("one", { sessionKey: D }));
  await clock.advance(1_000);
  await heart.soon(heartbeat.requestHeartbeatNow({ sessionKey: D }));
  expect(agent.calls).toEqual([]);
  expect(await heartbeat.why(D)).toMatchObject({ code: "quiet-hours", untilMs: NIGHT_MS + 6 * HOUR_MS });
  await heart.soon(heartbeat.requestHeartbeat({ sessionKey: D, intent: "manual" }));
  expect(agent.calls).toHaveLength(1);
});

test("problem 18: a held wake in a shared lane does not hold up its siblings", async () => {
  const heart = testHeart({ limits, laneOf: () => "lane" }, night());
  const { heartbeat, agent, clock } = heart;
  await heart.soon(heartbeat.wake("held", { sessionKey: D }));
  await heart.soon(heartbeat.wake("free", { sessionKey: W }));
  await clock.advance(1_000);
  expect(agent.calls.map(({ sessionKey }) => sessionKey)).toEqual([W]);
  await clock.advance(6 * HOUR_MS);
  expect(agent.calls.map(({ sessionKey }) => sessionKey)).toEqual([W, D]);
});

test("a wake that failed and was busy keeps its id, its attempts and its batch through a hold", async () => {
  const evening = { clock: simulatedClock({ startMs: NIGHT_MS - 3 * HOUR_MS - 1_000 }) };
  const backoff = { baseMs: 10_000, capMs: 10_000 };
  const heart = testHeart({ limits, busyBackoff: backoff, failedBackoff: backoff, coalesceMs: 0 }, evening);
  const { heartbeat, agent, clock } = heart;
  agent.answers(FAILED, BUSY, RAN);
  await heart.soon(heartbeat.wake("one", { sessionKey: D }));
  expect(agent.calls).toHaveLength(1);
  await heart.soon(heartbeat.wake("two", { sessionKey: D }));
  await clock.advance(12 * HOUR_MS);
  const calls = agent.calls.slice(0, 3);
  expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 2]);
  expect(new Set(calls.map(({ wakeId }) => wakeId)).size).toBe(1);
  expect(calls.map(({ events }) => events.map(({ text }) => text))).toEqual([["one"], ["one"], ["one"]]);
  const types = (await heartbeat.read()).map(({ type }) => type);
  expect(types.filter((type) => type === "wake.held")).toHaveLength(1);
});

test("after a restart the hold stands as it stood, and the run comes when it is over", async () => {
  const { clock } = night();
  const store = memoryStore();
  const first = testHeart({ limits }, { clock, store });
  await first.soon(first.heartbeat.wake("one", { sessionKey: D }));
  await clock.advance(1_000);
  const live = await first.heartbeat.stateAt((await first.heartbeat.status()).position);
  const records = [...store.read()];
  const copy = memoryStore();
  copy.append({ records, dedupe: [] });
  const agent = scriptedAgent();
  const second = testHeart({ limits, run: agent.run }, { clock, store: copy });
  expect(await second.heartbeat.stateAt(live.position)).toEqual(live);
  expect(await second.heartbeat.why(D)).toMatchObject({ code: "quiet-hours" });
  await clock.advance(6 * HOUR_MS);
  expect(agent.calls.map(({ sessionKey }) => sessionKey)).toEqual([D]);
});

test("bad windows are refused when they are configured", () => {
  const bad = { quietHours: [{ from: "22:00", to: "22:00", zone: "UTC" }] };
  expect(() => testHeart({ limits: bad })).toThrow(
    expect.objectContaining({
      code: "LUBDUB_OPTION_INVALID",
      message: expect.stringContaining("two different times"),
    }),
  );
});
