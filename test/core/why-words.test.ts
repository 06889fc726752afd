import { expect, test } from "vitest";
import { whySentence, type WhyFacts } from "../../src/core/why-words.ts";

const NOW_MS = 10_000;
const say = (facts: Partial<WhyFacts>): string =>
  whySentence(
    { sessionKey: "key", lane: "lane", code: "busy", untilMs: NOW_MS + 8_200, queued: 1, dead: 0, ...facts },
    NOW_MS,
  );

test.each<[Partial<WhyFacts>, string]>([
  [{ code: "coalescing" }, "It waits 8.2 s more, so that what comes close together makes one run."],
  [
    { code: "gate-closed" },
    "Its gate says that there is nothing to do; its events are kept, and it is asked again in 8.2 s.",
  ],
  [
    { code: "gate-failed" },
    "Its gate could not be asked and counts as closed; its events are kept, and it is asked again in 8.2 s.",
  ],
  [
    { code: "quiet-hours" },
    "It is night: quiet hours hold it back; it is kept, and looked at again in 8.2 s.",
  ],
  [
    { code: "cooldown" },
    "Its last run was a moment ago: the cooldown holds it back; it is kept, and looked at again in 8.2 s.",
  ],
  [
    { code: "flood" },
    "Too many runs have started in a short time: the flood guard holds it back; it is kept, and looked at again in 8.2 s.",
  ],
  [
    { code: "budget" },
    "What it may spend today is spent: the budget holds it back; it is kept, and looked at again in 8.2 s.",
  ],
  [
    { code: "self-wake" },
    "Its own runs have woken it again and again: it waits for something from outside; it is kept, and looked at again in 8.2 s.",
  ],
  [
    { code: "circuit-open" },
    "The agent refuses every call (key or quota): its circuit is open; it is kept, and looked at again in 8.2 s.",
  ],
  [
    { code: "waiting-for-lane", untilMs: null },
    "It waits in the lane that was its own before `laneOf` changed; it comes over when that lane has its turn.",
  ],
  [{ code: "waiting-for-lane", untilMs: null, ahead: "a" }, "Its lane is working for a; it runs after that."],
])("%o", (facts, sentence) => {
  expect(say(facts)).toBe(sentence);
});

test.each([
  [100, "0.1 s"],
  [119_900, "119.9 s"],
  [120_000, "2 min"],
  [120_001, "3 min"],
  [119 * 60_000, "119 min"],
  [120 * 60_000, "2 h 0 min"],
  [969 * 60_000, "16 h 9 min"],
])("%i ms are said as %s", (leftMs, words) => {
  expect(say({ untilMs: NOW_MS + leftMs, times: 1 })).toBe(
    `The agent was busy (once); it is asked again in ${words}, or as soon as it says that it is idle.`,
  );
});

test("how often is counted, and an unknown end is a moment", () => {
  expect(say({ code: "backing-off", times: 3 })).toBe("The run failed (3 times); the next try is in 8.2 s.");
  expect(say({ code: "backing-off" })).toContain("(0 times)");
  expect(say({ untilMs: null })).toContain("asked again in a moment,");
});

test("what is due says so, whatever it waited for", () => {
  expect(say({ untilMs: NOW_MS })).toBe("It is due and starts now.");
  expect(say({ untilMs: NOW_MS - 1, code: "flood" })).toBe("It is due and starts now.");
});
