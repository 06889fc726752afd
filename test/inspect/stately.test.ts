import { createWebSocketReceiver, type StatelyInspectionEvent } from "@statelyai/inspect";
import { expect, test } from "vitest";
import { mermaidOf } from "../../src/inspect/index.ts";
import { KEY, TOKEN, connect, inspected, until, type Frame } from "./support.ts";

test("the real receiver sees registrations, events and snapshots of a heartbeat and its session", async () => {
  await using stack = new AsyncDisposableStack();
  const { heartbeat, inspector } = await inspected(stack);
  const seen: StatelyInspectionEvent[] = [];
  createWebSocketReceiver({ server: inspector.url() }).subscribe((event) => seen.push(event));
  await until(() => expect(inspector.watching).toBe(true));

  const { wakeId } = await heartbeat.wake("npm test ended with exit code 0", { sessionKey: KEY });
  await heartbeat.waitFor(wakeId, "settled");

  const actors = () => seen.filter((event) => event.type === "@xstate.actor");
  await until(() => expect(actors().map(({ sessionId }) => sessionId)).toContain(`heartbeat:${KEY}`));
  const session = actors().find(({ sessionId }) => sessionId === `session:${KEY}`);
  expect(session).toMatchObject({ name: KEY, parentId: `heartbeat:${KEY}`, rootId: `heartbeat:${KEY}` });
  const machine = actors().find(({ sessionId }) => sessionId === `heartbeat:${KEY}`)?.definition ?? "";
  expect(mermaidOf(JSON.parse(machine) as object)).toContain(
    "running --> idle: run.ran [is over, nothing is left]",
  );

  const of = (id: string, type: string) =>
    seen.filter((event) => event.sessionId === id && event.type === type);
  await until(() => {
    const events = of(`heartbeat:${KEY}`, "@xstate.event").map(
      (event) => "event" in event && event.event.type,
    );
    expect(events).toEqual(["wake.requested", "run.started", "run.ran"]);
    const values = of(`heartbeat:${KEY}`, "@xstate.snapshot").map(
      (event) => "snapshot" in event && "value" in event.snapshot && event.snapshot.value,
    );
    expect(values).toEqual(["pending", "running", "idle"]);
  });
  expect(of(`session:${KEY}`, "@xstate.snapshot")).toHaveLength(3);
});

test("a viewer that comes late sees every live actor where it stands", async () => {
  await using stack = new AsyncDisposableStack();
  const { heartbeat, inspector } = await inspected(stack, { coalesceMs: 60_000 });
  const keys = Array.from({ length: 500 }, (_, index) => `agent:main:late:${index}`);
  await Promise.all(keys.map((sessionKey) => heartbeat.wake("done", { sessionKey })));

  const { frames } = await connect(stack, inspector.url());
  await until(() => expect(frames).toHaveLength(1 + 2 * keys.length));
  expect(frames[0]).toMatchObject({ type: "@xstate.actor", sessionId: "inspector" });
  const values = new Map(frames.map(({ sessionId, snapshot }) => [sessionId, snapshot?.value]));
  expect(keys.filter((key) => values.get(`session:${key}`) !== "waiting")).toEqual([]);
  expect(keys.filter((key) => values.get(`heartbeat:${key}`) !== "pending")).toEqual([]);
});

test("when the heartbeat closes, its actors are shown as stopped; the next one can attach", async () => {
  await using stack = new AsyncDisposableStack();
  const { heartbeat, inspector } = await inspected(stack, { coalesceMs: 60_000 });
  await heartbeat.wake("done", { sessionKey: KEY });
  const { frames } = await connect(stack, inspector.url());
  await until(() => expect(frames).toHaveLength(3));
  expect(() => inspector.attach(() => [])).toThrow(/an inspector of its own/);
  await heartbeat.close();
  const stopped = ({ snapshot }: Frame) => snapshot?.status === "stopped";
  await until(() =>
    expect(frames.filter(stopped).map(({ sessionId }) => sessionId)).toEqual([
      `heartbeat:${KEY}`,
      `session:${KEY}`,
    ]),
  );
  inspector.attach(() => [])();
});

test("texts, data, replies and secrets are hidden; ids and keys are not", async () => {
  await using stack = new AsyncDisposableStack();
  const run = () => ({ status: "failed", reason: "SAID-IN-ANGER" }) as const;
  const { heartbeat, inspector } = await inspected(stack, { run });
  const { frames } = await connect(stack, inspector.url());
  const { eventId } = await heartbeat.wake("TEXT-OF-THE-EVENT", {
    sessionKey: KEY,
    data: { note: "DATA-OF-THE-EVENT" },
    route: { channel: "42", botToken: "ROUTE-SECRET" },
    reason: `told ${TOKEN}`,
  });
  await until(() => expect(frames.some(({ event }) => event?.type === "run.failed")).toBe(true));
  await until(() => expect(frames.at(-1)?.snapshot?.value).toBe("retrying"));
  const all = JSON.stringify(frames);
  for (const hidden of ["TEXT-OF", "DATA-OF", "ROUTE-SECRET", "SAID-IN-ANGER", TOKEN])
    expect(all).not.toContain(hidden);
  for (const shown of [eventId as string, KEY, '"channel":"42"', '"text":"[redacted]"'])
    expect(all).toContain(shown);
});

test("texts are shown when asked for, secrets never; a redaction of one's own has the last word", async () => {
  await using stack = new AsyncDisposableStack();
  const { heartbeat, inspector } = await inspected(
    stack,
    { coalesceMs: 60_000 },
    { showTexts: true, redact: (context) => ({ ...(context as object), lane: "MY-OWN" }) },
  );
  await heartbeat.wake("TEXT-OF-THE-EVENT", { sessionKey: KEY, data: { password: "hunter2" } });
  const { frames } = await connect(stack, inspector.url());
  await until(() => expect(frames).toHaveLength(3));
  const all = JSON.stringify(frames);
  expect(all).toContain("TEXT-OF-THE-EVENT");
  expect(all).toContain('"lane":"MY-OWN"');
  expect(all).not.toContain("hunter2");
});
