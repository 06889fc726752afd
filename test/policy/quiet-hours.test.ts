import { describe, expect, test } from "vitest";
import { quietHours, type QuietHours } from "../../src/policy/quiet-hours.ts";
import { expectedEdges, ZONES } from "./quiet-hours-oracle.ts";

const KEY = "agent:main:main";
const NIGHT: QuietHours = { from: "22:00", to: "07:00", zone: "Europe/Berlin" };
const at = (text: string): number => Date.parse(text);
const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
const until = (windows: readonly QuietHours[], time: string, key = KEY, urgent = false): string | null =>
  iso(quietHours(windows)(key, urgent, at(time)));

describe("a window", () => {
  test.each([
    ["2026-11-24T20:59:59.999Z", null],
    ["2026-11-24T21:00:00.000Z", "2026-11-25T06:00:00.000Z"],
    ["2026-11-25T05:59:59.999Z", "2026-11-25T06:00:00.000Z"],
    ["2026-11-25T06:00:00.000Z", null],
  ])("over midnight, at %s: until %s", (time, end) => expect(until([NIGHT], time)).toBe(end));

  test("to 24:00 ends at midnight", () => {
    const evening = { from: "20:00", to: "24:00", zone: "UTC" };
    expect(until([evening], "2026-11-24T21:00:00Z")).toBe("2026-11-25T00:00:00.000Z");
    expect(until([evening], "2026-11-25T00:00:00Z")).toBeNull();
  });

  test("with days begins on them, and may end on the day after", () => {
    const friday: QuietHours = { ...NIGHT, zone: "UTC", days: ["fri"] };
    expect(until([friday], "2026-11-27T23:00:00Z")).toBe("2026-11-28T07:00:00.000Z");
    expect(until([friday], "2026-11-28T06:00:00Z")).toBe("2026-11-28T07:00:00.000Z");
    expect(until([friday], "2026-11-28T23:00:00Z")).toBeNull();
    expect(until([friday], "2026-11-25T23:00:00Z")).toBeNull();
  });

  test("is for the sessions that it names", () => {
    const web = { ...NIGHT, match: "agent:web:*" };
    expect(until([web], "2026-11-24T23:00:00Z", "agent:web:1")).not.toBeNull();
    expect(until([web], "2026-11-24T23:00:00Z", "agent:main:1")).toBeNull();
  });

  test("that follows another goes on from it", () => {
    const windows = [
      { from: "22:00", to: "24:00", zone: "UTC" },
      { from: "00:00", to: "06:00", zone: "UTC" },
    ];
    expect(until(windows, "2026-11-24T23:00:00Z")).toBe("2026-11-25T06:00:00.000Z");
  });

  test("lets urgent wakes pass unless it is strict", () => {
    expect(until([NIGHT], "2026-11-24T23:00:00Z", KEY, true)).toBeNull();
    expect(until([{ ...NIGHT, strict: true }], "2026-11-24T23:00:00Z", KEY, true)).not.toBeNull();
  });
});

describe("refused when it is configured", () => {
  test.each<[string, readonly QuietHours[]]>([
    ["zero width", [{ ...NIGHT, to: "22:00" }]],
    ["an unknown zone", [{ ...NIGHT, zone: "Europe/Atlantis" }]],
    ["an hour that does not exist", [{ ...NIGHT, from: "25:00" }]],
    ["a begin at 24:00", [{ ...NIGHT, from: "24:00" }]],
    ["seconds", [{ ...NIGHT, to: "07:00:30" }]],
    ["no day", [{ ...NIGHT, days: [] }]],
    [
      "windows that leave no open moment",
      [
        { from: "00:00", to: "12:00", zone: "UTC", match: "a*" },
        { from: "11:00", to: "24:00", zone: "UTC" },
      ],
    ],
  ])("%s", (_, windows) => {
    expect(() => quietHours(windows)).toThrow(expect.objectContaining({ code: "LUBDUB_SCHEDULE_INVALID" }));
  });
});

describe("problem 21: daylight saving, leap days and years, against a wall clock that is watched minute by minute", () => {
  const windows: readonly QuietHours[] = [
    { from: "22:00", to: "07:00", zone: "" },
    { from: "01:30", to: "02:30", zone: "" },
    { from: "02:15", to: "02:45", zone: "" },
    { from: "23:30", to: "00:15", zone: "" },
  ];
  test.each(ZONES)("%s, 40 years", (zone) => {
    let looks = 0;
    for (const window of windows) {
      const quiet = quietHours([{ ...window, zone }]);
      const all = [...expectedEdges(window, zone)];
      const wrong = all.filter(({ atMs, endMs }) => quiet(KEY, false, atMs) !== endMs);
      expect(wrong.map(({ atMs, endMs }) => [window, iso(atMs), iso(endMs)])).toEqual([]);
      looks += all.length;
    }
    expect(looks).toBeGreaterThan(1_000);
  });
});
