import { expect, test } from "vitest";
import { watch, type Seen } from "../xstate4-viewer/viewer.ts";
import { inspected, KEY, until } from "./support.ts";

test("the real @xstate/inspect 0.8, on its own XState 4, sees register, event, state and stop", async () => {
  await using stack = new AsyncDisposableStack();
  const { heartbeat, inspector } = await inspected(stack);
  const seen: Seen[] = [];
  watch(inspector.url("xstate-inspect").replace("ws://", ""), (event) => seen.push(event));
  const of = (id: string, type: Seen["type"]) =>
    seen.filter((event) => event.sessionId === id && event.type === type);
  await until(() => expect(of("inspector", "service.register")).toHaveLength(1));

  const { wakeId } = await heartbeat.wake("HIDDEN-TEXT", { sessionKey: KEY });
  await heartbeat.waitFor(wakeId, "settled");
  const beat = `heartbeat:${KEY}`;
  await until(() =>
    expect(of(beat, "service.state").map(({ value }) => value)).toEqual(["pending", "running", "idle"]),
  );
  const [registered] = of(beat, "service.register");
  expect(registered?.states).toEqual(["idle", "pending", "running", "retrying"]);
  expect(registered?.next?.("idle", "wake.requested")).toBe("pending");
  expect(of(`session:${KEY}`, "service.register")[0]?.parent).toBe(beat);
  expect(of(beat, "service.event").map(({ event }) => event)).toMatchObject([
    { type: "wake.requested" },
    { type: "run.started" },
    { type: "run.ran" },
  ]);
  expect(of(beat, "service.state")[1]?.context).toMatchObject({ run: { wake: { sessionKey: KEY } } });
  expect(JSON.stringify(seen)).not.toContain("HIDDEN-TEXT");

  await heartbeat.close();
  await until(() => expect(of(beat, "service.stop")).toHaveLength(1));
  await until(() => expect(of(`session:${KEY}`, "service.stop")).toHaveLength(1));
});
