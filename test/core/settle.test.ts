import { expect, test } from "vitest";
import type { Wake } from "../../machines/index.ts";
import { settlement } from "../../src/core/settle.ts";
import { RETRYABLE_SKIPS, type Outcome } from "../../src/vocabulary.ts";

const POLICY = {
  busyBackoff: { baseMs: 1_000, capMs: 60_000 },
  failedBackoff: { baseMs: 2_000, capMs: 300_000 },
  maxAttempts: 3,
};
const wake = (attempts: number, postponements: number): Wake => ({
  sessionKey: "key",
  wakeId: "w",
  source: "test",
  intent: "event",
  reason: "test",
  requestedAtMs: 0,
  dueAtMs: 0,
  waitsFor: "window",
  attempts,
  postponements,
});

function settled(
  outcome: Outcome & { code?: string; aborted?: true },
  { attempts = 0, postponements = 0, events = 1 } = {},
) {
  const facts = { wake: wake(attempts, postponements), events, nowMs: 10_000, random: 0.5, policy: POLICY };
  return settlement(outcome, facts);
}
const busy = (reason: string, retryAfterMs?: number): Outcome => ({
  status: "skipped",
  reason,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});
const failed = (changes: object = {}): Outcome => ({ status: "failed", reason: "no luck", ...changes });

test("ran keeps the reply, if there is one", () => {
  expect(settled({ status: "ran" })).toEqual({ type: "run.ran" });
  expect(settled({ status: "ran", reply: "done" })).toEqual({ type: "run.ran", reply: "done" });
});

test.each([
  ["the first busy answer", busy("requests-in-flight"), {}, 11_000],
  ["the third", busy("requests-in-flight"), { postponements: 2 }, 14_000],
  ["the hundredth", busy("requests-in-flight"), { postponements: 99 }, 70_000],
  ["one that says when", busy("requests-in-flight", 7_000), { postponements: 9 }, 17_000],
  ["another reason, with events: they stay", busy("quiet-hours"), {}, 11_000],
  ["another reason, without events: it is over", busy("quiet-hours"), { events: 0 }, null],
])("skipped: %s", (_, outcome, facts, dueAtMs) => {
  expect(settled(outcome, facts)).toMatchObject({ type: "run.skipped", dueAtMs });
});

test("a run that was stopped on the way says so, any other does not", () => {
  const stopped = settled({ ...busy("preempted"), aborted: true });
  expect(stopped).toStrictEqual({ type: "run.skipped", reason: "preempted", dueAtMs: 11_000, aborted: true });
  expect(settled(busy("preempted"))).not.toHaveProperty("aborted");
});

test.each(RETRYABLE_SKIPS)("skipped with %s is asked again also without events", (reason) => {
  expect(settled(busy(reason), { events: 0 })).toEqual({ type: "run.skipped", reason, dueAtMs: 11_000 });
});

test.each([
  ["the first failure", failed(), {}, 12_000],
  ["the second", failed(), { attempts: 1 }, 14_000],
  ["the last allowed: given up", failed(), { attempts: 2 }, null],
  ["one that is for good: given up at once", failed({ retryable: false }), {}, null],
  ["busy answers in between count for nothing", failed(), { postponements: 50 }, 12_000],
])("failed: %s", (_, outcome, facts, dueAtMs) => {
  expect(settled(outcome, facts)).toMatchObject({ type: "run.failed", dueAtMs, error: "no luck" });
});

test("a failure carries its code", () => {
  expect(settled(failed())).toMatchObject({ code: "LUBDUB_RUN_FAILED" });
  expect(settled({ ...failed(), code: "LUBDUB_RUN_TIMEOUT" })).toMatchObject({ code: "LUBDUB_RUN_TIMEOUT" });
});

test("ran says nothing of its own status and code, and all else that the agent said", () => {
  const usage = { inputTokens: 1, outputTokens: 2 };
  const said = { status: "ran", usage, usageRefused: true, code: "X" } as const;
  expect(settled(said)).toStrictEqual({ type: "run.ran", usage, usageRefused: true });
});

test.each<[string, Outcome]>([
  ["skipped", { ...busy("requests-in-flight"), gate: { verdict: "closed" } }],
  ["failed", failed({ gate: { verdict: "failed-open" } })],
])("%s says what its gate said, if it said something", (_, outcome) => {
  expect(settled(outcome)).toMatchObject({ gate: outcome.gate });
  const { gate: _gate, ...silent } = outcome;
  expect(settled(silent)).not.toHaveProperty("gate");
});

test("a provider that refuses rests its agent until then: no try is over, not even the last", () => {
  const refused = failed({ class: "quota", retryable: false, gate: { verdict: "failed-open" } });
  const facts = { wake: wake(2, 0), events: 1, nowMs: 10_000, random: 0.5, policy: POLICY };
  expect(settlement(refused, { ...facts, restUntilMs: 90_000 })).toStrictEqual({
    type: "run.failed",
    code: "LUBDUB_RUN_FAILED",
    error: "no luck",
    dueAtMs: 90_000,
    class: "quota",
    gate: { verdict: "failed-open" },
  });
  for (const rest of [{}, { restUntilMs: null }])
    expect(settlement(refused, { ...facts, ...rest })).toStrictEqual({
      type: "run.failed",
      code: "LUBDUB_RUN_FAILED",
      error: "no luck",
      dueAtMs: null,
      gate: { verdict: "failed-open" },
    });
  expect(settlement(failed(), { ...facts, wake: wake(0, 0), restUntilMs: 90_000 })).toMatchObject({
    dueAtMs: 12_000,
  });
});
