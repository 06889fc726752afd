import fc from "fast-check";
import { expect, test } from "vitest";
import {
  enqueueSystemEvent,
  hasPendingHeartbeatWake,
  requestHeartbeatNow,
  resetHeartbeatWakeStateForTests,
  setHeartbeatWakeHandler,
  type HeartbeatRunResult,
} from "../../src/openclaw/index.ts";
import { agent, at, BUSY, DISCORD, FAILED, longRun, MAIN, nowMs, RAN, useFakeTime } from "./support.ts";

useFakeTime();

interface Shared {
  readonly lanes: { readonly actors: ReadonlyMap<string, { readonly value: string }> };
  readonly sessions: ReadonlyMap<string, { readonly actor: { readonly value: string } }>;
}
const shared = (name: string): Shared =>
  (globalThis as unknown as Record<symbol, Shared>)[Symbol.for(name)] as Shared;

/** The state of every target that has a heartbeat actor. */
const states = (): Record<string, string> =>
  Object.fromEntries(
    [...shared("lubdub.openclaw.heartbeat-wake@1").lanes.actors].map(([key, { value }]) => [key, value]),
  );

test("given a target, then its heartbeat machine goes pending, running, retrying, running; and is gone when all is done", async () => {
  const [first, second] = [longRun(), longRun()];
  setHeartbeatWakeHandler(agent(first.answer, second.answer).handler);
  expect(states()).toEqual({});
  requestHeartbeatNow({ agentId: "ops", sessionKey: DISCORD });
  expect(states()).toEqual({ [`ops::${DISCORD}`]: "pending" });
  await at(250);
  expect(states()).toEqual({ [`ops::${DISCORD}`]: "running" });
  first.end(BUSY);
  await at(251);
  expect(states()).toEqual({ [`ops::${DISCORD}`]: "retrying" });
  requestHeartbeatNow({ reason: "manual", agentId: "ops", sessionKey: DISCORD });
  expect(states()).toEqual({ [`ops::${DISCORD}`]: "retrying" });
  await at(1_250);
  expect(states()).toEqual({ [`ops::${DISCORD}`]: "running" });
  second.end(RAN);
  await at(1_251);
  expect(states()).toEqual({});
});

test("given a session, then its machine holds the queue", () => {
  enqueueSystemEvent("a", { sessionKey: MAIN });
  const { sessions } = shared("lubdub.openclaw.system-events@1");
  expect([...sessions].map(([key, { actor }]) => [key, actor.value])).toEqual([[MAIN, "waiting"]]);
});

test("given any requests and any answers, then every target asked for runs after it was asked for, and nothing is left over", async () => {
  const targets = fc.constantFrom("a", "b", "c");
  const answers = fc.constantFrom<(HeartbeatRunResult | "throws")[]>(
    [RAN],
    [BUSY, RAN],
    ["throws", RAN],
    [FAILED],
    [BUSY, "throws", BUSY, RAN],
  );
  const steps = fc.array(
    fc.record({
      target: targets,
      reason: fc.constantFrom("retry", "interval", "wake", "manual"),
      coalesceMs: fc.nat(2_000),
      waitMs: fc.nat(1_500),
      swap: fc.boolean(),
    }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(steps, answers, async (requests, script) => {
      resetHeartbeatWakeStateForTests();
      const asked = new Map<string, number>();
      const finished = new Map<string, number>();
      let calls = 0;
      const handler =
        (): ((request: { readonly sessionKey?: string }) => HeartbeatRunResult) =>
        ({ sessionKey }) => {
          const answer = script[Math.min(calls++ % 7, script.length - 1)] ?? RAN;
          if (answer === "throws") throw new Error("model gone");
          if (answer !== BUSY) finished.set(sessionKey ?? "", nowMs());
          return answer;
        };
      setHeartbeatWakeHandler(handler());
      for (const { target, reason, coalesceMs, waitMs, swap } of requests) {
        requestHeartbeatNow({ reason, sessionKey: target, coalesceMs });
        asked.set(target, nowMs());
        if (swap) setHeartbeatWakeHandler(handler());
        await at(nowMs() + waitMs);
      }
      await at(nowMs() + 60_000);
      for (const [target, atMs] of asked) expect(finished.get(target)).toBeGreaterThanOrEqual(atMs);
      expect([hasPendingHeartbeatWake(), states()]).toEqual([false, {}]);
    }),
    { numRuns: 200 },
  );
});
