import { describe, expect, test } from "vitest";
import type { ScheduleContext } from "../../machines/index.ts";
import { KEY, played, type Draft, type Played } from "../support/records.ts";

const ID = "s-1";
const facts = { scheduleId: ID };
const SPEC = {
  cadence: { kind: "every", everyMs: 60_000, phaseMs: 0 },
  source: "cron",
  intent: "scheduled",
  reason: "interval",
  trust: "trusted",
  onMissed: "catch-up",
  origin: "call",
  route: { to: "42" },
} as const;
const set = (body: object | null = { text: "look", data: { n: 1 } }): Draft =>
  ({ type: "schedule.set", facts: { ...facts, ...SPEC, nextAtMs: 60_000 }, body }) as Draft;
const fired = (eventId: string | null): Draft => ({
  type: "schedule.fired",
  facts: { ...facts, tickAtMs: 60_000, nextAtMs: 120_000, missed: 0, eventId },
});
const paused: Draft = { type: "schedule.paused", facts };

const schedule = ({ world }: Played): [string, ScheduleContext] => {
  const { value, context } = world.schedules.get(ID).actor;
  return [value, context];
};

describe("a schedule", () => {
  test("carries all that was asked for, with its session, its text and its data", () => {
    const [value, context] = schedule(played(set()));
    expect(value).toBe("active");
    expect(context.spec).toStrictEqual({ ...SPEC, sessionKey: KEY, text: "look", data: { n: 1 } });
    expect(context.nextAtMs).toBe(60_000);
  });
  test("has no text and no data once they are forgotten", () => {
    expect(schedule(played(set(null)))[1].spec).toStrictEqual({ ...SPEC, sessionKey: KEY, text: "" });
  });
  test("remembers its ticks", () => {
    const [value, context] = schedule(played(set(), fired("e1")));
    expect(value).toBe("active");
    expect(context).toMatchObject({
      nextAtMs: 120_000,
      lastTickAtMs: 60_000,
      lastEventId: "e1",
      ticks: 1,
    });
    expect(schedule(played(set(), fired("e1"), fired(null)))[1]).toMatchObject({
      lastEventId: "e1",
      ticks: 2,
    });
  });
  test("is moved, paused, resumed and removed", () => {
    const moved: Draft = {
      type: "schedule.moved",
      facts: { ...facts, nextAtMs: 70_000, reason: "clock" },
    };
    const resumed: Draft = { type: "schedule.resumed", facts: { ...facts, nextAtMs: 80_000 } };
    const removed: Draft = { type: "schedule.removed", facts };
    expect(schedule(played(set(), moved))).toMatchObject(["active", { nextAtMs: 70_000 }]);
    expect(schedule(played(set(), paused))).toMatchObject(["paused", { nextAtMs: 60_000 }]);
    expect(schedule(played(set(), paused, resumed))).toMatchObject(["active", { nextAtMs: 80_000 }]);
    expect(schedule(played(set(), removed))).toMatchObject(["ended", { spec: null }]);
  });
  test("moves nothing else: what a tick wakes is a record of its own", () => {
    const { world, moved } = played(set(), fired("e1"));
    expect(moved).toEqual(["schedule schedule.fired"]);
    expect(world.schedules.get(ID)).toMatchObject({ dirty: true, previous: 2 });
    expect(world.session(KEY).previous).toBe(2);
    expect(world.heartbeats.size).toBe(0);
  });
  test("ends with its session when that is forgotten", () => {
    const forgotten = played(set(), { type: "session.forgotten", facts: { schedules: [ID] } });
    expect(schedule(forgotten)[0]).toBe("ended");
    expect(forgotten.world.schedules.get(ID).previous).toBe(2);
    expect(forgotten.moved).toContain("schedule schedule.removed");
    expect(schedule(played(set(), { type: "session.forgotten", facts: {} }))[0]).toBe("active");
  });
});
