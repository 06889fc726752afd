import { assign, createActor, createMachine, setup, transition } from "xstate";
import { describe, expect, test } from "vitest";
import { heartbeatMachine, Pending, sessionMachine } from "../../machines/index.ts";

/** Facts about XState that the core is built on. When one of these fails after an update, read `src/core/actor.ts` again. */
describe("XState", () => {
  test("an ignored event leaves the very same snapshot object: nothing to log", () => {
    const actor = createActor(heartbeatMachine, { input: { lane: "lane" } }).start();
    const before = actor.getSnapshot();
    actor.send({ type: "run.ran", runId: "stale", next: null });
    expect(actor.getSnapshot()).toBe(before);
    expect(transition(heartbeatMachine, before, { type: "run.ran", runId: "stale", next: null })[0]).toBe(
      before,
    );
  });

  test("a snapshot survives JSON: resolveState gives back value and context, and goes on from there", () => {
    const event = { type: "event.queued", event: { eventId: "e" } } as never;
    const first = createActor(sessionMachine, { input: { sessionKey: "key" } }).start();
    first.send(event);
    const { value, context } = JSON.parse(JSON.stringify(first.getSnapshot())) as ReturnType<
      typeof first.getSnapshot
    >;
    const second = createActor(sessionMachine, {
      input: { sessionKey: "key" },
      snapshot: sessionMachine.resolveState({ value, context }),
    }).start();
    expect(second.getSnapshot().value).toBe("waiting");
    expect(second.getSnapshot().context).toEqual(first.getSnapshot().context);
    second.send({ type: "events.drained", eventIds: ["e"] });
    expect(second.getSnapshot().value).toBe("empty");
  });

  test("a context may hold an object with private fields: it is passed on, not copied", () => {
    const [snapshot] = transition(
      heartbeatMachine,
      createActor(heartbeatMachine, { input: { lane: "lane" } }).getSnapshot(),
      { type: "wake.requested", wake: { sessionKey: "key", intent: "event", dueAtMs: 1 } as never },
    );
    expect(snapshot.context.pending).toBeInstanceOf(Pending);
    expect(snapshot.context.pending.size).toBe(1);
  });

  test("with an error observer, a throwing guard or action ends the actor, not the process", () => {
    const machine = setup({
      guards: {
        broken: () => {
          throw new Error("broken guard");
        },
      },
    }).createMachine({
      initial: "a",
      states: { a: { on: { GO: { guard: "broken", target: "b" } } }, b: {} },
    });
    const errors: unknown[] = [];
    const actor = createActor(machine);
    actor.subscribe({ error: (error) => errors.push(error) });
    actor.start();
    actor.send({ type: "GO" });
    expect(errors).toHaveLength(1);
    expect(actor.getSnapshot().status).toBe("error");
  });

  test("entry actions and actions on the way are not run again when an actor is revived", () => {
    const calls: string[] = [];
    const machine = createMachine({
      context: { count: 0 },
      initial: "a",
      states: {
        a: { on: { GO: { target: "b", actions: () => void calls.push("on the way") } } },
        b: { entry: [assign({ count: 1 }), () => void calls.push("entry")] },
      },
    });
    const first = createActor(machine).start();
    first.send({ type: "GO" });
    const { value, context } = first.getSnapshot();
    createActor(machine, { snapshot: machine.resolveState({ value, context }) }).start();
    expect(calls).toEqual(["on the way", "entry"]);
  });

  test("provide() replaces an action by name and leaves the machine as it was", () => {
    let begun = 0;
    const provided = heartbeatMachine.provide({ actions: { "begin the run": () => void begun++ } });
    for (const machine of [provided, heartbeatMachine]) {
      const actor = createActor(machine, { input: { lane: "lane" } }).start();
      actor.send({
        type: "wake.requested",
        wake: { sessionKey: "key", intent: "event", dueAtMs: 1, waitsFor: "window" } as never,
      });
      actor.send({ type: "run.started", sessionKey: "key", wakeId: "w", runId: "r", atMs: 1, idle: false });
      expect(actor.getSnapshot().value).toBe("running");
    }
    expect(begun).toBe(1);
  });

  test("ids carry the version of the machine", () => {
    expect([heartbeatMachine.id, sessionMachine.id]).toEqual(["heartbeat@1", "session@1"]);
  });
});
