import { AsyncResource } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import type { Clock } from "../../src/run/clock.ts";
import type { RunHandler } from "../../src/vocabulary.ts";
import { BUSY, held, RAN } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart } from "../support/world.ts";

/** A user's turns and the heartbeat's runs share a lane. */

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
/** An agent that stops when it is told to. */
const obedient: RunHandler = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));

describe("pre-emption", () => {
  test("a turn aborts the run: that counts as busy, uses up no attempt, loses no event, and the run comes right after", async () => {
    const heart = testHeart({ coalesceMs: 0 });
    const { heartbeat, agent, clock } = heart;
    agent.answers(obedient, RAN);
    await heart.soon(heartbeat.wake("ended", { sessionKey: D }));
    const turn = held();
    const done = heartbeat.withTurn(D, () => turn.promise);
    await clock.settle();
    expect(agent.calls[0]?.signal.aborted).toBe(true);
    expect(await heartbeat.why(D)).toMatchObject({ code: "user-turn" });
    const records = await heartbeat.read();
    expect(records.at(-1)).toMatchObject({
      type: "run.skipped",
      facts: { reason: "preempted", aborted: true },
    });
    expect(await heartbeat.isBusy(D)).toBe(true);
    turn.resolve();
    await heart.soon(done);
    expect(
      agent.calls.map(({ attempt, wakeId, events }) => [attempt, wakeId, events.map(({ text }) => text)]),
    ).toEqual([
      [1, agent.calls[0]?.wakeId, ["ended"]],
      [1, agent.calls[0]?.wakeId, ["ended"]],
    ]);
    expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
  });

  test("what came meanwhile waits for the run after: the agent may have acted, so its wake id goes on standing for the same events", async () => {
    const heart = testHeart({ coalesceMs: 0 });
    const { heartbeat, agent } = heart;
    agent.answers(obedient, RAN);
    const first = await heart.soon(heartbeat.wake("first", { sessionKey: D }));
    await using turn = await heart.soon(heartbeat.acquireTurn(D));
    const second = await heart.soon(heartbeat.wake("second", { sessionKey: D }));
    turn.release();
    await heart.clock.advance(60_000);
    expect(agent.calls.map(({ wakeId, events }) => [wakeId, events.map(({ text }) => text)])).toEqual([
      [first.wakeId, ["first"]],
      [first.wakeId, ["first"]],
      [second.wakeId, ["second"]],
    ]);
    expect(second.wakeId).not.toBe(first.wakeId);
  });

  test("preempt: false waits for the run, and does not abort it", async () => {
    const heart = testHeart({ coalesceMs: 0 });
    const { heartbeat, agent, clock } = heart;
    const run = held();
    agent.answers(async () => (await run.promise, RAN));
    await heart.soon(heartbeat.wake("ended", { sessionKey: D }));
    let entered = false;
    const done = heartbeat.withTurn(D, () => void (entered = true), { preempt: false });
    await clock.advance(60_000);
    expect([entered, agent.calls[0]?.signal.aborted]).toEqual([false, false]);
    run.resolve();
    await heart.soon(done);
    expect([entered, agent.calls.length]).toEqual([true, 1]);
    expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
  });

  test("an agent that ignores its signal is given up after the grace; what it answers later counts for nothing", async () => {
    const heart = testHeart({ coalesceMs: 0, abortGraceMs: 5_000 });
    const { heartbeat, agent, clock } = heart;
    const deaf = held();
    agent.answers(async () => (await deaf.promise, RAN), RAN);
    await heart.soon(heartbeat.wake("ended", { sessionKey: D }));
    const lease = heartbeat.acquireTurn(D);
    await clock.advance(5_000);
    await using turn = await lease;
    deaf.resolve();
    await clock.settle();
    expect((await heartbeat.peekSystemEvents(D)).map(({ text }) => text)).toEqual(["ended"]);
    turn.release();
    await clock.settle();
    expect(agent.calls).toHaveLength(2);
    expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
  });
});

