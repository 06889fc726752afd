import { expect, test } from "vitest";
import * as first from "../../src/openclaw/index.ts";
import { agent, at, DISCORD, RAN, useFakeTime } from "./support.ts";

useFakeTime();

type Wake = typeof import("../../src/openclaw/heartbeat-wake.ts");
type Events = typeof import("../../src/openclaw/system-events.ts");

const WAKE_COPY = "../../src/openclaw/heartbeat-wake.ts?copy=2";
const EVENTS_COPY = "../../src/openclaw/system-events.ts?copy=2";

test("given a second copy of heartbeat-wake, then it is another module with the same handler, wakes, timer and switch", async () => {
  const second = (await import(WAKE_COPY)) as Wake;
  expect(second.requestHeartbeatNow).not.toBe(first.requestHeartbeatNow);

  const { handler, requests, calledAtMs } = agent(RAN);
  const dispose = first.setHeartbeatWakeHandler(handler);
  expect(second.hasHeartbeatWakeHandler()).toBe(true);
  second.requestHeartbeatNow({ reason: "wake", sessionKey: DISCORD, coalesceMs: 1_000 });
  expect(first.hasPendingHeartbeatWake()).toBe(true);
  first.requestHeartbeatNow({ reason: "manual", sessionKey: DISCORD, coalesceMs: 100 });
  await at(5_000);
  expect(requests).toStrictEqual([{ reason: "manual", sessionKey: DISCORD }]);
  expect(calledAtMs).toEqual([100]);

  second.setHeartbeatsEnabled(false);
  expect(first.areHeartbeatsEnabled()).toBe(false);
  first.setHeartbeatsEnabled(true);
  second.setHeartbeatWakeHandler(agent(RAN).handler);
  dispose();
  expect(first.hasHeartbeatWakeHandler()).toBe(true);
});

test("given a second copy of system-events, then it sees, de-duplicates and consumes the same queues", async () => {
  const second = (await import(EVENTS_COPY)) as Events;
  expect(second.enqueueSystemEvent).not.toBe(first.enqueueSystemEvent);

  expect(first.enqueueSystemEvent("a", { sessionKey: DISCORD, contextKey: "k" })).toBe(true);
  expect(second.enqueueSystemEvent("a", { sessionKey: DISCORD, contextKey: "k" })).toBe(false);
  second.enqueueSystemEvent("b", { sessionKey: DISCORD });
  expect(first.peekSystemEvents(DISCORD)).toEqual(["a", "b"]);
  expect(second.consumeSystemEventEntries(DISCORD, first.peekSystemEventEntries(DISCORD))).toHaveLength(2);
  expect(first.hasSystemEvents(DISCORD)).toBe(false);
});
