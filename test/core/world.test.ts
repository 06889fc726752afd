import { describe, expect, test } from "vitest";
import { encode, type ActorKind } from "../../src/core/actor.ts";
import type { Effect } from "../../src/core/effects.ts";
import { step } from "../../src/core/step.ts";
import { createWorld, type AnyEntry, type World, type WorldOptions } from "../../src/core/world.ts";
import { KEY, LANE, log, played, queued, runStarted, type Draft } from "../support/records.ts";

const laneOf = (): string => LANE;
const limits = { agent: "main", keepStarts: 2 };
const delivery: Draft = {
  type: "delivery.queued",
  facts: {
    deliveryId: "d-1",
    runId: "r0",
    wakeId: "w0",
    route: {},
    destination: "here",
    expiresAtMs: 9_000,
  },
  body: { text: "hello" },
};
const schedule = {
  type: "schedule.set",
  facts: {
    scheduleId: "s-1",
    nextAtMs: 60_000,
    cadence: { kind: "at", atMs: 60_000 },
    source: "cron",
    intent: "scheduled",
    reason: "once",
    trust: "trusted",
    onMissed: "catch-up",
    origin: "call",
  },
} as Draft;
const ALL = [queued("e1"), runStarted(["e1"], { limits }), delivery, schedule];

/** One actor of each kind, where it is found, and what is known of it beside its machine when it is new. */
const KINDS: readonly [ActorKind, string, (world: World) => AnyEntry, object][] = [
  ["session", KEY, (world) => world.session(KEY), { previous: 0, lane: LANE }],
  ["heartbeat", LANE, (world) => world.heartbeat(LANE), { lane: LANE, alarmAtMs: null }],
  ["schedule", "s-1", (world) => world.schedules.get("s-1"), { previous: 0 }],
  ["agent", "main", (world) => world.agents.get("main"), {}],
  ["delivery", "d-1", (world) => world.deliveries.get("d-1"), { previous: 0 }],
];

/** A world over what another one had stored, each actor with 7 as its newest position. */
function over(stored: World, options: Partial<WorldOptions> = {}): World {
  const actors = new Map(
    KINDS.map(([kind, key, find]) => [`${kind} ${key}`, { state: encode(find(stored).actor), previous: 7 }]),
  );
  return createWorld({ laneOf, source: (kind, key) => actors.get(`${kind} ${key}`), ...options });
}

describe.each(KINDS)("a %s that was stored", (kind, key, find, fresh) => {
  test("comes back as it was, under its own name", () => {
    const { world } = played(...ALL);
    const back = find(over(world));
    expect(encode(back.actor)).toBe(encode(find(world).actor));
    const newest = "previous" in fresh ? { previous: 7 } : {};
    expect(back).toEqual({ ...fresh, ...newest, kind, key, dirty: false, actor: back.actor });
  });
  test("is new where nothing is stored", () => {
    const entry = find(createWorld({ laneOf }));
    expect(entry).toEqual({ ...fresh, kind, key, dirty: false, actor: entry.actor });
    expect(Object.values(entry.actor.context)).toContain(key);
    expect(encode(entry.actor)).not.toBe(encode(find(played(...ALL).world).actor));
  });
  test("goes back to where it was marked, and whoever looks on sees it come anew", () => {
    const told: string[] = [];
    const world = createWorld({
      laneOf,
      onLive: (entry) => told.push(`live ${entry.kind}`),
      onEvicted: (entry) => told.push(`evicted ${entry.kind}`),
    });
    const entry = find(world);
    const before = { state: encode(entry.actor), ...fresh };
    const back = world.mark([entry]);
    for (const record of log(...ALL)) step(world, record);
    expect(entry.dirty).toBe(true);
    expect(encode(entry.actor)).not.toBe(before.state);
    told.length = 0;
    back();
    expect(find(world)).toBe(entry);
    expect({ ...entry, state: encode(entry.actor) }).toMatchObject({ ...before, dirty: false });
    expect(told).toEqual([`evicted ${kind}`, `live ${kind}`]);
  });
  test("was changed before the mark, and still is", () => {
    const { world } = played(...ALL);
    const entry = find(world);
    world.mark([entry])();
    expect(entry.dirty).toBe(true);
  });
});

test("a lane that goes back keeps its alarm: the host is set to look at it", () => {
  const world = createWorld({ laneOf });
  const heartbeat = world.heartbeat(LANE);
  const back = world.mark([heartbeat]);
  heartbeat.alarmAtMs = 5_000;
  back();
  expect(heartbeat.alarmAtMs).toBe(5_000);
});

test("actors that went back move on, and their effects reach the host", () => {
  const effects: Effect[] = [];
  const world = createWorld({ laneOf, perform: (effect) => void effects.push(effect) });
  const started: Draft = {
    type: "delivery.started",
    atMs: 2_000,
    facts: { deliveryId: "d-1", attempt: 1 },
  };
  const [event, reply, ...starts] = log(queued("e1"), delivery, runStarted(["e1"]), started);
  step(world, event!);
  step(world, reply!);
  const back = world.mark([world.session(KEY), world.heartbeat(LANE), world.deliveries.get("d-1")]);
  for (const again of [false, true]) {
    if (again) back();
    for (const record of starts) step(world, record);
  }
  expect(effects.map(({ type }) => type)).toEqual([
    "run.begin",
    "delivery.begin",
    "run.begin",
    "delivery.begin",
  ]);
});

describe("a world", () => {
  test("moves on alike when nobody looks on", () => {
    const unseen = createWorld({ laneOf });
    for (const record of log(...ALL)) step(unseen, record);
    const { world } = played(...ALL);
    const all = (of: World) => KINDS.map(([, , find]) => encode(find(of).actor));
    expect(all(unseen)).toEqual(all(world));
    unseen.mark([unseen.session(KEY)])();
    unseen.evictSession(KEY);
    expect(unseen.sessions.size).toBe(0);
  });
  test("keeps live what was asked for, not what was only looked at", () => {
    const world = over(played(...ALL).world);
    expect(world.peekSession(KEY).actor.context.queue).toHaveLength(1);
    expect(world.peekHeartbeat(LANE).actor.value).toBe("running");
    expect([world.sessions.size, world.heartbeats.size]).toEqual([0, 0]);
    expect(world.session(KEY)).toBe(world.peekSession(KEY));
    expect(world.heartbeat(LANE)).toBe(world.peekHeartbeat(LANE));
    expect([[...world.sessions.keys()], [...world.heartbeats.keys()]]).toEqual([[KEY], [LANE]]);
    expect(world.laneOf(KEY)).toBe(LANE);
  });
  test("tells of what goes to rest, once", () => {
    const told: string[] = [];
    const world = createWorld({ laneOf, onEvicted: ({ kind, key }) => told.push(`${kind} ${key}`) });
    world.session(KEY);
    world.heartbeat(LANE);
    world.evictSession(KEY);
    world.evictSession(KEY);
    world.evictHeartbeat(LANE);
    expect(told).toEqual([`session ${KEY}`, `heartbeat ${LANE}`]);
    expect([world.sessions.size, world.heartbeats.size]).toEqual([0, 0]);
  });
  test("that is cleared has nothing live", () => {
    const { world } = played(...ALL);
    world.clear();
    const live = [world.sessions, world.heartbeats, world.schedules.live, world.agents.live];
    expect([...live, world.deliveries.live].map(({ size }) => size)).toEqual([0, 0, 0, 0, 0]);
  });
});
