import { describe, expect, test } from "vitest";
import type { QueuedEvent, SessionContext, Wake } from "../../machines/index.ts";
import { hasNothingToDo, nextBatch, nextWakeId, offeredEvents, wakeIdOf } from "../../src/core/batch.ts";

const event = (eventId: string, text = "", data?: string): QueuedEvent =>
  ({ eventId, wakeId: `w-${eventId}`, text, ...(data !== undefined && { data }) }) as unknown as QueuedEvent;
const session = (queue: readonly QueuedEvent[], changes: Partial<SessionContext> = {}): SessionContext => ({
  sessionKey: "agent:main:main",
  queue,
  offer: null,
  retry: null,
  dead: [],
  ...changes,
});
const ids = (events: readonly { readonly eventId: string }[]): string[] =>
  events.map(({ eventId }) => eventId);
const letters = (count: number): string => "x".repeat(count);

describe("the next batch", () => {
  test("is the head of the queue, as long as it may be", () => {
    const queue = [event("a"), event("b"), event("c")];
    expect(ids(nextBatch(session(queue), 2))).toEqual(["a", "b"]);
    expect(ids(nextBatch(session(queue), 9))).toEqual(["a", "b", "c"]);
    expect(nextBatch(session([]), 9)).toEqual([]);
  });
  test("after a failure is the same again, whatever came meanwhile", () => {
    const queue = [event("a"), event("b"), event("c")];
    const retry = { wakeId: "w", eventIds: ["a", "c"] };
    expect(ids(nextBatch(session(queue, { retry }), 1))).toEqual(["a", "c"]);
  });
  test.each<[string, QueuedEvent[], string[]]>([
    ["200,000 characters fit", [event("a", letters(150_000)), event("b", letters(50_000))], ["a", "b"]],
    ["one more does not", [event("a", letters(150_000)), event("b", letters(50_001))], ["a"]],
    ["data counts as JSON", [event("a", letters(150_000)), event("b", "", letters(49_999))], ["a"]],
    ["data that fits", [event("a", letters(150_000)), event("b", "", letters(49_998))], ["a", "b"]],
    ["one of any size is given alone", [event("a", letters(300_000)), event("b")], ["a"]],
    ["what is behind it waits too", [event("a"), event("b", letters(300_000)), event("c")], ["a"]],
  ])("is what an agent can read: %s", (_, queue, batch) => {
    expect(ids(nextBatch(session(queue), 100))).toEqual(batch);
  });
});

test("a run holds what it was offered, of what is still queued", () => {
  const queue = [event("a"), event("b"), event("c")];
  const offer = { runId: "r", wakeId: "w", attempt: 1, eventIds: ["gone", "c", "a"] };
  expect(ids(offeredEvents(session(queue, { offer })))).toEqual(["a", "c"]);
  expect(offeredEvents(session(queue))).toEqual([]);
});

const wake = (intent: Wake["intent"]): Wake => ({ wakeId: "w-request", intent }) as Wake;

test("a run goes by the wake id of its batch that failed, of its oldest event, or of its wake", () => {
  const queue = [event("a")];
  const retry = { wakeId: "w-retry", eventIds: ["a"] };
  expect(wakeIdOf(session(queue, { retry }), nextBatch(session(queue), 1), wake("event"))).toBe("w-retry");
  expect(wakeIdOf(session(queue), nextBatch(session(queue), 1), wake("event"))).toBe("w-a");
  expect(wakeIdOf(session([]), [], wake("event"))).toBe("w-request");
});

describe("S9: one wake id stands for one set of events", () => {
  const accepted = (eventId: string, wakeId: string): QueuedEvent => ({ ...event(eventId), wakeId });
  test.each([
    ["that made its wake lends it its id", "e-5-aaaaaaaa", "w-5-bbbbbbbb", "w-5-bbbbbbbb"],
    [
      "that came into the wake of an older one goes by its own",
      "e-6-aaaaaaaa",
      "w-5-bbbbbbbb",
      "w-6-aaaaaaaa",
    ],
    ["that was put back goes by the wake that this made", "e-5-aaaaaaaa", "w-9-bbbbbbbb", "w-9-bbbbbbbb"],
    ["whose wake has no position goes by its own", "e-6-aaaaaaaa", "theirs", "w-6-aaaaaaaa"],
    ["without a position keeps its wake", "theirs", "w-5-bbbbbbbb", "w-5-bbbbbbbb"],
  ])("a batch whose first event is one %s", (_, eventId, wakeId, id) => {
    const oldest = accepted(eventId, wakeId);
    expect(wakeIdOf(session([oldest]), nextBatch(session([oldest]), 1), wake("event"))).toBe(id);
  });

  const queue = [event("a"), event("b"), event("c")];
  test.each<[string, Partial<SessionContext>, string | undefined]>([
    ["with nothing before it", {}, "w-a"],
    ["behind a run", { offer: { runId: "r", wakeId: "w", attempt: 1, eventIds: ["a"] } }, "w-b"],
    ["behind a batch that is tried again", { retry: { wakeId: "w", eventIds: ["a", "b"] } }, "w-c"],
    ["behind all that is queued: nothing", { retry: { wakeId: "w", eventIds: ["a", "b", "c"] } }, undefined],
  ])("what waits %s", (_, changes, id) => {
    expect(nextWakeId(session(queue, changes))).toBe(id);
  });
  test("an empty queue begins no batch", () => expect(nextWakeId(session([]))).toBeUndefined());
});

test.each<[Wake["intent"], boolean]>([
  ["event", true],
  ["task", true],
  ["scheduled", false],
  ["immediate", false],
  ["manual", false],
])("a wake of intent %s without events has nothing to do: %s", (intent, nothing) => {
  expect(hasNothingToDo(wake(intent), [])).toBe(nothing);
  expect(hasNothingToDo(wake(intent), nextBatch(session([event("a")]), 1))).toBe(false);
});
