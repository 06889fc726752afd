import { expect, test } from "vitest";
import { Pending, type Run, type SessionContext, type Wake } from "../../machines/index.ts";
import { whyOf, type HostFacts } from "../../src/core/why.ts";

const KEY = "agent:main:discord:channel:42";
const QUIET: HostFacts = { nowMs: 10_000, userTurn: false, slotsFree: true, stopping: false, failure: null };

const wake = (changes: Partial<Wake> = {}): Wake => ({
  sessionKey: KEY,
  wakeId: "w-1",
  source: "test",
  intent: "event",
  reason: "test",
  requestedAtMs: 0,
  dueAtMs: 10_250,
  waitsFor: "window",
  attempts: 0,
  postponements: 0,
  ...changes,
});
const run = (sessionKey: string): Run => ({
  runId: "r-1",
  wake: wake({ sessionKey }),
  startedAtMs: 0,
  forgotten: false,
});

interface Situation extends Partial<HostFacts> {
  readonly pending?: Wake;
  readonly run?: Run;
  readonly queued?: number;
  readonly dead?: number;
}
function why({ pending, run: going, queued = 0, dead = 0, ...facts }: Situation) {
  const session = {
    sessionKey: KEY,
    queue: Array(queued).fill({}),
    offer: null,
    retry: null,
    dead: Array(dead).fill({}),
  } as unknown as SessionContext;
  const context = {
    lane: KEY,
    pending: Pending.of(pending === undefined ? [] : [pending]),
    run: going ?? null,
  };
  const value = going === undefined ? "pending" : "running";
  const { code, sentence, untilMs } = whyOf(session, KEY, { value, context }, { ...QUIET, ...facts });
  return [code, sentence, untilMs];
}

test("nothing is queued", () => {
  expect(why({})).toMatchInlineSnapshot(`
    [
      "nothing-queued",
      "Nothing is queued and nobody asked for a run.",
      null,
    ]
  `);
});

test("dead letters are left", () => {
  expect(why({ dead: 2 })).toMatchInlineSnapshot(`
    [
      "dead-letters",
      "Nothing is queued; 2 dead letter(s) wait to be requeued or dismissed.",
      null,
    ]
  `);
});

test("what is queued, without a wake in its lane, waits in the lane of before", () => {
  const [code, sentence, untilMs] = why({ queued: 1, dead: 2 });
  expect([code, untilMs]).toEqual(["waiting-for-lane", null]);
  expect(sentence).toContain("before `laneOf` changed");
});

test("the window is open", () => {
  expect(why({ pending: wake() })).toMatchInlineSnapshot(`
    [
      "coalescing",
      "It waits 0.3 s more, so that what comes close together makes one run.",
      10250,
    ]
  `);
});

test("it is due", () => {
  expect(why({ pending: wake({ dueAtMs: 9_000 }) })).toMatchInlineSnapshot(`
    [
      "waiting-for-slot",
      "It is due and starts now.",
      10000,
    ]
  `);
});

test.each([
  ["since a second", 9_000],
  ["at this very moment", 10_000],
])("it is due %s, but every slot is taken", (_, dueAtMs) => {
  expect(why({ pending: wake({ dueAtMs }), slotsFree: false })).toEqual([
    "waiting-for-slot",
    "It is due and waits for a free slot: as many runs are going on as allowed.",
    null,
  ]);
});

test("its run goes on", () => {
  expect(why({ run: run(KEY) })).toMatchInlineSnapshot(`
    [
      "running",
      "It is awake: run r-1 is going on.",
      null,
    ]
  `);
});

test("the run of a sibling goes on", () => {
  expect(why({ pending: wake(), run: run("agent:main:main") })).toMatchInlineSnapshot(`
    [
      "waiting-for-lane",
      "Its lane is working for agent:main:main; it runs after that.",
      null,
    ]
  `);
});

test("a user's turn goes on", () => {
  expect(why({ pending: wake(), userTurn: true })).toMatchInlineSnapshot(`
    [
      "user-turn",
      "A user's turn holds the lane; it runs as soon as that ends.",
      null,
    ]
  `);
});

test("the agent was busy", () => {
  expect(why({ pending: wake({ waitsFor: "idle", postponements: 3, dueAtMs: 14_000 }) }))
    .toMatchInlineSnapshot(`
    [
      "busy",
      "The agent was busy (3 times); it is asked again in 4.0 s, or as soon as it says that it is idle.",
      14000,
    ]
  `);
});

test.each([
  ["closed", "gate-closed", "there is nothing to do"],
  ["failed-closed", "gate-failed", "could not be asked"],
] as const)("its gate is %s", (gate, code, words) => {
  const [said, sentence, untilMs] = why({ pending: wake({ waitsFor: "idle", gate, dueAtMs: 14_000 }) });
  expect([said, untilMs]).toEqual([code, 14_000]);
  expect(sentence).toContain(words);
});

test("a run failed", () => {
  expect(why({ pending: wake({ waitsFor: "backoff", attempts: 1, dueAtMs: 12_000 }) }))
    .toMatchInlineSnapshot(`
    [
      "backing-off",
      "The run failed (once); the next try is in 2.0 s.",
      12000,
    ]
  `);
});

test.each([
  ["quiet-hours", "It is night"],
  ["cooldown", "the cooldown"],
  ["flood", "the flood guard"],
  ["budget", "the budget"],
  ["self-wake", "something from outside"],
  ["circuit-open", "its circuit is open"],
] as const)("problem 27: %s holds it back", (hold, words) => {
  const [code, sentence, untilMs] = why({ pending: wake({ waitsFor: "hold", hold, dueAtMs: 70_000 }) });
  expect([code, untilMs]).toEqual([hold, 70_000]);
  expect(sentence).toContain(words);
  expect(sentence).toContain("in 60.0 s");
});

test("the heartbeat stops", () => {
  expect(why({ pending: wake(), stopping: true })).toMatchInlineSnapshot(`
    [
      "stopping",
      "Lubdub is stopping; it runs after the next start.",
      null,
    ]
  `);
});

test("the store has failed", () => {
  expect(why({ pending: wake(), failure: "The disk is gone." })).toMatchInlineSnapshot(`
    [
      "store-failed",
      "The store has failed: The disk is gone. Nothing runs until it is opened again.",
      null,
    ]
  `);
});
