import { describe, expect, test } from "vitest";
import { initialTransition, transition, type SnapshotFrom } from "xstate";
import { deliveryMachine, type DeliveryEvent, type Letter } from "../../machines/index.ts";
import { outboxAfter, type Outbox, type OutboxEvent } from "../../machines/outbox.ts";

type Snapshot = SnapshotFrom<typeof deliveryMachine>;

const LETTER: Letter = {
  sessionKey: "agent:main:discord:channel:42",
  runId: "r-1",
  wakeId: "w-1",
  route: { channel: "discord", to: "42" },
  destination: "discord 42",
  text: "Disk full",
  media: ["chart.png"],
  queuedAtMs: 1_000,
};
const queued: DeliveryEvent = { type: "delivery.queued", letter: LETTER, atMs: 1_000, expiresAtMs: 9_000 };
const started = (atMs: number): DeliveryEvent => ({ type: "delivery.started", atMs });
const sent: DeliveryEvent = { type: "delivery.sent" };
const failed = (dueAtMs: number | null): DeliveryEvent => ({
  type: "delivery.failed",
  dueAtMs,
  error: { code: "LUBDUB_DELIVERY_FAILED", message: "no luck" },
  atMs: 2_000,
});
const expired = (atMs: number): DeliveryEvent => ({
  type: "delivery.expired",
  error: { code: "LUBDUB_DELIVERY_EXPIRED", message: "too late" },
  atMs,
});
const requeued: DeliveryEvent = { type: "delivery.requeued", atMs: 20_000, expiresAtMs: 29_000 };
const dismissed: DeliveryEvent = { type: "delivery.dismissed" };

function after(...events: DeliveryEvent[]): Snapshot {
  const [begin] = initialTransition(deliveryMachine, { deliveryId: "d-1" });
  return events.reduce((snapshot, event) => transition(deliveryMachine, snapshot, event)[0], begin);
}

describe("a delivery", () => {
  test("that was sent is as if it had never been", () => {
    const over = after(queued, started(1_000), sent);
    expect([over.value, over.context]).toEqual(["ended", after().context]);
  });
  test("that failed waits with the same route, text, media and keys", () => {
    const waiting = after(queued, started(1_000), failed(3_000));
    expect(waiting.value).toBe("retrying");
    expect(waiting.context).toMatchObject({ letter: LETTER, dueAtMs: 3_000, attempts: 1, startedAtMs: null });
    expect(after(queued, started(1_000), failed(3_000), started(3_000)).context.letter).toEqual(LETTER);
  });
  test("does not start before its time, nor after its end", () => {
    expect(after(queued, started(999)).value).toBe("pending");
    expect(after(queued, started(9_000)).value).toBe("pending");
    expect(after(queued, started(1_000), failed(3_000), started(2_999)).value).toBe("retrying");
  });
  test("expires when its time is over, and not before", () => {
    expect(after(queued, expired(8_999)).value).toBe("pending");
    expect(after(queued, expired(9_000)).value).toBe("dead");
    expect(after(queued, started(1_000), expired(9_000)).value).toBe("sending");
    expect(after(queued, started(1_000), failed(3_000), expired(9_000)).value).toBe("dead");
  });
  test("problem 5: out of tries it is dead; requeued, it has all its tries and its time again", () => {
    const dead = after(queued, started(1_000), failed(null));
    expect([dead.value, dead.context.diedAtMs]).toEqual(["dead", 2_000]);
    const again = after(queued, started(1_000), failed(null), requeued);
    expect(again.value).toBe("pending");
    expect(again.context).toMatchObject({
      letter: LETTER,
      attempts: 0,
      dueAtMs: 20_000,
      expiresAtMs: 29_000,
    });
  });
  test("is dismissed while it waits or is dead, not while it is being sent", () => {
    expect(after(queued, dismissed).value).toBe("ended");
    expect(after(queued, started(1_000), failed(3_000), dismissed).value).toBe("ended");
    expect(after(queued, started(1_000), failed(null), dismissed).value).toBe("ended");
    expect(after(queued, started(1_000), dismissed).value).toBe("sending");
  });
  test("is tried again when it is due: the host begins to send it, and the try counts", () => {
    const waiting = after(queued, started(1_000), failed(3_000));
    const begun = (from: Snapshot, event: DeliveryEvent): string[] =>
      transition(deliveryMachine, from, event)[1].map(({ type }) => type);
    expect(begun(after(queued), started(1_000))).toContain("begin to send");
    expect(begun(waiting, started(3_000))).toContain("begin to send");
    expect(begun(waiting, started(2_999))).toEqual([]);
    const again = after(queued, started(1_000), failed(3_000), started(3_000));
    expect([again.value, again.context.attempts, again.context.startedAtMs]).toEqual(["sending", 2, 3_000]);
  });
  test("that waits for its next try expires when its time is over, with the last word on why", () => {
    const tried = [queued, started(1_000), failed(3_000)];
    expect(after(...tried, expired(8_999)).value).toBe("retrying");
    expect(after(...tried, expired(9_000)).context).toMatchObject({
      deliveryId: "d-1",
      error: { code: "LUBDUB_DELIVERY_EXPIRED", message: "too late" },
      diedAtMs: 9_000,
    });
  });
  test.each<[string, readonly DeliveryEvent[]]>([
    ["pending", [queued]],
    ["sending", [queued, started(1_000)]],
    ["retrying", [queued, started(1_000), failed(3_000)]],
    ["dead", [queued, started(1_000), failed(null)]],
  ])("ends with its session when that is forgotten: %s", (state, events) => {
    expect(after(...events).value).toBe(state);
    const over = after(...events, { type: "session.forgotten" });
    expect([over.value, over.context]).toEqual(["ended", after().context]);
    expect(over.context).toMatchObject({ deliveryId: "d-1", letter: null });
  });
});

