import { expect, test } from "vitest";
import { BUSY, RAN } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

const D = "agent:main:discord:channel:42";

test("an agent that says it is idle and answers busy is asked once per base pause, not in a loop", async () => {
  const { heartbeat, agent, clock, soon } = testHeart({
    onIdle: (_key, callback) => (callback(), () => {}),
    busyBackoff: { baseMs: 1_000, capMs: 60_000 },
  });
  agent.answers(BUSY);
  await soon(heartbeat.wake("npm test ended", { sessionKey: D, coalesceMs: 0 }));
  expect(agent.calls).toHaveLength(2); // the first idle signal counts at once
  await clock.advance(10_000);
  expect(agent.calls.length).toBeLessThanOrEqual(12);
  expect(agent.calls.length).toBeGreaterThanOrEqual(10);
  agent.answers(RAN);
  await clock.advance(1_000);
  expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
});

test("an agent that asks to be retried at once is asked ten times a second at most", async () => {
  const { heartbeat, agent, clock, soon } = testHeart();
  agent.answers({ ...BUSY, retryAfterMs: 0 } as typeof BUSY);
  await soon(heartbeat.wake("npm test ended", { sessionKey: D, coalesceMs: 0 }));
  await clock.advance(1_000);
  expect(agent.calls).toHaveLength(11);
});

test("an idle signal that must rest keeps no timer once the heartbeat is closed", async () => {
  const { heartbeat, agent, clock, soon } = testHeart({ onIdle: (_key, callback) => (callback(), () => {}) });
  agent.answers(BUSY);
  await soon(heartbeat.wake("npm test ended", { sessionKey: D, coalesceMs: 0 }));
  expect(clock.timers).toBeGreaterThan(0);
  await soon(heartbeat.close());
  expect(clock.timers).toBe(0);
});
