import { describe, expect, test } from "vitest";
import type { Wake } from "../../machines/index.ts";
import {
  KEY,
  LANE,
  NOW_MS,
  played,
  queued,
  requested,
  runFailed,
  runRan,
  runSkipped,
  runStarted,
  type Draft,
  type Played,
} from "../support/records.ts";

const OTHER = "agent:main:main";
const session = ({ world }: Played, key = KEY) => world.session(key).actor.context;
const lane = ({ world }: Played, name = LANE) => world.heartbeat(name).actor;
const wake = (of: Played, key = KEY): Wake | undefined => lane(of).context.pending.get(key);

describe("an event that is queued", () => {
  test("waits in its session with its words, its data and its route", () => {
    const cause = { runId: "r0", depth: 2 };
    const event = queued("e1", { contextKey: "build", route: { to: "42" }, dedupeKey: "k", cause });
    expect(session(played(event)).queue).toStrictEqual([
      {
        eventId: "e1",
        wakeId: "w-e1",
        sessionKey: KEY,
        source: "exec-event",
        intent: "event",
        reason: "npm test ended",
        trust: "untrusted",
        contextKey: "build",
        route: { to: "42" },
        cause,
        queuedAtMs: NOW_MS,
        text: "text of e1",
        data: { exitCode: 1 },
      },
    ]);
  });
  test("has no text and no data once they are forgotten", () => {
    const [event] = session(played({ ...queued("e1"), body: null } as Draft)).queue;
    expect(event).toMatchObject({ eventId: "e1", text: "" });
    expect(event).not.toHaveProperty("data");
  });
  test("asks for its session, with what its run does differently and what caused it", () => {
    const plain = { ...requested().facts, wakeId: "w-e1" };
    expect(wake(played(queued("e1")))).toStrictEqual({
      ...plain,
      sessionKey: KEY,
      requestedAtMs: NOW_MS,
      waitsFor: "window",
      attempts: 0,
      postponements: 0,
    });
    const changes = { overrides: { model: "small" }, cause: { runId: "r0", depth: 2 } };
    expect(wake(played(queued("e1", changes)))).toMatchObject(changes);
  });
  test("moves its session and then its lane; both are to be written at the next checkpoint", () => {
    const { world, moved } = played(queued("e1"));
    expect(moved).toEqual(["session event.queued", "heartbeat wake.requested"]);
    expect(world.session(KEY)).toMatchObject({ dirty: true, previous: 1 });
    expect(world.heartbeat(LANE).dirty).toBe(true);
    expect(world.agents.live.size).toBe(0);
  });
  test("does not trouble the lane when a wake of the same kind is pending", () => {
    expect(played(queued("e1"), queued("e2")).moved).toEqual(["session event.queued"]);
    expect(played(queued("e1"), queued("e2", { intent: "manual" })).moved).toHaveLength(2);
    expect(played(queued("e1"), queued("e2", { dueAtMs: 1_100 })).moved).toHaveLength(2);
  });
});

describe("a wake that is asked for", () => {
  test("moves the lane alone", () => {
    const asked = played(requested());
    expect(asked.moved).toEqual(["heartbeat wake.requested"]);
    expect(session(asked).queue).toEqual([]);
    expect(asked.world.session(KEY).actor.value).toBe("empty");
  });
  test("brings along what it has been through in another lane", () => {
    expect(wake(played(requested({ attempts: 2, postponements: 3 })))).toMatchObject({
      attempts: 2,
      postponements: 3,
    });
  });
  test("is postponed, held or dropped under its own key", () => {
    const facts = { wakeId: "w-request", dueAtMs: 9_000 };
    const postponed: Draft = { type: "wake.postponed", facts: { ...facts, reason: "busy" } };
    const held: Draft = { type: "wake.held", facts: { ...facts, reason: "cooldown" } };
    const dropped: Draft = { type: "wake.dropped", facts: { wakeId: "w-request", reason: "empty" } };
    expect(wake(played(requested(), postponed))).toMatchObject({ waitsFor: "idle", dueAtMs: 9_000 });
    expect(wake(played(requested(), held))).toMatchObject({ hold: "cooldown", dueAtMs: 9_000 });
    expect(wake(played(requested(), dropped))).toBeUndefined();
    expect(played(requested(), dropped).moved).toEqual(["heartbeat wake.dropped"]);
    const elsewhere = { ...dropped, facts: { ...dropped.facts, lane: "before" } } as Draft;
    expect(wake(played(requested(), elsewhere))).toBeDefined();
  });
});

