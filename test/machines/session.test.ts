import { initialTransition, transition, type SnapshotFrom } from "xstate";
import { describe, expect, test } from "vitest";
import { sessionMachine, type SessionEvent } from "../../machines/index.ts";
import { nextBatch } from "../../src/core/batch.ts";

type Snapshot = SnapshotFrom<typeof sessionMachine>;

const KEY = "agent:main:discord:channel:42";

const queued = (eventId: string): SessionEvent => ({
  type: "event.queued",
  event: {
    eventId,
    wakeId: `w-${eventId}`,
    sessionKey: KEY,
    text: eventId,
    source: "exec-event",
    intent: "event",
    reason: "test",
    trust: "untrusted",
    queuedAtMs: 0,
  },
});
const started = (eventIds: readonly string[], runId = "r1", attempt = 1): SessionEvent => ({
  type: "run.started",
  runId,
  wakeId: "w-one",
  attempt,
  eventIds,
});
const ran = (runId = "r1"): SessionEvent => ({ type: "run.ran", runId });
const busy = (runId = "r1"): SessionEvent => ({ type: "run.skipped", runId });
const stopped = (runId = "r1"): SessionEvent => ({ type: "run.skipped", runId, aborted: true });
const failed = (givenUp = false, code = "LUBDUB_RUN_FAILED", runId = "r1"): SessionEvent => ({
  type: "run.failed",
  runId,
  givenUp,
  error: { code, message: "no luck" },
  atMs: 7,
});

function after(...events: SessionEvent[]): Snapshot {
  const [begin] = initialTransition(sessionMachine, { sessionKey: KEY });
  return events.reduce((snapshot, event) => transition(sessionMachine, snapshot, event)[0], begin);
}
const queue = ({ context }: Snapshot): string[] => context.queue.map(({ eventId }) => eventId);
const dead = ({ context }: Snapshot): string[] => context.dead.map(({ event }) => event.eventId);
const batch = ({ context }: Snapshot, most = 100): string[] =>
  nextBatch(context, most).map(({ eventId }) => eventId);

describe("a run", () => {
  test("acknowledges exactly what it was offered, and only when it succeeded", () => {
    const offered = after(queued("one"), queued("two"), started(["one"]));
    expect(queue(offered)).toEqual(["one", "two"]);
    expect(queue(after(queued("one"), queued("two"), started(["one"]), ran()))).toEqual(["two"]);
  });
  test("does not acknowledge what arrives while it goes on", () => {
    const ended = after(queued("one"), started(["one"]), queued("two"), ran());
    expect(ended.value).toBe("waiting");
    expect(queue(ended)).toEqual(["two"]);
  });
  test("without a batch leaves the queue alone", () => {
    expect(after(queued("one"), started([])).value).toBe("waiting");
    expect(after(started([])).value).toBe("empty");
  });
  test("that is stale changes nothing", () => {
    const offered = after(queued("one"), started(["one"]));
    for (const stale of [ran("r0"), busy("r0"), failed(true, "LUBDUB_RUN_FAILED", "r0")]) {
      expect(transition(sessionMachine, offered, stale)[0]).toBe(offered);
    }
  });
});

describe("busy", () => {
  test("leaves the events queued, in order", () => {
    const waiting = after(queued("one"), queued("two"), started(["one", "two"]), busy());
    expect(waiting.value).toBe("waiting");
    expect(queue(waiting)).toEqual(["one", "two"]);
  });
  test("forms the batch anew: what came meanwhile goes along", () => {
    const waiting = after(queued("one"), started(["one"]), queued("two"), busy());
    expect(waiting.context.retry).toBeNull();
    expect(batch(waiting)).toEqual(["one", "two"]);
  });
});

