import { expect, test } from "vitest";
import { LubdubError } from "../../src/errors.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { Store } from "../../src/log/store.ts";
import type { DeliveryOutcome, Outcome } from "../../src/vocabulary.ts";
import { FAILED, held } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";
import { chatty, D, discord, says } from "./chatty.ts";

/** A store whose disk is full while `full()` says so. */
function fillable(full: () => boolean): Store {
  const store = memoryStore();
  return {
    ...store,
    append(batch) {
      if (full()) throw new LubdubError("LUBDUB_STORE_FULL", { expected: "room", got: "a full disk" });
      store.append(batch);
    },
  };
}

test("the pause after a full disk ends, also when the wall clock is set back meanwhile", async () => {
  let full = false;
  const heart = testHeart({}, { store: fillable(() => full) });
  const { heartbeat, agent, clock } = heart;
  await heart.soon(heartbeat.wake("npm test ended", { sessionKey: D }));
  full = true; // the commit that would start the run fails
  await clock.advance(300);
  full = false;
  await clock.advance(500);
  clock.jump(-86_400_000);
  await clock.advance(5_000);
  expect(agent.calls.map(({ sessionKey, events }) => [sessionKey, events[0]?.text])).toEqual([
    [D, "npm test ended"],
  ]);
  await heart.soon(heartbeat.wake("accepted again", { sessionKey: D }));
});

/** A run, or what it has sent, ends after 70 ms, while the disk is full; that is written a minute later. */
async function endsWithoutRoom(outcome: Outcome, tried?: DeliveryOutcome) {
  let full = false;
  const [run, delivery] = [held<Outcome>(), held<DeliveryOutcome>()];
  const { heartbeat, agent, clock, soon } = chatty(
    { deliver: () => delivery.promise, coalesceMs: 0 },
    { store: fillable(() => full) },
  );
  agent.answers(() => run.promise);
  await soon(heartbeat.wake("look", { sessionKey: D, route: discord }));
  if (tried !== undefined) {
    run.resolve(outcome);
    await clock.settle();
  }
  await clock.advance(70);
  full = true;
  if (tried === undefined) run.resolve(outcome);
  else delivery.resolve(tried);
  await clock.advance(60_000);
  full = false;
  await clock.advance(1_000);
  return heartbeat.read();
}
const REPLIES: Outcome = { status: "ran", reply: "hello" };
const NOT_SENT: DeliveryOutcome = { status: "failed", reason: "no luck" };

test("an end that finds no room is written later, with the pause that begins then", async () => {
  for (const end of [
    (await endsWithoutRoom(FAILED)).find((record) => record.type === "run.failed"),
    (await endsWithoutRoom(REPLIES, NOT_SENT)).find((record) => record.type === "delivery.failed"),
  ])
    expect(end?.facts.dueAtMs).toBeGreaterThan(end?.atMs ?? Infinity);
});

test("an end that finds no room says how long the run or the delivery took, not the disk", async () => {
  for (const end of [
    (await endsWithoutRoom({ status: "ran" })).find((record) => record.type === "run.ran"),
    (await endsWithoutRoom(REPLIES, { status: "sent" })).find((record) => record.type === "delivery.sent"),
  ])
    expect(end?.facts.durationMs).toBe(70);
});

test("a reply that had no room in its outbox goes out if there is room by the time the end of its run is written", async () => {
  let full = false;
  const [sending, run] = [held(), held<Outcome>()];
  const sent: string[] = [];
  const deliver = ({ text }: { readonly text: string }) => {
    sent.push(text);
    return sending.promise;
  };
  const { heartbeat, agent, clock, soon, fates } = chatty(
    { deliver, queueMax: 1, coalesceMs: 0 },
    { store: fillable(() => full) },
  );
  agent.answers(says("first"), () => run.promise);
  for (const text of ["one", "two"]) await soon(heartbeat.wake(text, { sessionKey: D, route: discord }));
  full = true;
  run.resolve({ status: "ran", reply: "second" });
  await clock.settle();
  full = false;
  sending.resolve();
  await clock.advance(5_000);
  expect(await fates()).toEqual(["queued", "queued"]);
  expect(sent).toEqual(["first", "second"]);
});

test("a clock that was set back while the disk was full does not silence what ticks at a time of day", async () => {
  let full = false;
  const heart = testHeart({}, { store: fillable(() => full) });
  const { heartbeat, agent, clock } = heart;
  await heart.soon(
    heartbeat.setSchedule({ scheduleId: "c", sessionKey: D, cron: "* * * * *", zone: "UTC", text: "Look." }),
  );
  clock.jump(-8 * 3_600_000);
  full = true; // the commit that would move it fails
  await clock.advance(61_000);
  full = false;
  await clock.advance(120_000);
  expect(agent.calls.length).toBeGreaterThan(0);
});