describe("a run", () => {
  const started = [queued("e1"), queued("e2"), runStarted(["e1"])];

  test("holds what it was offered, in both machines, and is begun by the host", () => {
    const going = played(...started);
    expect(session(going).offer).toEqual({ runId: "r1", wakeId: "w-run", attempt: 1, eventIds: ["e1"] });
    expect(lane(going).value).toBe("running");
    expect(going.effects).toMatchObject([
      { type: "run.begin", lane: LANE, run: { runId: "r1", startedAtMs: 2_000, wake: { wakeId: "w-run" } } },
    ]);
  });
  test("does not begin before its deadline unless its agent says that it is idle", () => {
    const early = (idle: boolean) =>
      played(queued("e1"), { ...runStarted(["e1"], { idle }), atMs: 1_249 } as Draft);
    expect(lane(early(false)).value).toBe("pending");
    const waiting: Draft = {
      type: "wake.postponed",
      facts: { wakeId: "w-e1", reason: "busy", dueAtMs: 9_000 },
    };
    const start = runStarted(["e1"], { idle: true });
    expect(lane(played(queued("e1"), waiting, start)).value).toBe("running");
  });
  test("carries its attempt on into a lane that did not know it", () => {
    expect(lane(played(queued("e1"), runStarted(["e1"], { attempt: 3 }))).context.run?.wake.attempts).toBe(2);
  });

  test("that succeeded leaves the rest to a new wake, due at once, under the id of the oldest event", () => {
    const cause = { runId: "r0", depth: 1 };
    const oldest = queued("e2", { source: "cron", intent: "task", reason: "daily", cause });
    const over = played(queued("e1"), runStarted(["e1"]), { ...oldest, atMs: 2_500 } as Draft, runRan());
    expect(wake(over)).toMatchObject({ wakeId: "w-e2", requestedAtMs: 2_500 });
    const left = played(...started, { type: "wake.dropped", facts: { wakeId: "w", reason: "x" } }, runRan());
    expect(wake(left)).toMatchObject({
      sessionKey: KEY,
      wakeId: "w-e2",
      source: "exec-event",
      intent: "event",
      reason: "npm test ended",
      requestedAtMs: NOW_MS,
      dueAtMs: 3_000,
      waitsFor: "window",
      attempts: 0,
      postponements: 0,
    });
    expect(wake(left)).not.toHaveProperty("cause");
    const caused = played(queued("e1"), oldest, runStarted(["e1"]), runRan());
    expect(wake(caused)).toMatchObject({ source: "cron", intent: "task", reason: "daily", cause });
  });
  test("that succeeded and left nothing leaves the lane at rest", () => {
    const over = played(queued("e1"), runStarted(["e1"]), runRan());
    expect([lane(over).value, over.world.session(KEY).actor.value]).toEqual(["idle", "empty"]);
  });
  test("notes its marks, also without events", () => {
    const noted = played(requested(), runStarted([]), runRan({ marks: { seen: 7 } }));
    expect(session(noted).marks).toEqual({ seen: 7 });
    expect(noted.moved).toEqual(["session run.ran", "heartbeat run.ran"]);
    const silent = played(requested(), runStarted([]), runRan());
    expect(silent.moved).toEqual(["heartbeat run.ran"]);
    expect(session(silent)).not.toHaveProperty("marks");
  });
  test("that was skipped goes back, and says what its gate said if that was no", () => {
    const skipped = played(...started, runSkipped());
    expect(session(skipped).offer).toBeNull();
    expect(wake(skipped)).toMatchObject({ waitsFor: "idle", dueAtMs: 4_000, postponements: 1 });
    const gate = (verdict: string) => wake(played(...started, runSkipped({ gate: verdict })))?.gate;
    expect(["closed", "failed-closed", "open"].map(gate)).toEqual(["closed", "failed-closed", undefined]);
    expect(played(requested(), runStarted([]), runSkipped()).moved).toEqual(["heartbeat run.skipped"]);
  });
  test("that was stopped on the way keeps its batch: the agent may have acted", () => {
    const retryOf = (changes: object) => session(played(...started, runSkipped(changes))).retry;
    expect(retryOf({ aborted: true })).toEqual({ wakeId: "w-run", eventIds: ["e1"] });
    expect(retryOf({})).toBeNull();
    const stopped = played(...started, runSkipped({ aborted: true }));
    expect(stopped.told.at(-2)).toStrictEqual({ type: "run.skipped", runId: "r1", aborted: true });
    const busy = played(...started, runSkipped());
    expect(busy.told.at(-2)).toStrictEqual({ type: "run.skipped", runId: "r1" });
  });
  test("that failed backs off and keeps its batch", () => {
    const failed = played(...started, runFailed());
    expect(session(failed).retry).toEqual({ wakeId: "w-run", eventIds: ["e1"] });
    expect(wake(failed)).toMatchObject({ waitsFor: "backoff", dueAtMs: 4_000, attempts: 1 });
  });
  test("that its provider refused is held, and no attempt is used up", () => {
    const refused = played(...started, runFailed({ class: "auth" }));
    expect(wake(refused)).toMatchObject({ hold: "circuit-open", dueAtMs: 4_000, attempts: 0 });
  });
  test("given up leaves dead letters with the error, and a wake for the rest", () => {
    const dead = played(...started, runFailed({ dueAtMs: null }));
    expect(session(dead).dead).toMatchObject([
      {
        event: { eventId: "e1" },
        error: { code: "LUBDUB_RUN_FAILED", message: "no luck" },
        diedAtMs: 3_000,
      },
    ]);
    expect(wake(dead)?.wakeId).toBe("w-e2");
    const mute = played(...started, { ...runFailed({ dueAtMs: null }), body: null } as Draft);
    expect(session(mute).dead[0]?.error.message).toBe("");
  });
});

