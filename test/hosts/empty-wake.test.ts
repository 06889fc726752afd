import { expect, test } from "vitest";
import { BUSY, RAN } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

/** L3: a wake that has nothing to do is settled at once, and never retried. */

const D = "agent:main:discord:channel:42";

test("a wake for events that were taken meanwhile is dropped without a run", async () => {
  const { heartbeat, agent, clock, soon } = testHeart();
  const { wakeId } = await soon(heartbeat.wake("npm test ended", { sessionKey: D }));
  expect(await soon(heartbeat.drainSystemEvents(D))).toHaveLength(1);
  await clock.advance(60_000);
  expect(agent.calls).toEqual([]);
  expect(await heartbeat.receipt(wakeId)).toMatchObject({ state: "settled", settlement: "drained" });
  expect((await heartbeat.read()).map(({ type }) => type)).toEqual([
    "event.queued",
    "events.drained",
    "wake.dropped",
  ]);
});

test("a wake of its own account runs the agent without events, and is over when it is skipped for good", async () => {
  const { heartbeat, agent, clock, soon } = testHeart();
  agent.answers({ status: "skipped", reason: "quiet-hours" });
  const { wakeId } = await soon(heartbeat.requestHeartbeatNow({ sessionKey: D }));
  await clock.advance(600_000);
  expect(agent.calls.map(({ events }) => events)).toEqual([[]]);
  expect(await heartbeat.receipt(wakeId)).toMatchObject({ state: "settled", settlement: "dropped" });
});

test("busy is no reason to drop it: it is asked again", async () => {
  const { heartbeat, agent, clock, soon } = testHeart();
  agent.answers(BUSY, RAN);
  await soon(heartbeat.requestHeartbeatNow({ sessionKey: D }));
  await clock.advance(5_000);
  expect(agent.calls).toHaveLength(2);
});
