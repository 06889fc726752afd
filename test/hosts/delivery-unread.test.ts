import { expect, test } from "vitest";
import type { DeliveryOutcome } from "../../src/vocabulary.ts";
import { held, RAN } from "../support/agent.ts";
import { AT_REST, faultyStore, PAUSE_MS, quarantined } from "../support/faulty-store.ts";
import { testHeart } from "../support/world.ts";

/** A reply that was sent, while what says so cannot be written because its session cannot be read: it is not sent again. */

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const SENT = ["delivery.queued", "delivery.started", "delivery.sent"];

async function sentUnread() {
  const { store, unreadable } = faultyStore();
  const sent: string[] = [];
  const sending = held();
  const deliver = async ({ text }: { readonly text: string }) => {
    sent.push(text);
    await sending.promise;
    return { status: "sent" as const };
  };
  const heart = testHeart({ ...AT_REST, deliver }, { store });
  heart.agent.answers({ status: "ran", reply: "done" }, RAN, RAN);
  await heart.soon(heart.heartbeat.wake("once", { sessionKey: D, route: { to: "C1" } }));
  for (const sessionKey of [W, `${W}1`]) await heart.soon(heart.heartbeat.wake("meanwhile", { sessionKey }));
  unreadable.add(`session ${D}`);
  sending.resolve();
  await heart.clock.settle();
  expect(await quarantined(heart)).toEqual([expect.stringMatching(/^delivery d-/)]);
  const logged = (): string[] =>
    [...store.read({})].map(({ type }) => type).filter((type) => type.startsWith("delivery."));
  expect(logged()).toEqual(["delivery.queued", "delivery.started"]);
  unreadable.clear();
  return { ...heart, store, deliver, sent, logged };
}

test("its end is written once that can be read", async () => {
  const { clock, sent, logged } = await sentUnread();
  await clock.advance(2 * PAUSE_MS);
  expect(logged()).toEqual(SENT);
  expect(sent).toEqual(["done"]);
});

test("its end is written at the latest when the heartbeat is closed", async () => {
  const { heartbeat, soon, store, deliver, sent, logged } = await sentUnread();
  await soon(heartbeat.close());
  expect(logged()).toEqual(SENT);
  const next = testHeart({ ...AT_REST, deliver }, { store });
  await next.clock.advance(PAUSE_MS);
  expect(sent).toEqual(["done"]);
});

test("one that cannot begin, because its session cannot be read, takes up no slot", async () => {
  const { store, unreadable } = faultyStore();
  const sent: string[] = [];
  const outcomes: DeliveryOutcome[] = [{ status: "failed", reason: "no luck", retryAfterMs: 60_000 }];
  const deliver = ({ text }: { readonly text: string }): DeliveryOutcome => {
    sent.push(text);
    return outcomes.shift() ?? { status: "sent" };
  };
  const heart = testHeart({ ...AT_REST, deliver, delivery: { concurrency: 1 } }, { store });
  heart.agent.answers({ status: "ran", reply: "for D" }, RAN, { status: "ran", reply: "for W" });
  const wake = (sessionKey: string) =>
    heart.soon(heart.heartbeat.wake("once", { sessionKey, route: { to: sessionKey } }));
  for (const key of [D, `${W}1`]) await wake(key);
  unreadable.add(`session ${D}`);
  await heart.clock.advance(PAUSE_MS);
  expect(sent).toEqual(["for D"]);
  await wake(W);
  await heart.clock.settle();
  expect(sent).toEqual(["for D", "for W"]);

  unreadable.clear();
  await heart.clock.advance(2 * PAUSE_MS);
  expect(sent).toEqual(["for D", "for W", "for D"]);
});
