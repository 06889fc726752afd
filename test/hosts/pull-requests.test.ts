import { describe, expect, test } from "vitest";
import { BUSY, FAILED, held, RAN } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

/** The reference's pull requests that concern wakes, queues and retries, by number. Given, when, then. */

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const MAIN = "agent:main:main";
const exec = { source: "exec-event", reason: "exec-event" } as const;

describe("#14241: the wake carries the session that started the work", () => {
  test("busy once, then ran: both calls carry the key, the second sees the event, main is untouched", async () => {
    const { heartbeat, agent, clock, soon } = testHeart();
    agent.answers(BUSY, RAN);
    await soon(heartbeat.enqueueSystemEvent("main's own", { sessionKey: MAIN }));
    await soon(heartbeat.wake("npm test ended", { sessionKey: D, ...exec }));
    await clock.advance(5_000);
    expect(agent.calls.map(({ sessionKey }) => sessionKey)).toEqual([D, D]);
    expect(agent.calls[1]?.events.map(({ text }) => text)).toEqual(["npm test ended"]);
    expect(new Set(agent.calls.map(({ wakeId }) => wakeId)).size).toBe(1);
    expect((await heartbeat.peekSystemEvents(MAIN)).map(({ text }) => text)).toEqual(["main's own"]);
    expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
  });

  test("the key is kept when the run throws", async () => {
    const { heartbeat, agent, clock, soon } = testHeart();
    agent.answers(() => {
      throw new Error("model is down");
    }, RAN);
    await soon(heartbeat.wake("npm test ended", { sessionKey: D, ...exec }));
    await clock.advance(5_000);
    expect(agent.calls.map(({ sessionKey, attempt }) => [sessionKey, attempt])).toEqual([
      [D, 1],
      [D, 2],
    ]);
    expect(agent.calls[1]?.wakeId).toBe(agent.calls[0]?.wakeId);
  });

  test("two sessions that wake in one window both run", async () => {
    const { heartbeat, agent, clock, soon } = testHeart();
    await soon(
      Promise.all([
        heartbeat.wake("for D", { sessionKey: D, ...exec }),
        heartbeat.wake("for W", { sessionKey: W, ...exec }),
      ]),
    );
    await clock.advance(250);
    expect(agent.calls.map(({ sessionKey, events }) => [sessionKey, events[0]?.text])).toEqual([
      [D, "for D"],
      [W, "for W"],
    ]);
  });
});

describe("#21682 (wake part): every way to wake is session-scoped", () => {
  test("exec and hook wakes run the session they name, and no other", async () => {
    const { heartbeat, agent, clock, soon } = testHeart();
    await soon(
      heartbeat.wake("Exec completed (id, code 0)", {
        sessionKey: D,
        ...exec,
        reason: "exec:abc:exit",
        route: { channel: "discord", to: "42" },
      }),
    );
    await soon(heartbeat.requestHeartbeatNow({ sessionKey: W, source: "hook", reason: "hook:mail" }));
    await clock.advance(1_000);
    const asked = agent.calls.map(({ sessionKey, source, reason }) => `${sessionKey} ${source} ${reason}`);
    expect(new Set(asked)).toEqual(new Set([`${D} exec-event exec:abc:exit`, `${W} hook hook:mail`]));
    expect(asked).toHaveLength(2);
    expect(agent.calls.find(({ sessionKey }) => sessionKey === D)?.events[0]?.route).toEqual({
      channel: "discord",
      to: "42",
    });
  });
});

describe("#19270: an event wake meets a busy lane", () => {
  test("the event stays queued and runs once, without a user's message, when the lane frees", async () => {
    const { heartbeat, agent, clock, soon } = testHeart();
    const turn = await soon(heartbeat.acquireTurn(D));
    await soon(heartbeat.wake("npm test ended", { sessionKey: D, ...exec, reason: "exec:abc:exit" }));
    await clock.advance(60_000);
    expect(agent.calls).toEqual([]);
    expect(await heartbeat.peekSystemEvents(D)).toHaveLength(1);
    expect((await heartbeat.why(D)).code).toBe("user-turn");
    turn.release();
    await clock.settle();
    expect(agent.calls.map(({ reason, events }) => [reason, events.length])).toEqual([["exec:abc:exit", 1]]);
    await clock.advance(600_000);
    expect(agent.calls).toHaveLength(1);
  });

  test("an agent that answers busy is asked again; the idle signal ends the wait at once", async () => {
    let idle = (): void => {};
    const { heartbeat, agent, clock, soon } = testHeart({
      onIdle: (_key, callback) => ((idle = callback), () => {}),
    });
    agent.answers(BUSY, RAN);
    await soon(heartbeat.wake("npm test ended", { sessionKey: D, coalesceMs: 0 }));
    expect(agent.calls).toHaveLength(1);
    expect((await heartbeat.why(D)).code).toBe("busy");
    idle();
    await clock.settle();
    expect(agent.calls).toHaveLength(2);
    expect(agent.calls[1]?.attempt).toBe(1);
  });
});

