import { describe, expect, test } from "vitest";
import type { DeliveryContext, SessionContext } from "../../machines/index.ts";
import { KEY, played, queued, type Draft, type Played } from "../support/records.ts";

const ID = "d-1";
const facts = { deliveryId: ID };
const put = (body: object | null = { text: "Disk full", media: ["chart.png"], fingerprint: "f1" }): Draft =>
  ({
    type: "delivery.queued",
    atMs: 1_000,
    facts: {
      ...facts,
      runId: "r1",
      wakeId: "w1",
      route: { to: "42" },
      destination: "discord 42",
      expiresAtMs: 9_000,
    },
    body,
  }) as Draft;
const started: Draft = { type: "delivery.started", atMs: 1_100, facts: { ...facts, attempt: 1 } };
const sent: Draft = { type: "delivery.sent", atMs: 1_200, facts: { ...facts, attempt: 1, durationMs: 5 } };
const failed = (dueAtMs: number | null, body: { error: string } | null = { error: "no luck" }): Draft => ({
  type: "delivery.failed",
  atMs: 1_200,
  facts: { ...facts, attempt: 1, code: "LUBDUB_DELIVERY_FAILED", dueAtMs },
  body,
});
const expired: Draft = {
  type: "delivery.expired",
  atMs: 9_000,
  facts: { ...facts, code: "LUBDUB_DELIVERY_EXPIRED" },
};
const requeued: Draft = {
  type: "delivery.requeued",
  atMs: 20_000,
  facts: { ...facts, expiresAtMs: 29_000 },
};
const dismissed: Draft = { type: "delivery.dismissed", atMs: 20_000, facts };

const delivery = ({ world }: Played): [string, DeliveryContext] => {
  const { value, context } = world.deliveries.get(ID).actor;
  return [value, context];
};
const outbox = ({ world }: Played): SessionContext["outbox"] => world.session(KEY).actor.context.outbox;
const SAID = { destination: "discord 42", fingerprint: "f1", atMs: 1_000, deliveryId: ID };

describe("a reply that is queued", () => {
  test("travels with its route, its run and its text, and waits from that moment on", () => {
    const [value, context] = delivery(played(put()));
    expect(value).toBe("pending");
    expect(context).toEqual({
      deliveryId: ID,
      letter: {
        sessionKey: KEY,
        runId: "r1",
        wakeId: "w1",
        route: { to: "42" },
        destination: "discord 42",
        text: "Disk full",
        media: ["chart.png"],
        queuedAtMs: 1_000,
      },
      enteredAtMs: 1_000,
      dueAtMs: 1_000,
      expiresAtMs: 9_000,
      attempts: 0,
      startedAtMs: null,
      error: null,
      diedAtMs: null,
    });
  });
  test("is in its session's outbox, with what it says", () => {
    expect(outbox(played(put()))).toEqual({ route: null, deliveryIds: [ID], said: [SAID] });
  });
  test("without a fingerprint is not remembered as said", () => {
    expect(outbox(played(put({ text: "HEARTBEAT_OK" })))?.said).toEqual([]);
    expect(delivery(played(put({ text: "HEARTBEAT_OK" })))[1].letter?.media).toEqual([]);
  });
  test("has no text once it is forgotten", () => {
    expect(delivery(played(put(null)))[1].letter).toMatchObject({ text: "", media: [] });
    expect(outbox(played(put(null)))?.said).toEqual([]);
  });
  test("moves its session first, then itself; both are to be written at the next checkpoint", () => {
    const { world, moved } = played(queued("e1"), put());
    expect(moved).toEqual(["session delivery.queued", "delivery delivery.queued"]);
    expect(world.deliveries.get(ID)).toMatchObject({ dirty: true, previous: 2 });
    expect(world.session(KEY)).toMatchObject({ dirty: true, previous: 2 });
    expect(world.heartbeats.size).toBe(1);
  });
});

describe("a reply that is sent", () => {
  test("is handed to its sender when that is written, and not before", () => {
    expect(played(put()).effects).toEqual([]);
    const begun = played(put(), started);
    expect(begun.effects).toEqual([{ type: "delivery.begin", deliveryId: ID }]);
    expect(begun.moved).toEqual(["delivery delivery.started"]);
    expect(delivery(begun)).toMatchObject(["sending", { attempts: 1, startedAtMs: 1_100 }]);
  });
  test("leaves the outbox; what it said stays said", () => {
    const over = played(put(), started, sent);
    expect(delivery(over)[0]).toBe("ended");
    expect(outbox(over)).toMatchObject({ deliveryIds: [], said: [SAID] });
  });
});

describe("a reply that is not heard", () => {
  test("waits for the next try, with its error, and still counts as said", () => {
    const waiting = played(put(), started, failed(5_000));
    expect(delivery(waiting)).toMatchObject([
      "retrying",
      { dueAtMs: 5_000, error: { code: "LUBDUB_DELIVERY_FAILED", message: "no luck" } },
    ]);
    expect(waiting.moved).toEqual(["delivery delivery.failed"]);
    expect(outbox(waiting)).toMatchObject({ deliveryIds: [ID], said: [SAID] });
  });
  test("is dead when given up, and may be said again", () => {
    const dead = played(put(), started, failed(null, null));
    expect(delivery(dead)).toMatchObject([
      "dead",
      { diedAtMs: 1_200, error: { code: "LUBDUB_DELIVERY_FAILED", message: "" } },
    ]);
    expect(outbox(dead)).toMatchObject({ deliveryIds: [ID], said: [] });
  });
  test("is dead when its time is over, and says so", () => {
    const dead = played(put(), expired);
    const error = { code: "LUBDUB_DELIVERY_EXPIRED", message: "Its time was over before it could be sent." };
    expect(delivery(dead)).toMatchObject(["dead", { diedAtMs: 9_000, error }]);
    expect(outbox(dead)).toMatchObject({ deliveryIds: [ID], said: [] });
  });
  test("requeued, enters the line anew with a new end", () => {
    const again = played(put(), expired, requeued);
    expect(delivery(again)).toMatchObject([
      "pending",
      { enteredAtMs: 20_000, dueAtMs: 20_000, expiresAtMs: 29_000 },
    ]);
    expect(again.moved).toEqual(["delivery delivery.requeued"]);
  });
  test("dismissed, is gone", () => {
    const gone = played(put(), expired, dismissed);
    expect(delivery(gone)[0]).toBe("ended");
    expect(outbox(gone)).toMatchObject({ deliveryIds: [], said: [] });
    expect(gone.moved).toEqual(["session delivery.dismissed", "delivery delivery.dismissed"]);
    expect(gone.told[1]).toStrictEqual({ type: "delivery.dismissed" });
  });
});

test("the deliveries of a forgotten session end with it, also what is being sent", () => {
  const forgotten = played(put(), started, {
    type: "session.forgotten",
    facts: { deliveries: [ID] },
  });
  expect(delivery(forgotten)[0]).toBe("ended");
  expect(forgotten.world.deliveries.get(ID)).toMatchObject({ previous: 3, dirty: true });
  expect(forgotten.moved).toContain("delivery session.forgotten");
  const others = played(put(), { type: "session.forgotten", facts: {} });
  expect(delivery(others)[0]).toBe("pending");
});