describe("dead letters", () => {
  const died = [queued("e1"), queued("e2"), runStarted(["e1", "e2"]), runFailed({ dueAtMs: null })];
  const requeued: Draft = {
    type: "events.requeued",
    atMs: 5_000,
    facts: { eventIds: ["e2"], wakeId: "w-again", dueAtMs: 5_250 },
  };

  test("that are requeued run at an operator's word", () => {
    const again = played(...died, requeued);
    expect(session(again).queue).toMatchObject([{ eventId: "e2", wakeId: "w-again" }]);
    expect(wake(again)).toMatchObject({
      wakeId: "w-again",
      intent: "manual",
      reason: "requeued",
      source: "exec-event",
      dueAtMs: 5_250,
      requestedAtMs: NOW_MS,
    });
  });
  test("of which none is left make a wake all the same", () => {
    expect(wake(played(requeued))).toMatchObject({
      source: "other",
      intent: "manual",
      requestedAtMs: 5_000,
    });
  });
  test("that are dismissed wake nobody", () => {
    const gone = played(...died, { type: "events.dismissed", facts: { eventIds: ["e1"] } });
    expect(session(gone).dead.map(({ event }) => event.eventId)).toEqual(["e2"]);
    expect(gone.moved).toEqual(["session events.dismissed"]);
  });
});

test("events that are drained leave the queue, and the wake to itself", () => {
  const drained = played(queued("e1"), queued("e2"), {
    type: "events.drained",
    facts: { eventIds: ["e1"] },
  });
  expect(session(drained).queue.map(({ eventId }) => eventId)).toEqual(["e2"]);
  expect(drained.moved).toEqual(["session events.drained"]);
});

test("a user's turn says where its user is", () => {
  const noted = played({ type: "route.noted", facts: { route: { to: "7" } } });
  expect(session(noted).outbox?.route).toEqual({ to: "7" });
  expect(noted.moved).toEqual(["session route.noted"]);
});

test("a forgotten session loses its events and its wake; its neighbour in the lane keeps its own", () => {
  const neighbour = { ...queued("e9"), sessionKey: OTHER } as Draft;
  const forgotten = played(queued("e1"), neighbour, { type: "session.forgotten", facts: {} });
  expect(session(forgotten).queue).toEqual([]);
  expect([wake(forgotten), wake(forgotten, OTHER)?.wakeId]).toEqual([undefined, "w-e9"]);
});

test("a forgotten session that had no schedules and no replies brings none to life", () => {
  const { world } = played(queued("e1"), { type: "session.forgotten", facts: {} });
  expect([world.schedules.live.size, world.deliveries.live.size]).toEqual([0, 0]);
});

test.each<[string, Draft, readonly object[]]>([
  [
    "a wake that is postponed",
    { type: "wake.postponed", facts: { wakeId: "w-e1", reason: "busy", dueAtMs: 9_000 } },
    [{ type: "wake.postponed", sessionKey: KEY, dueAtMs: 9_000 }],
  ],
  [
    "dead letters that are dismissed",
    { type: "events.dismissed", facts: { eventIds: ["e0"] } },
    [{ type: "events.dismissed", eventIds: ["e0"] }],
  ],
  [
    "a session that is forgotten",
    { type: "session.forgotten", facts: {} },
    [{ type: "session.forgotten" }, { type: "session.forgotten", sessionKey: KEY }],
  ],
])("who looks on sees what concerns the machine, and no more: %s", (_, draft, told) => {
  expect(played(queued("e1"), draft).told).toStrictEqual(told);
});
