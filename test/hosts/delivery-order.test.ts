import { expect, test } from "vitest";
import { memoryStore } from "../../src/log/memory.ts";
import type { DeliveryRequest } from "../../src/vocabulary.ts";
import { held } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart } from "../support/world.ts";
import { D, discord, echoes } from "./chatty.ts";

test("what was being sent when the process ended is sent again before one that was requeued in that very moment", async () => {
  const tries: string[] = [];
  const deliver = ({ text }: DeliveryRequest) => {
    tries.push(text);
    if (text === "first") throw new Error("no luck");
    return held<undefined>().promise;
  };
  const delivery = { maxAttempts: 1 };
  const store = memoryStore();
  const first = testHeart({ deliver, delivery, coalesceMs: 0 }, { store });
  first.agent.answers(echoes);
  for (const text of ["first", "second"])
    await first.soon(first.heartbeat.wake(text, { sessionKey: D, route: discord }));
  expect(tries).toEqual(["first", "second"]);
  const [dead] = await first.heartbeat.deliveries({ state: "dead" });
  await first.soon(first.heartbeat.requeue(dead?.deliveryId ?? ""));

  const clock = simulatedClock({ startMs: first.clock.nowMs() });
  const second = testHeart({ deliver, delivery: { maxAttempts: 2 } }, { store, clock });
  await clock.advance(5_000);
  const types = [...store.read()].map(({ type, facts }) =>
    "deliveryId" in facts ? `${type} ${facts.deliveryId === dead?.deliveryId ? "first" : "second"}` : type,
  );
  const after = types.slice(types.indexOf("delivery.requeued first") + 1);
  expect(after.slice(0, 2)).toEqual(["delivery.failed second", "delivery.started second"]);
  expect(await second.heartbeat.status()).toMatchObject({ deliveriesOpen: 2 });
});

test("one that is requeued in the moment in which another is queued stays behind it, also after a restart", async () => {
  const failing = ({ text }: DeliveryRequest) => {
    if (text === "requeued") throw new Error("no luck");
    return held<undefined>().promise;
  };
  const store = memoryStore();
  const first = testHeart({ deliver: failing, delivery: { maxAttempts: 1 }, coalesceMs: 0 }, { store });
  first.agent.answers(echoes);
  for (const text of ["requeued", "being sent", "queued"])
    await first.soon(first.heartbeat.wake(text, { sessionKey: D, route: discord }));
  const [dead] = await first.heartbeat.deliveries({ state: "dead" });
  await first.soon(first.heartbeat.requeue(dead?.deliveryId ?? ""));

  const sent: string[] = [];
  const clock = simulatedClock({ startMs: first.clock.nowMs() });
  testHeart({ deliver: ({ text }) => void sent.push(text), delivery: { maxAttempts: 2 } }, { store, clock });
  await clock.advance(5_000);
  expect(sent).toEqual(["being sent", "queued", "requeued"]);
});
