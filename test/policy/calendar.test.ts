import { describe, expect, test } from "vitest";
import { calendar } from "../../src/policy/calendar.ts";

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
const at = (text: string): number => Date.parse(text);

describe("a cron expression in a time zone", () => {
  test("gives the first instant after the one asked for, never that one", () => {
    const nine = calendar("0 9 * * *", "Europe/Berlin");
    expect(iso(nine.next(at("2026-11-24T07:59:59.500Z")))).toBe("2026-11-24T08:00:00.000Z");
    expect(iso(nine.next(at("2026-11-24T08:00:00.000Z")))).toBe("2026-11-25T08:00:00.000Z");
  });
  test("fires at the end of the gap when the clock leaves its time out", () => {
    const cron = calendar("30 2 * * *", "Europe/Berlin");
    expect(iso(cron.next(at("2026-03-29T00:00:00Z")))).toBe("2026-03-29T01:00:00.000Z");
  });
  test("fires once when its time occurs twice", () => {
    const cron = calendar("30 2 * * *", "Europe/Berlin");
    const first = cron.next(at("2026-10-24T22:00:00Z"));
    expect(iso(first)).toBe("2026-10-25T00:30:00.000Z");
    expect(iso(cron.next(first as number))).toBe("2026-10-26T01:30:00.000Z");
  });
  test("knows half-hour changes", () => {
    const cron = calendar("15 2 * * *", "Australia/Lord_Howe");
    expect(iso(cron.next(at("2026-10-03T14:00:00Z")))).toBe("2026-10-03T15:30:00.000Z");
  });
  test("leap days come every four years", () => {
    expect(iso(calendar("0 0 29 2 *", "UTC").next(at("2026-11-24T00:00:00Z")))).toBe(
      "2028-02-29T00:00:00.000Z",
    );
  });
  test("has no next instant when the day does not exist", () => {
    expect(calendar("0 0 30 2 *", "UTC").next(at("2026-11-24T00:00:00Z"))).toBeNull();
  });
});

test.each([
  ["* * * *", "UTC"],
  ["61 * * * *", "UTC"],
  ["", "UTC"],
  ["every day", "UTC"],
  [`0 9 * * ${"1,".repeat(200)}1`, "UTC"],
  ["0 9 * * *", "Europe/Atlantis"],
  ["0 9 * * *", ""],
])("refuses %j in %j with what would be right", (expression, zone) => {
  expect(() => calendar(expression, zone)).toThrow(
    expect.objectContaining({ code: "LUBDUB_SCHEDULE_INVALID" }),
  );
});
