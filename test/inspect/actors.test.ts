import { createWebSocketReceiver, type StatelyInspectionEvent } from "@statelyai/inspect";
import { expect, test } from "vitest";
import { mermaidOf } from "../../src/inspect/index.ts";
import { inspected, until } from "./support.ts";

const KEY = "agent:main:discord:channel:42";

/** For each kind of actor: an event that it is seen to handle, and a transition that its definition has. */
const KINDS = {
  heartbeat: ["run.ran", "running --> idle"],
  session: ["event.queued", "empty --> waiting"],
  schedule: ["schedule.fired", "schedule.paused"],
  delivery: ["delivery.sent", "sending --> "],
  agent: ["run.started", "run.started"],
} as const;

test("schedules, deliveries and agents appear beside heartbeats and sessions: with definitions, events and live states", async () => {
  await using stack = new AsyncDisposableStack();
  const { heartbeat, inspector } = await inspected(stack, {
    run: () => ({ status: "ran", reply: "The build is green." }),
    deliver: () => {},
    limits: { agent: { daily: { runs: 100 } } },
  });
  await heartbeat.setSchedule({ scheduleId: "beat", sessionKey: KEY, everyMs: 3_600_000, text: "Look." });
  const seen: StatelyInspectionEvent[] = [];
  createWebSocketReceiver({ server: inspector.url() }).subscribe((event) => seen.push(event));
  await until(() => expect(seen.map(({ sessionId }) => sessionId)).toContain("schedule:beat"));

  const { eventId } = await heartbeat.wake("x", { sessionKey: KEY, route: { channel: "discord" } });
  await heartbeat.waitFor(eventId, "settled");
  await heartbeat.runSchedule("beat");
  for (const [kind, [event, transition]] of Object.entries(KINDS)) {
    const mine = () => seen.filter(({ sessionId }) => sessionId.startsWith(`${kind}:`));
    await until(() => {
      const events = mine().flatMap((message) =>
        message.type === "@xstate.event" ? [message.event.type] : [],
      );
      expect({ kind, events }).toEqual({ kind, events: expect.arrayContaining([event]) });
    });
    const actor = mine().find((message) => message.type === "@xstate.actor");
    const diagram = mermaidOf(JSON.parse(actor?.definition ?? "{}") as object);
    expect({ kind, diagram }).toEqual({ kind, diagram: expect.stringContaining(transition) });
    const states = mine().flatMap((message) =>
      message.type === "@xstate.snapshot" ? [message.snapshot] : [],
    );
    expect({ kind, states: states.length > 0 }).toEqual({ kind, states: true });
  }
});
