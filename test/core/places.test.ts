import { describe, expect, test } from "vitest";
import { actorsOf, placesOf } from "../../src/core/step.ts";
import { createWorld } from "../../src/core/world.ts";
import { KEY, LANE, log, queued, runSkipped, runStarted, type Draft } from "../support/records.ts";

describe("what must be looked at afterwards", () => {
  const places = (draft: Draft) => placesOf(log(draft)[0]!, { lane: LANE });
  const deliverySent: Draft = {
    type: "delivery.sent",
    facts: { deliveryId: "d-1", attempt: 1, durationMs: 1 },
  };
  const schedulePaused: Draft = { type: "schedule.paused", facts: { scheduleId: "s-1" } };
  const limits = { agent: "main", keepStarts: 2 };

  test("is the lane of the session, or the one that the record names, or the delivery, or the schedule", () => {
    expect(places(queued("e1"))).toEqual([{ kind: "heartbeat", key: LANE }]);
    expect(places(runSkipped({ lane: "before" }))).toEqual([{ kind: "heartbeat", key: "before" }]);
    expect(places(deliverySent)).toEqual([{ kind: "delivery", key: "d-1" }]);
    expect(places(schedulePaused)).toEqual([{ kind: "schedule", key: "s-1" }]);
  });

  test("is also what ends with a session that is forgotten", () => {
    const facts = { schedules: ["s-1", "s-2"], deliveries: ["d-1"] };
    expect(places({ type: "session.forgotten", facts })).toEqual([
      { kind: "heartbeat", key: LANE },
      { kind: "schedule", key: "s-1" },
      { kind: "schedule", key: "s-2" },
      { kind: "delivery", key: "d-1" },
    ]);
  });

  const brought = (draft: Draft) => {
    const world = createWorld({ laneOf: () => LANE });
    const { session: entry, places: at, entries } = actorsOf(world, log(draft)[0]!);
    expect([entry.key, at]).toEqual([KEY, places(draft)]);
    return {
      entries: entries.map(({ kind, key }) => `${kind} ${key}`),
      live: [world.heartbeats, world.schedules.live, world.deliveries.live, world.agents.live].map((live) => [
        ...live.keys(),
      ]),
    };
  };

  test.each<[string, Draft, string[][]]>([
    ["an event", queued("e1"), [[LANE], [], [], []]],
    ["a counted run", runStarted([], { limits }), [[LANE], [], [], ["main"]]],
    ["a schedule", schedulePaused, [[], ["s-1"], [], []]],
    ["a delivery", deliverySent, [[], [], ["d-1"], []]],
    ["a forgotten session", { type: "session.forgotten", facts: {} }, [[LANE], [], [], []]],
    [
      "one with schedules and deliveries",
      { type: "session.forgotten", facts: { schedules: ["s-1"], deliveries: ["d-1", "d-2"] } },
      [[LANE], ["s-1"], ["d-1", "d-2"], []],
    ],
  ])("is brought to life before it is moved: %s", (_, draft, live) => {
    expect(brought(draft).live).toEqual(live);
  });
  test("is all that it moves: the session first, what stands at its places, whose limits count the run", () => {
    expect(brought(runStarted([], { limits })).entries).toEqual([
      `session ${KEY}`,
      `heartbeat ${LANE}`,
      "agent main",
    ]);
    const facts = { schedules: ["s-1"], deliveries: ["d-1"] };
    expect(brought({ type: "session.forgotten", facts }).entries).toEqual([
      `session ${KEY}`,
      `heartbeat ${LANE}`,
      "schedule s-1",
      "delivery d-1",
    ]);
  });
});
