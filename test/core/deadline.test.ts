import { expect, test } from "vitest";
import {
  Pending,
  type DeliveryContext,
  type HeartbeatContext,
  type ScheduleContext,
  type Wake,
} from "../../machines/index.ts";
import {
  deadlineOf,
  deliveryDeadlineOf,
  scheduleDeadlineOf,
  storedDeadlineOf,
} from "../../src/core/deadline.ts";

const wake = { sessionKey: "a", dueAtMs: 250, intent: "event", waitsFor: "window" } as Wake;
const lane = (value: string, run: object | null = null, pending = Pending.of([wake])) => ({
  value,
  context: { lane: "lane", pending, run } as HeartbeatContext,
});

test("a lane must be looked at when the first of its wakes is due, not while it works", () => {
  expect(deadlineOf(lane("pending"))).toBe(250);
  expect(deadlineOf(lane("retrying"))).toBe(250);
  expect(deadlineOf(lane("idle", null, Pending.none))).toBeNull();
  expect(deadlineOf(lane("running", { startedAtMs: 300 }))).toBeNull();
});

test("one that was working when the process ended must be looked at as soon as it starts again", () => {
  expect(storedDeadlineOf(lane("running", { startedAtMs: 300 }))).toBe(300);
  expect(storedDeadlineOf(lane("running"))).toBe(0);
  expect(storedDeadlineOf(lane("pending"))).toBe(250);
});

test("a schedule at its next tick, unless it is paused or over", () => {
  const at = (value: string) => scheduleDeadlineOf({ value, context: { nextAtMs: 60 } as ScheduleContext });
  expect([at("active"), at("paused"), at("ended")]).toEqual([60, null, null]);
});

test("a delivery when it is due or out of time; one that is being sent at once, after a restart", () => {
  const at = (value: string, dueAtMs: number, expiresAtMs: number) =>
    deliveryDeadlineOf({ value, context: { startedAtMs: 5, dueAtMs, expiresAtMs } as DeliveryContext });
  expect([at("pending", 10, 90), at("retrying", 10, 90)]).toEqual([10, 10]);
  expect([at("pending", 90, 80), at("retrying", 90, 80)]).toEqual([80, 80]);
  expect([at("sending", 10, 90), at("dead", 10, 90), at("ended", 10, 90)]).toEqual([5, null, null]);
});