describe("a turn inside", () => {
  test("a run of the same lane does not wait for itself, nor aborts it; a sibling of a shared lane neither", async () => {
    const heart = testHeart({ coalesceMs: 0, laneOf: () => "shared" });
    const { heartbeat, agent } = heart;
    const entered: string[] = [];
    agent.answers(async ({ signal }) => {
      await heartbeat.withTurn(D, () => heartbeat.withTurn(W, () => void entered.push("both")));
      expect(signal.aborted).toBe(false);
      return RAN;
    });
    await heart.soon(heartbeat.wake("ended", { sessionKey: D }));
    expect(entered).toEqual(["both"]);
    expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
  });

  test("work that a run left behind waits for the lane like anybody else", async () => {
    const heart = testHeart({ coalesceMs: 0 });
    const { heartbeat, agent, clock } = heart;
    const later = held();
    const second = held();
    let entered = false;
    let left: Promise<void> = Promise.resolve();
    agent.answers(
      () => {
        left = later.promise.then(() =>
          heartbeat.withTurn(D, () => void (entered = true), { preempt: false }),
        );
        return RAN;
      },
      async () => (await second.promise, RAN),
    );
    await heart.soon(heartbeat.wake("first", { sessionKey: D }));
    await heart.soon(heartbeat.wake("second", { sessionKey: D }));
    later.resolve();
    await clock.settle();
    expect([agent.calls.length, entered]).toEqual([2, false]);
    second.resolve();
    await heart.soon(left);
    expect(entered).toBe(true);
  });

  test("a run that another run's call has started does not hold that run's lane", async () => {
    const clock = simulatedClock();
    // As the machine's clock does: what is called back later keeps the context of who asked.
    const keeping: Clock = {
      ...clock,
      afterTurn: (callback) => clock.afterTurn(AsyncResource.bind(callback)),
    };
    const heart = testHeart({ coalesceMs: 0, clock: keeping }, { clock });
    const { heartbeat, agent } = heart;
    const first = held();
    let entered = false;
    agent.answers(async ({ sessionKey }) => {
      if (sessionKey === W) {
        await heartbeat.withTurn(D, () => void (entered = true), { preempt: false });
        return RAN;
      }
      await heartbeat.wake("tell the other", { sessionKey: W });
      await first.promise;
      return RAN;
    });
    await heart.soon(heartbeat.wake("first", { sessionKey: D }));
    await clock.settle();
    expect(agent.calls.map(({ sessionKey }) => sessionKey)).toEqual([D, W]);
    expect(entered).toBe(false);
    first.resolve();
    await clock.settle();
    expect(entered).toBe(true);
  });
});

describe("what the runtime says of itself", () => {
  test("isBusy postpones the run and uses up no attempt; onIdle starts it at once, with its key", async () => {
    let busy = true;
    const callbacks = new Map<string, () => void>();
    const heart = testHeart({
      coalesceMs: 0,
      isBusy: () => busy,
      onIdle: (key, callback) => {
        callbacks.set(key, callback);
        return () => callbacks.delete(key);
      },
    });
    const { heartbeat, agent, clock } = heart;
    await heart.soon(heartbeat.wake("ended", { sessionKey: D }));
    expect(agent.calls).toEqual([]);
    expect(await heartbeat.why(D)).toMatchObject({ code: "busy" });
    expect([...callbacks.keys()]).toEqual([D]);
    busy = false;
    callbacks.get(D)?.();
    await clock.settle();
    expect(agent.calls.map(({ sessionKey, attempt }) => [sessionKey, attempt])).toEqual([[D, 1]]);
    expect(callbacks.size).toBe(0);
  });

  test("without an idle signal the pause ends by itself, and never gets longer than its cap", async () => {
    let busy = true;
    const heart = testHeart({ coalesceMs: 0, isBusy: () => busy });
    const { heartbeat, agent, clock } = heart;
    await heart.soon(heartbeat.wake("ended", { sessionKey: D }));
    await clock.advance(3_600_000);
    expect(agent.calls).toEqual([]);
    busy = false;
    await clock.advance(90_000);
    expect(agent.calls.map(({ sessionKey, attempt }) => [sessionKey, attempt])).toEqual([[D, 1]]);
  });

  test("an idle signal does not cut short the pause after a failure", async () => {
    let idle: () => void = () => {};
    const heart = testHeart({ coalesceMs: 0, onIdle: (_, callback) => ((idle = callback), () => {}) });
    const { heartbeat, agent, clock } = heart;
    agent.answers(BUSY, { status: "failed", reason: "no luck" }, RAN);
    await heart.soon(heartbeat.wake("ended", { sessionKey: D }));
    idle();
    await clock.settle();
    expect(agent.calls).toHaveLength(2);
    idle();
    await clock.settle();
    expect(agent.calls).toHaveLength(2);
    await clock.advance(2_000);
    expect(agent.calls).toHaveLength(3);
  });
});

test("callbacks of the caller that throw neither end the process nor stop the lane", async () => {
  const throwing = (): never => {
    throw new Error("the caller's own");
  };
  const { heartbeat, agent, clock, soon } = testHeart({ isBusy: throwing, onIdle: throwing });
  const turn = await soon(heartbeat.acquireTurn(D));
  heartbeat.onIdle(D, throwing);
  await soon(heartbeat.wake("npm test ended", { sessionKey: D, coalesceMs: 0 }));
  turn.release();
  await clock.settle();
  expect(agent.calls).toEqual([]);
  expect((await heartbeat.why(D)).code).toBe("busy");
});