describe("failure", () => {
  test("freezes the batch: the wake id goes on standing for the same events", () => {
    const waiting = after(queued("one"), started(["one"]), queued("two"), failed());
    expect(waiting.context.retry).toEqual({ wakeId: "w-one", eventIds: ["one"] });
    expect(batch(waiting)).toEqual(["one"]);
  });
  test("a run that was stopped on the way freezes it too: the agent may have acted", () => {
    const waiting = after(queued("one"), started(["one"]), queued("two"), stopped());
    expect(waiting.value).toBe("waiting");
    expect(waiting.context).toMatchObject({ offer: null, retry: { wakeId: "w-one", eventIds: ["one"] } });
    expect(after(started([]), stopped()).context.retry).toBeNull();
  });
  test("a frozen batch stays frozen through busy answers, and is released by success", () => {
    const again = after(
      queued("one"),
      started(["one"]),
      queued("two"),
      failed(),
      started(["one"], "r2"),
      busy("r2"),
    );
    const done = after(
      queued("one"),
      started(["one"]),
      queued("two"),
      failed(),
      started(["one"], "r2"),
      ran("r2"),
    );
    expect([batch(again), batch(done)]).toEqual([["one"], ["two"]]);
  });
  test("a crash is one: the events come again as they were", () => {
    const waiting = after(queued("one"), started(["one"]), failed(false, "LUBDUB_RUN_INTERRUPTED"));
    expect(waiting.value).toBe("waiting");
    expect(batch(waiting)).toEqual(["one"]);
  });
  test("given up makes dead letters of exactly the run's events, with key, attempts and last error", () => {
    const ended = after(
      queued("one"),
      queued("two"),
      started(["one"], "r1", 3),
      failed(true, "LUBDUB_RUN_THREW"),
    );
    expect(queue(ended)).toEqual(["two"]);
    expect(ended.context.dead).toMatchObject([
      {
        event: { eventId: "one", sessionKey: KEY },
        attempts: 3,
        error: { code: "LUBDUB_RUN_THREW" },
        diedAtMs: 7,
      },
    ]);
  });
});

describe("dead letters", () => {
  const ended = [queued("one"), queued("two"), started(["one", "two"]), failed(true)];
  test("are requeued at the end under their own ids, for a new wake", () => {
    const requeued = after(...ended, queued("three"), {
      type: "events.requeued",
      eventIds: ["one"],
      wakeId: "w-new",
    });
    expect([queue(requeued), dead(requeued)]).toEqual([["three", "one"], ["two"]]);
    expect(requeued.context.queue.at(-1)).toMatchObject({ eventId: "one", wakeId: "w-new", queuedAtMs: 0 });
  });
  test("are dismissed for good", () => {
    const dismissed = after(...ended, { type: "events.dismissed", eventIds: ["one"] });
    expect(dead(dismissed)).toEqual(["two"]);
    expect(dismissed.value).toBe("empty");
  });
  test("are requeued only once", () => {
    const requeue: SessionEvent = { type: "events.requeued", eventIds: ["one"], wakeId: "w-new" };
    expect(queue(after(...ended, requeue, requeue))).toEqual(["one"]);
    expect(dead(after(...ended, requeue, requeue))).toEqual(["two"]);
  });
});

describe("drained events", () => {
  test("are gone; the rest keeps its order", () => {
    const drained = after(queued("one"), queued("two"), queued("three"), {
      type: "events.drained",
      eventIds: ["two"],
    });
    expect([queue(drained), drained.value]).toEqual([["one", "three"], "waiting"]);
    expect(after(queued("one"), { type: "events.drained", eventIds: ["one"] }).value).toBe("empty");
  });
  test("leave a frozen batch too", () => {
    const failedOnce = [queued("one"), queued("two"), started(["one", "two"]), failed()];
    const rest = after(...failedOnce, { type: "events.drained", eventIds: ["one"] });
    expect(rest.context.retry).toEqual({ wakeId: "w-one", eventIds: ["two"] });
    expect(
      after(...failedOnce, { type: "events.drained", eventIds: ["one", "two"] }).context.retry,
    ).toBeNull();
  });
});

