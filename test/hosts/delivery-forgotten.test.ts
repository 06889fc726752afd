import { expect, test } from "vitest";
import { chatty, D, discord, says } from "./chatty.ts";

/** What is left of a session's replies once it is forgotten: nothing. */

const fails = () => Promise.reject(new Error("no luck"));

test("nothing more is written of a delivery that was forgotten while it waited in its line", async () => {
  const { heartbeat, agent, clock, soon, store } = chatty({ deliver: fails }, {});
  agent.answers(says("words"));
  await soon(heartbeat.wake("look", { sessionKey: D, route: discord }));
  await clock.advance(2_000);
  await soon(heartbeat.forget(D));
  await clock.advance(600_000);
  const records = [...store.read()];
  expect(records.at(-1)).toMatchObject({ type: "session.forgotten", sessionKey: D });
  expect(await heartbeat.status()).toMatchObject({ deliveriesOpen: 0 });
});

test("a forgotten session has no last route, no marks and no place taken by what it had to say", async () => {
  const { heartbeat, agent, clock, soon } = chatty({ deliver: fails, queueMax: 1 }, {});
  agent.answers({ status: "ran", reply: "words", marks: { seen: 1 } }, says("more"));
  const turn = await soon(heartbeat.acquireTurn(D, { route: discord }));
  turn.release();
  await soon(heartbeat.wake("look", { sessionKey: D }));
  await clock.advance(2_000);
  expect(await heartbeat.session(D)).toMatchObject({ route: discord, deliveries: [{ text: "words" }] });

  await soon(heartbeat.forget(D));
  expect(await heartbeat.session(D)).toMatchObject({ route: null, deliveries: [] });
  await soon(heartbeat.wake("look again", { sessionKey: D, route: discord }));
  await clock.advance(2_000);
  expect((await heartbeat.session(D)).deliveries).toMatchObject([{ text: "more" }]);
  expect(agent.calls.at(-1)?.marks).toBeUndefined();
});
