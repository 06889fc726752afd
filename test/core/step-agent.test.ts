import { describe, expect, test } from "vitest";
import {
  KEY,
  played,
  queued,
  requested,
  runFailed,
  runRan,
  runSkipped,
  runStarted,
} from "../support/records.ts";
import type { Draft, Played } from "../support/records.ts";

const limits = { agent: "main", keepStarts: 2, dayEndsAtMs: 90_000 };
const started = [queued("e1"), runStarted(["e1"], { limits })];
const usage = { inputTokens: 30, outputTokens: 12 };
const agent = ({ world }: Played) => world.agents.get("main").actor;
const tally = ({ world }: Played) => world.session(KEY).actor.context.tally;
const day = (runs: number, tokens: number) => ({ endsAtMs: 90_000, runs, tokens });

describe("a run with limits", () => {
  test("counts for its session and for its agent", () => {
    const going = played(...started);
    const counted = { starts: [{ runId: "r1", atMs: 2_000 }], day: day(1, 0) };
    expect(tally(going)).toStrictEqual(counted);
    expect(agent(going).context.tally).toStrictEqual(counted);
    expect(going.moved).toEqual(["session run.started", "agent run.started", "heartbeat run.started"]);
    expect(going.world.agents.get("main").dirty).toBe(true);
  });
  test("counts its tokens, in and out, when it ends", () => {
    const over = played(...started, runRan({ agent: "main", usage }));
    expect(tally(over)?.day).toEqual(day(1, 42));
    expect(agent(over).context.tally?.day).toEqual(day(1, 42));
  });
  test("counts its tokens for the day on which they are told, when that is another", () => {
    const later = { endsAtMs: 180_000, runs: 0, tokens: 42 };
    const over = played(...started, runRan({ agent: "main", usage, dayEndsAtMs: 180_000 }));
    expect([tally(over)?.day, agent(over).context.tally?.day]).toEqual([later, later]);
  });
  test("that does not say what it used counts without tokens", () => {
    const over = played(...started, runRan({ agent: "main" }));
    expect([tally(over)?.day, agent(over).context.tally?.day]).toEqual([day(1, 0), day(1, 0)]);
  });
  test("that was skipped does not count", () => {
    const over = played(...started, runSkipped({ agent: "main" }));
    expect([tally(over)?.day, agent(over).context.tally?.day]).toEqual([day(0, 0), day(0, 0)]);
    expect(over.told[1]).toStrictEqual({ type: "run.skipped", runId: "r1" });
    const empty = played(requested(), runStarted([], { limits }), runSkipped({ agent: "main" }));
    expect(tally(empty)?.day).toEqual(day(0, 0));
  });
  test("counts its tokens also without events", () => {
    const over = played(requested(), runStarted([], { limits }), runRan({ agent: "main", usage }));
    expect([tally(over)?.day, agent(over).context.tally?.day]).toEqual([day(1, 42), day(1, 42)]);
  });
  test("that failed goes on counting, and says nothing of its provider", () => {
    const over = played(...started, runFailed({ agent: "main" }));
    expect([agent(over).value, tally(over)?.day]).toEqual(["closed", day(1, 0)]);
  });
  test("that its provider refused opens the circuit until it may be tried", () => {
    const over = played(...started, runFailed({ agent: "main", class: "quota" }));
    expect(agent(over)).toMatchObject({
      value: "open",
      context: { breaker: { refusal: "quota", untilMs: 4_000 } },
    });
    expect(agent(played(...started, runFailed({ agent: "main", class: "auth", dueAtMs: null }))).value).toBe(
      "closed",
    );
  });
});

test.each<[string, Draft]>([
  ["a start", runStarted(["e1"])],
  ["an end", runRan({ usage })],
  ["a skip", runSkipped()],
  ["a failure", runFailed({ class: "auth" })],
])("without limits nobody counts: %s", (_, end) => {
  const { world } = played(queued("e1"), runStarted(["e1"]), end);
  expect(world.agents.live.size).toBe(0);
  expect(world.session(KEY).actor.context).not.toHaveProperty("tally");
});
