import { describe, expect, test } from "vitest";
import type { LogRecord } from "../../src/core/records.ts";
import { withChecks } from "../../src/gates/checks.ts";
import { gate, type GateOptions } from "../../src/gates/gate.ts";
import { BUSY, RAN, scriptedAgent } from "../support/agent.ts";
import { recordWords } from "../../src/words/record.ts";
import { testHeart } from "../support/world.ts";

/** What a gate said stands in the log, and `why` tells a closed gate from a busy agent. */

const D = "agent:main:discord:channel:42";
const MINUTE_MS = 60_000;
const failing = (): never => {
  throw new Error("no network");
};

function gated(options: GateOptions, ...answers: Parameters<typeof scriptedAgent>) {
  const agent = scriptedAgent(...answers);
  const run = withChecks(agent.run, [gate({ appliesTo: "all", retryAfterMs: 5 * MINUTE_MS, ...options })]);
  const heart = testHeart({ run, coalesceMs: 0, maxAttempts: 1 }, { agent });
  const ends = async (): Promise<readonly LogRecord[]> =>
    (await heart.heartbeat.read()).filter(({ type }) => type.startsWith("run.") && type !== "run.started");
  const send = () => heart.soon(heart.heartbeat.wake("ended", { sessionKey: D }));
  return { ...heart, agent, ends, send };
}

describe("a gate that fails", () => {
  test.each([
    ["run.ran", RAN],
    ["run.skipped", BUSY],
    ["run.failed", { status: "failed", reason: "no luck" }],
  ] as const)("counts as open: the run goes on, and its end says so: %s", async (type, answer) => {
    const it = gated({ decide: failing }, answer);
    await it.send();
    await it.clock.settle();
    expect(it.agent.calls).toHaveLength(1);
    const [end] = await it.ends();
    expect(end).toMatchObject({ type, facts: { gate: "failed-open" }, body: { gateError: "no network" } });
    expect(recordWords(end as LogRecord)).toMatch(/; its gate failed and counts as open: no network$/);
    expect((await it.heartbeat.status()).counts).toMatchObject({ "gate.failed-open": 1 });
  });

  test("counts as closed: the skip says so, and why says until when", async () => {
    const it = gated({ decide: failing, onError: "closed" });
    await it.send();
    await it.clock.settle();
    expect(it.agent.calls).toEqual([]);
    const [end] = await it.ends();
    const facts = { reason: "gate-failed", gate: "failed-closed" };
    expect(end).toMatchObject({ type: "run.skipped", facts, body: { gateError: "no network" } });
    expect(recordWords(end as LogRecord)).toMatch(/its gate failed and counts as closed: no network$/);
    const why = await it.heartbeat.why(D);
    expect(why).toMatchObject({ code: "gate-failed", untilMs: it.clock.nowMs() + 5 * MINUTE_MS, queued: 1 });
    expect(why.sentence).toMatchInlineSnapshot(
      `"Its gate could not be asked and counts as closed; its events are kept, and it is asked again in 5 min."`,
    );
  });

  test("what it said is forgotten with its session", async () => {
    const it = gated({ decide: failing });
    await it.send();
    await it.clock.settle();
    await it.soon(it.heartbeat.forget(D));
    const [end] = await it.ends();
    expect(end).toMatchObject({ facts: { gate: "failed-open" }, body: null });
  });
});

describe("a gate that is closed", () => {
  test("problem 27: a closed gate is told from a busy agent; once it opens, nothing of it is left", async () => {
    let open = false;
    const it = gated({ decide: () => open }, BUSY, RAN);
    await it.send();
    await it.clock.settle();
    expect((await it.ends())[0]).toMatchObject({
      facts: { reason: "gate-closed", gate: "closed" },
      body: null,
    });
    expect((await it.heartbeat.why(D)).code).toBe("gate-closed");
    open = true;
    await it.clock.advance(5 * MINUTE_MS);
    expect(it.agent.calls).toHaveLength(1);
    expect((await it.heartbeat.why(D)).code).toBe("busy");
    await it.clock.advance(5 * MINUTE_MS);
    expect((await it.ends()).at(-1)).toMatchObject({ type: "run.ran" });
    expect((await it.ends()).at(-1)?.facts).not.toHaveProperty("gate");
    expect((await it.heartbeat.why(D)).code).toBe("nothing-queued");
  });

  test("an immediate request asks it again at once, and the wait counts from then", async () => {
    const it = gated({ decide: () => false });
    await it.send();
    await it.clock.advance(MINUTE_MS);
    await it.soon(it.heartbeat.requestHeartbeatNow({ sessionKey: D }));
    await it.clock.settle();
    expect(await it.ends()).toHaveLength(2);
    expect(await it.heartbeat.why(D)).toMatchObject({
      code: "gate-closed",
      untilMs: it.clock.nowMs() + 5 * MINUTE_MS,
    });
  });
});
