import { describe, expect, test } from "vitest";
import type { Heartbeat } from "../../src/api.ts";
import { createHeartbeat } from "../../src/heartbeat.ts";

const KEY = "agent:main:main";
const EVENTS = 900;

/** A real clock: whoever looks shares the process with those who are woken. */
async function livedLong(): Promise<Heartbeat> {
  const heartbeat = createHeartbeat({ run: () => ({ status: "ran" }), coalesceMs: 0, queueMax: EVENTS });
  const events = Array.from({ length: EVENTS }, (_, at) => `event ${at}`);
  await Promise.all(events.map((text) => heartbeat.enqueueSystemEvent(text, { sessionKey: KEY })));
  return heartbeat;
}

const LOOKS: readonly (readonly [string, (heartbeat: Heartbeat) => Promise<unknown>])[] = [
  ["the state of a session", (heartbeat) => heartbeat.stateAt(EVENTS, { sessionKey: KEY })],
  ["the whole state", (heartbeat) => heartbeat.stateAt(EVENTS)],
  ["steps", (heartbeat) => heartbeat.steps({ sessionKey: KEY, limit: 1_000 })],
  [
    "a what-if",
    (heartbeat) =>
      heartbeat.whatIf({
        sessionKey: KEY,
        position: EVENTS,
        happenings: [{ type: "event.queued", text: "what if" }],
      }),
  ],
];

describe.each(LOOKS)("%s", (_name, look) => {
  test("lets a session be woken between its steps", async () => {
    await using heartbeat = await livedLong();
    const order: string[] = [];
    const looking = look(heartbeat).then(() => order.push("looked"));
    const woken = heartbeat.wake("meanwhile", { sessionKey: "another" }).then(() => order.push("accepted"));
    await Promise.all([looking, woken]);
    expect(order).toEqual(["accepted", "looked"]);
  });

  test("ends with an error when the heartbeat closes meanwhile", async () => {
    const heartbeat = await livedLong();
    const looking = look(heartbeat);
    const closed = heartbeat.close();
    await expect(looking).rejects.toMatchObject({ code: "LUBDUB_CLOSED" });
    await closed;
  });
});
