import { describe, expect, test } from "vitest";
import type { DeliveryContext, ScheduleContext, SessionContext } from "../../machines/index.ts";
import { encode, heartbeatActors, MACHINE_IDS, redacted, sessionActor } from "../../src/core/actor.ts";
import { KEY, played, queued, runFailed, runStarted, type Draft } from "../support/records.ts";

test("the names and versions of the machines are a storage format", () => {
  expect(MACHINE_IDS).toEqual({
    heartbeat: "heartbeat@1",
    session: "session@1",
    schedule: "schedule@1",
    agent: "agent@1",
    delivery: "delivery@1",
  });
});

describe("an actor", () => {
  test("says whether it took an event, and is seen as it is then", () => {
    const actor = sessionActor(KEY);
    expect(actor.send({ type: "run.skipped", runId: "r1" })).toBe(false);
    expect([actor.value, actor.context.sessionKey]).toEqual(["empty", KEY]);
    expect(actor.send({ type: "route.noted", route: { to: "42" } })).toBe(true);
    expect(actor.context.outbox?.route).toEqual({ to: "42" });
  });
  test("does not begin anything when it comes back in the middle of a run", () => {
    const effects: unknown[] = [];
    const actors = heartbeatActors((effect) => effects.push(effect));
    const { world } = played(queued("e1"), runStarted(["e1"]));
    const back = actors("lane", encode(world.heartbeat("lane").actor));
    expect([back.value, back.context.run?.runId, effects]).toEqual(["running", "r1", []]);
  });
  test("whose machine throws is an error that says what it was given", () => {
    const whole = sessionActor(KEY, encode(played(queued("e1")).world.session(KEY).actor));
    expect(() => whole.send({ type: "run.started" } as never)).toThrow(
      expect.objectContaining({
        code: "LUBDUB_INTERNAL",
        expected: "the machine to handle run.started",
        got: expect.stringContaining("reading 'length'"),
        fix: "This is a bug in Lubdub: please report it.",
        cause: expect.any(Error),
      }),
    );
    const odd = { type: "route.noted", route: { to: "42" } };
    Object.defineProperty(odd, "route", {
      get() {
        throw "not an error";
      },
    });
    expect(() => sessionActor(KEY).send(odd as never)).toThrow("got a value that is not an error");
  });
});

describe("without the texts and data of a session", () => {
  const shown = <Context>(encoded: string): Context =>
    (JSON.parse(encoded) as { readonly context: Context }).context;
  const put: Draft = {
    type: "delivery.queued",
    facts: {
      deliveryId: "d-1",
      runId: "r0",
      wakeId: "w0",
      route: { to: "42" },
      destination: "here",
      expiresAtMs: 9_000,
    },
    body: { text: "secret", media: ["secret.png"], fingerprint: "secret-print" },
  };
  const set = {
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
    body: { text: "secret", data: { secret: 1 } },
  } as Draft;

  test("its queue and its dead letters keep their places; what was said is not known", () => {
    const secret = (eventId: string) =>
      ({ ...queued(eventId), body: { text: "secret", data: { secret: 1 } } }) as Draft;
    const died = { ...runFailed({ dueAtMs: null }), body: { error: "secret" } } as Draft;
    const { world } = played(secret("e1"), secret("e2"), runStarted(["e1"]), died, put);
    const whole = encode(world.session(KEY).actor);
    const kept = redacted("session", whole, KEY);
    expect(whole).toContain("secret");
    expect(kept).not.toContain("secret");
    const { queue, dead, outbox } = shown<SessionContext>(kept);
    expect(queue).toMatchObject([{ eventId: "e2", wakeId: "w-e2", text: "" }]);
    expect(queue[0]).not.toHaveProperty("data");
    expect(dead).toMatchObject([
      { event: { eventId: "e1", text: "" }, error: { code: "LUBDUB_RUN_FAILED", message: "" } },
    ]);
    expect(outbox).toEqual({ route: null, deliveryIds: ["d-1"], said: [] });
    expect((JSON.parse(kept) as { value: string }).value).toBe("waiting");
  });
  test("one that never replied has no outbox", () => {
    const { world } = played(queued("e1"));
    const kept = shown<SessionContext>(redacted("session", encode(world.session(KEY).actor), KEY));
    expect(kept).not.toHaveProperty("outbox");
  });
  test("its schedule keeps its times; one of another session stays as it is", () => {
    const whole = encode(played(set).world.schedules.get("s-1").actor);
    const kept = redacted("schedule", whole, KEY);
    expect(kept).not.toContain("secret");
    expect(shown<ScheduleContext>(kept)).toMatchObject({
      nextAtMs: 60_000,
      spec: { text: "", reason: "once" },
    });
    expect((JSON.parse(kept) as { value: string }).value).toBe("active");
    expect(redacted("schedule", whole, "agent:main:main")).toBe(whole);
    const unset = encode(played().world.schedules.get("s-2").actor);
    expect(redacted("schedule", unset, KEY)).toBe(unset);
  });
  test("its reply keeps its route and its code", () => {
    const failed: Draft = {
      type: "delivery.failed",
      atMs: 3_000,
      facts: { deliveryId: "d-1", attempt: 1, code: "LUBDUB_DELIVERY_FAILED", dueAtMs: 4_000 },
      body: { error: "secret" },
    };
    const started: Draft = {
      type: "delivery.started",
      atMs: 2_000,
      facts: { deliveryId: "d-1", attempt: 1 },
    };
    const { world } = played(put, started, failed);
    const kept = redacted("delivery", encode(world.deliveries.get("d-1").actor), KEY);
    expect(kept).not.toContain("secret");
    expect(shown<DeliveryContext>(kept)).toMatchObject({
      letter: { route: { to: "42" }, text: "", media: [] },
      error: { code: "LUBDUB_DELIVERY_FAILED", message: "" },
    });
    expect((JSON.parse(kept) as { value: string }).value).toBe("retrying");
    const over = encode(played().world.deliveries.get("d-2").actor);
    expect(shown<DeliveryContext>(redacted("delivery", over, KEY))).toMatchObject({
      letter: null,
      error: null,
    });
  });
  test("lanes and agents hold no texts", () => {
    for (const kind of ["heartbeat", "agent"] as const)
      expect(redacted(kind, "as it is", KEY)).toBe("as it is");
  });
});