describe("while a run goes on", () => {
  const offered = [queued("one"), queued("two"), queued("three"), started(["one", "two"])];

  test("drained events are gone; its end acknowledges only what is left of its own", () => {
    const drain: SessionEvent = { type: "events.drained", eventIds: ["one", "three"] };
    expect(queue(after(...offered, drain))).toEqual(["two"]);
    expect(after(...offered, drain, ran()).value).toBe("empty");
    const more = after(...offered, drain, queued("four"), ran());
    expect([queue(more), more.value]).toEqual([["four"], "waiting"]);
  });
  test("all of its events may be drained: it ends as ever", () => {
    const drain: SessionEvent = { type: "events.drained", eventIds: ["one", "two", "three"] };
    const ended = after(...offered, drain, ran());
    expect([queue(ended), ended.value, ended.context.offer]).toEqual([[], "empty", null]);
  });
  test("of drained events that begin like the queue only they go", () => {
    const drain: SessionEvent = { type: "events.drained", eventIds: ["one", "three"] };
    expect(queue(after(queued("one"), queued("two"), queued("three"), drain))).toEqual(["two"]);
  });
  test("dead letters can be requeued", () => {
    const died = [queued("old"), started(["old"], "r0"), failed(true, "LUBDUB_RUN_FAILED", "r0")];
    const requeue: SessionEvent = { type: "events.requeued", eventIds: ["old"], wakeId: "w-new" };
    expect(queue(after(...died, ...offered, requeue))).toEqual(["one", "two", "three", "old"]);
  });
});

describe("marks", () => {
  const noted = (marks: Readonly<Record<string, number>>, runId = "r1"): SessionEvent => ({
    type: "run.ran",
    runId,
    marks,
  });
  const marks = ({ context }: Snapshot) => Object.entries(context.marks ?? {});

  test("are noted by a run that succeeded, whether it had events or not", () => {
    expect(marks(after(noted({ mail: 7 })))).toEqual([["mail", 7]]);
    expect(marks(after(queued("one"), noted({ mail: 7 })))).toEqual([["mail", 7]]);
    const acked = after(queued("one"), started(["one"]), noted({ mail: 7 }));
    expect([marks(acked), queue(acked)]).toEqual([[["mail", 7]], []]);
  });
  test("replace those of the same name and go to the end; the others stay", () => {
    const twice = after(noted({ mail: 7, builds: 1 }), noted({ mail: 8 }));
    expect(marks(twice)).toEqual([
      ["builds", 1],
      ["mail", 8],
    ]);
  });
  test("are a hundred at most: the oldest go", () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`m${index}`, index]));
    const kept = marks(after(noted(many)));
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([100, ["m1", 1], ["m100", 100]]);
  });
  test("are not there until one is noted: a run without events and marks changes nothing", () => {
    for (const begin of [after(), after(queued("one"))])
      expect(transition(sessionMachine, begin, ran())[0]).toBe(begin);
  });
});

test("a run without events counts, and holds none", () => {
  const count = { runId: "r1", atMs: 1, keepStarts: 2 };
  const counted = after({ ...started([]), count } as SessionEvent);
  expect(counted.context).toMatchObject({ offer: null, tally: { starts: [{ runId: "r1", atMs: 1 }] } });
  const more = after({ ...started([]), count } as SessionEvent, queued("one"), busy());
  expect([more.context.tally?.starts, queue(more)]).toEqual([[], ["one"]]);
});

test("what counts nothing changes nothing", () => {
  for (const begin of [after(), after(queued("one"))])
    for (const event of [started([]), busy()])
      expect(transition(sessionMachine, begin, event)[0]).toBe(begin);
  const count = { runId: "r1", atMs: 1, keepStarts: 2, dayEndsAtMs: 9 };
  const counted = after({ ...started([]), count } as SessionEvent);
  const none: SessionEvent = { type: "run.ran", runId: "r1", tokens: 0 };
  for (const event of [none, ran(), busy("r9")])
    expect(transition(sessionMachine, counted, event)[0]).toBe(counted);
});

test("a forgotten session keeps nothing, and the end of its run brings nothing back", () => {
  const forgotten = after(queued("one"), started(["one"]), { type: "session.forgotten" });
  expect(forgotten.value).toBe("empty");
  expect(transition(sessionMachine, forgotten, failed())[0].context).toMatchObject({
    queue: [],
    offer: null,
    retry: null,
    dead: [],
  });
});