describe("what a session knows of its replies", () => {
  const said = { destination: "here", fingerprint: "a", atMs: 1 };
  const outbox = (...events: OutboxEvent[]): Outbox | undefined =>
    events.reduce<Outbox | undefined>((before, event) => outboxAfter(before, event), undefined);
  const put = (deliveryId: string, destination = "here"): OutboxEvent => ({
    type: "delivery.queued",
    deliveryId,
    said: { ...said, destination },
  });

  test("the last text to each destination, also after it was sent", () => {
    expect(outbox(put("one"), put("two"), { type: "delivery.sent", deliveryId: "one" })).toEqual({
      route: null,
      deliveryIds: ["two"],
      said: [{ ...said, deliveryId: "two" }],
    });
  });
  test("what was not heard may be said again", () => {
    expect(outbox(put("one"), { type: "delivery.died", deliveryId: "one" })).toMatchObject({
      deliveryIds: ["one"],
      said: [],
    });
    expect(outbox(put("one"), { type: "delivery.dismissed", deliveryId: "one" })).toMatchObject({
      deliveryIds: [],
      said: [],
    });
  });
  test("what was heard stays said when another was not", () => {
    const both = [put("one", "here"), put("two", "there")];
    for (const type of ["delivery.died", "delivery.dismissed"] as const)
      expect(outbox(...both, { type, deliveryId: "one" })?.said).toMatchObject([{ deliveryId: "two" }]);
  });
  test("sixteen destinations, the oldest goes first", () => {
    const many = Array.from({ length: 20 }, (_, index) => put(`d-${index}`, `to-${index}`));
    expect(outbox(...many)?.said.map(({ destination }) => destination)).toEqual(
      Array.from({ length: 16 }, (_, index) => `to-${index + 4}`),
    );
  });
  test("a route replaces the one before; an acknowledgement is never remembered", () => {
    const events: OutboxEvent[] = [
      { type: "route.noted", route: { to: "1" } },
      { type: "route.noted", route: { to: "2" } },
      { type: "delivery.queued", deliveryId: "ack", said: null },
    ];
    expect(outbox(...events)).toEqual({ route: { to: "2" }, deliveryIds: ["ack"], said: [] });
  });
});
