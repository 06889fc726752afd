import { describe, expect, test } from "vitest";
import type { Limits } from "../../src/policy/limits.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { Outcome } from "../../src/vocabulary.ts";
import { BUSY, held, RAN } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

/** Budgets of a day, and runs that begin before its end and end after it. Given, when, then. */

const D = "agent:main:discord:channel:42";
const E = "agent:main:main";
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** In Berlin. */
const MIDNIGHT_MS = Date.parse("2026-11-24T23:00:00Z");
const NEXT_MIDNIGHT_MS = MIDNIGHT_MS + 24 * HOUR_MS;

/** A second before midnight, the agent has begun to work on what came for `D`, and ends after midnight. */
async function acrossMidnight(limits: Limits) {
  const clock = simulatedClock({ startMs: MIDNIGHT_MS - SECOND_MS });
  const heart = testHeart({ limits: { ...limits, zone: "Europe/Berlin" }, coalesceMs: 0 }, { clock });
  const answer = held<Outcome>();
  heart.agent.answers(() => answer.promise, RAN);
  await heart.soon(heart.heartbeat.wake("1", { sessionKey: D }));
  await clock.advance(2 * SECOND_MS);
  const ends = async (outcome: Outcome): Promise<void> => {
    answer.resolve(outcome);
    await clock.settle();
  };
  return { ...heart, ends, wake: waker(heart) };
}

const waker =
  ({ heartbeat, soon }: TestHeart) =>
  (text: string, sessionKey: string) =>
    soon(heartbeat.wake(text, { sessionKey }));
const texts = ({ agent }: Pick<TestHeart, "agent">) => agent.calls.map(({ events }) => events[0]?.text);
const used = (tokens: number): Outcome => ({
  status: "ran",
  usage: { inputTokens: tokens - 1, outputTokens: 1 },
});

test("a run of yesterday that turns out not to count gives nothing back to today", async () => {
  const heart = await acrossMidnight({ agent: { daily: { runs: 2 } } });
  await heart.wake("2", E);
  await heart.ends(BUSY);
  await heart.wake("3", E);
  await heart.wake("4", E);
  expect(texts(heart)).toEqual(["1", "2", "3"]);
  expect(await heart.heartbeat.why(E)).toMatchObject({ code: "budget", untilMs: NEXT_MIDNIGHT_MS });
});

describe.each(["session", "agent"] as const)("of each %s: tokens that are told after midnight", (whose) => {
  const daily = { tokens: 1_000 };

  test("count for the day in which they are told, though no run has begun in it", async () => {
    const heart = await acrossMidnight({ [whose]: { daily } });
    await heart.ends(used(1_000));
    await heart.wake("2", D);
    expect(texts(heart)).toEqual(["1"]);
    expect(await heart.heartbeat.why(D)).toMatchObject({ code: "budget", untilMs: NEXT_MIDNIGHT_MS });
    await heart.clock.advance(24 * HOUR_MS);
    expect(texts(heart)).toEqual(["1", "2"]);
  });

  test("count once, together with what else is used that day", async () => {
    const heart = await acrossMidnight({ [whose]: { daily } });
    heart.agent.answers(used(400), used(100), RAN);
    await heart.ends(used(500));
    for (const text of ["2", "3", "4"]) await heart.wake(text, D);
    expect(texts(heart)).toEqual(["1", "2", "3"]);
    expect((await heart.heartbeat.why(D)).code).toBe("budget");
  });

  test("are known after a restart as they were before it", async () => {
    const heart = await acrossMidnight({ [whose]: { daily } });
    await heart.ends(used(1_000));
    const { position } = await heart.heartbeat.status();
    const store = memoryStore();
    store.append({ records: [...heart.store.read()], dedupe: [] });
    const limits: Limits = { [whose]: { daily }, zone: "Europe/Berlin" };
    const again = testHeart({ limits, coalesceMs: 0 }, { store, clock: heart.clock });
    expect(await again.heartbeat.stateAt(position)).toEqual(await heart.heartbeat.stateAt(position));
    await waker(again)("2", D);
    expect((await again.heartbeat.why(D)).code).toBe("budget");
  });
});

test("a day that begins with tokens ends at the midnight that follows, though the clock is set back in it", async () => {
  const heart = await acrossMidnight({ agent: { daily: { tokens: 1_000, runs: 9 } } });
  await heart.ends(used(600));
  heart.clock.jump(-SECOND_MS * 5);
  heart.agent.answers(used(400), RAN);
  await heart.wake("2", E);
  await heart.wake("3", E);
  expect(texts(heart)).toEqual(["1", "2"]);
  expect(await heart.heartbeat.why(E)).toMatchObject({ code: "budget", untilMs: NEXT_MIDNIGHT_MS });
});

test("what was told before midnight counts for the day before", async () => {
  const early = testHeart(
    { limits: { agent: { daily: { tokens: 1_000 } }, zone: "Europe/Berlin" }, coalesceMs: 0 },
    { clock: simulatedClock({ startMs: MIDNIGHT_MS - SECOND_MS }) },
  );
  early.agent.answers(used(1_000), RAN);
  await waker(early)("1", D);
  await waker(early)("2", D);
  expect((await early.heartbeat.why(D)).code).toBe("budget");
  await early.clock.advance(SECOND_MS);
  expect(texts(early)).toEqual(["1", "2"]);
});
