import { expect, test } from "vitest";
import { durationMs } from "../../src/policy/duration.ts";

test.each([
  ["30m", 1_800_000],
  ["1h30m", 5_400_000],
  ["250ms", 250],
  ["2d", 172_800_000],
  ["1w", 604_800_000],
  [" 5s ", 5_000],
])("%j is %i ms", (text, ms) => expect(durationMs(text)).toBe(ms));

test.each(["", "30", "m", "-5m", "1.5h", "5 minutes", "30m!", "5m 3", "99999999999w"])(
  "%j is refused",
  (text) => {
    expect(() => durationMs(text)).toThrow(expect.objectContaining({ code: "LUBDUB_SCHEDULE_INVALID" }));
  },
);
