import { expect, test } from "vitest";
import type { RunRequest } from "../../src/vocabulary.ts";
import { held, RAN } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

/** How runs share the slots: bounded in all, one at a time in a lane, and nobody starves. */

const keys = Array.from({ length: 20 }, (_, index) => `agent:main:${index}`);

test("never more runs than `concurrency`, never two in a lane, and every session has its turn", async () => {
  const heart = testHeart({ concurrency: 3 });
  const { heartbeat, agent, clock } = heart;
  const running = new Set<string>();
  let most = 0;
  let overlaps = 0;
  agent.answers(async ({ lane }: RunRequest) => {
    if (running.has(lane)) overlaps += 1;
    running.add(lane);
    most = Math.max(most, running.size);
    await new Promise<void>((go) => void clock.setTimer(100, go));
    running.delete(lane);
    return RAN;
  });
  for (const sessionKey of keys) await heart.soon(heartbeat.wake("first", { sessionKey }));
  for (const sessionKey of keys) await heart.soon(heartbeat.wake("second", { sessionKey, coalesceMs: 350 }));
  await clock.advance(10_000);
  expect({ most, overlaps }).toEqual({ most: 3, overlaps: 0 });
  const seen = agent.calls.map(({ sessionKey, events }) => [sessionKey, events.map(({ text }) => text)]);
  expect(seen).toHaveLength(keys.length);
  expect(new Set(seen.map(String))).toEqual(new Set(keys.map((key) => `${key},first,second`)));
});

test("a lane with endless work takes every second turn at most: ten others run meanwhile", async () => {
  const heart = testHeart({ concurrency: 1, coalesceMs: 0 });
  const { heartbeat, agent, clock } = heart;
  const greedy = "agent:greedy";
  const others = keys.slice(0, 10);
  agent.answers(async ({ sessionKey }) => {
    if (sessionKey === greedy) void heartbeat.wake("more", { sessionKey: greedy, intent: "manual" });
    await new Promise<void>((go) => void clock.setTimer(10, go));
    return RAN;
  });
  await heart.soon(heartbeat.wake("more", { sessionKey: greedy, intent: "manual" }));
  for (const sessionKey of others) await heart.soon(heartbeat.wake("once", { sessionKey }));
  await clock.advance(21 * 10);
  const served = agent.calls.map(({ sessionKey }) => sessionKey);
  expect(new Set(served)).toEqual(new Set([greedy, ...others]));
  expect(served.filter((key) => key === greedy).length).toBeLessThanOrEqual(others.length + 2);
});

test("sessions of a shared lane run one at a time, oldest first; another lane does not wait for them", async () => {
  const heart = testHeart({ laneOf: (key) => key.split(":")[1] ?? key, coalesceMs: 0 });
  const { heartbeat, agent, clock } = heart;
  const runs = [held(), held(), held(), held()];
  agent.answers(
    ...runs.map((run) => async () => {
      await run.promise;
      return RAN;
    }),
  );
  const started = (): string[] => agent.calls.map(({ sessionKey }) => sessionKey);
  for (const sessionKey of ["agent:a:1", "agent:a:2", "agent:a:3", "agent:b:1"]) {
    await heart.soon(heartbeat.wake("ended", { sessionKey }));
  }
  expect(started()).toEqual(["agent:a:1", "agent:b:1"]);
  expect(await heartbeat.why("agent:a:2")).toMatchObject({ code: "waiting-for-lane" });
  runs[0]?.resolve();
  await clock.settle();
  expect(started()).toEqual(["agent:a:1", "agent:b:1", "agent:a:2"]);
  runs[2]?.resolve();
  await clock.settle();
  expect(started()).toEqual(["agent:a:1", "agent:b:1", "agent:a:2", "agent:a:3"]);
  runs[1]?.resolve();
  runs[3]?.resolve();
  await clock.settle();
  expect(await heartbeat.status()).toMatchObject({ runsInFlight: 0, lanesDue: 0 });
});