describe("#15193: busy never ends the chain", () => {
  test("X is busy, Y runs; after every outcome a deadline exists while something is queued", async () => {
    const { heartbeat, agent, clock, soon } = testHeart();
    const outcomes = [BUSY, FAILED, BUSY, () => Promise.reject(new Error("thrown")), RAN];
    let x = 0;
    agent.answers((request) => (request.sessionKey === W ? RAN : answer(outcomes[x++] ?? RAN, request)));
    await soon(Promise.all([heartbeat.wake("x", { sessionKey: D }), heartbeat.wake("y", { sessionKey: W })]));
    await clock.advance(250);
    expect(agent.calls.map(({ sessionKey }) => sessionKey)).toEqual([D, W]);
    for (let tries = 1; x < outcomes.length; tries++) {
      const why = await heartbeat.why(D);
      expect(why.untilMs, `after try ${tries}: ${why.sentence}`).toBeGreaterThan(clock.nowMs());
      await clock.advance((why.untilMs as number) - clock.nowMs());
    }
    expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
    expect(
      new Set(agent.calls.filter(({ sessionKey }) => sessionKey === D).map(({ wakeId }) => wakeId)).size,
    ).toBe(1);
  });
});

describe("#22340: a run acknowledges exactly what it was shown", () => {
  test("an event that arrives during the run stays queued, and the next run does not show the first again", async () => {
    const { heartbeat, agent, clock, soon } = testHeart();
    const running = held();
    agent.answers(async () => (await running.promise, RAN), RAN);
    await soon(heartbeat.wake("e1", { sessionKey: D, coalesceMs: 0 }));
    await soon(heartbeat.wake("e2", { sessionKey: D }));
    running.resolve();
    await clock.settle();
    expect((await heartbeat.peekSystemEvents(D)).map(({ text }) => text)).toEqual(["e2"]);
    await clock.advance(250);
    expect(agent.calls.map(({ events }) => events.map(({ text }) => text))).toEqual([["e1"], ["e2"]]);
    expect(agent.calls[1]?.wakeId).not.toBe(agent.calls[0]?.wakeId);
  });

  test.each([
    ["failed", FAILED],
    ["busy", BUSY],
  ] as const)("when it %s, both stay queued, in order", async (_name, outcome) => {
    const { heartbeat, agent, clock, soon } = testHeart();
    const running = held();
    agent.answers(async () => (await running.promise, outcome), RAN);
    await soon(heartbeat.wake("e1", { sessionKey: D, coalesceMs: 0 }));
    await soon(heartbeat.wake("e2", { sessionKey: D }));
    running.resolve();
    await clock.settle();
    expect((await heartbeat.peekSystemEvents(D)).map(({ text }) => text)).toEqual(["e1", "e2"]);
    await clock.advance(10_000);
    expect(await heartbeat.peekSystemEvents(D)).toEqual([]);
    const seen = agent.calls.slice(1).flatMap(({ events }) => events.map(({ text }) => text));
    expect(seen).toEqual(["e1", "e2"]);
  });
});

describe("#12786: a heartbeat that meets an active run", () => {
  test("starts no second run, is a retryable busy skip, and the events stay", async () => {
    const { heartbeat, agent, clock, soon } = testHeart();
    const running = held();
    agent.answers(async () => (await running.promise, RAN), RAN);
    await soon(heartbeat.wake("e1", { sessionKey: D, coalesceMs: 0 }));
    expect(await heartbeat.runHeartbeatOnce({ sessionKey: D })).toEqual({
      status: "skipped",
      reason: "requests-in-flight",
    });
    await soon(heartbeat.requestHeartbeatNow({ sessionKey: D }));
    await clock.advance(60_000);
    expect(agent.calls).toHaveLength(1);
    running.resolve();
    await clock.advance(60_000);
    expect(agent.calls).toHaveLength(2);
    expect(agent.calls[1]?.events).toEqual([]);
  });
  test("GIVEN a user's active turn, WHEN its session is woken, THEN no run starts, its events stay, and one run gets them afterwards", async () => {
    const { heartbeat, agent, clock, soon } = testHeart();
    const turn = held();
    const first = heartbeat.withTurn(D, () => turn.promise);
    await soon(heartbeat.wake("e1", { sessionKey: D, coalesceMs: 0 }));
    expect(await heartbeat.runHeartbeatOnce({ sessionKey: D })).toMatchObject({
      reason: "requests-in-flight",
    });
    const order: string[] = [];
    const second = heartbeat.withTurn(D, () => void order.push("the user's next message"));
    await clock.advance(60_000);
    expect([agent.calls.length, order]).toEqual([0, []]);
    expect((await heartbeat.peekSystemEvents(D)).map(({ text }) => text)).toEqual(["e1"]);
    turn.resolve();
    await Promise.all([first, second]);
    await clock.advance(1_000);
    expect(order).toEqual(["the user's next message"]);
    expect(agent.calls.map(({ events }) => events.map(({ text }) => text))).toEqual([["e1"]]);
  });
});

function answer(outcome: typeof RAN | ((request: never) => unknown), request: unknown): never {
  return (typeof outcome === "function" ? outcome(request as never) : outcome) as never;
}
