import { expect, test } from "vitest";
import { percentile } from "./load/generator.ts";
import { loadPart } from "./load/part.ts";
import { soakPart } from "./soak/part.ts";
import { slopePerHour } from "./soak/measure.ts";

const request = { tier: "pr", progress: () => {} } as const;

test("what a daemon under load accepts is in its log after kill -9", async () => {
  const size = { perSecond: 50, seconds: 2, p99Ms: 60_000 };
  const { counts, failures } = await loadPart({ pr: size, deep: size }).run(request);
  expect(failures).toEqual([]);
  expect(counts).toMatchObject({ accepted: 100, errors: 0, "a second within that": 50 });
});

test("a day of a daemon leaves no handles, children or large WAL", async () => {
  const { counts, failures } = await soakPart({ pr: 0.1, deep: 0.1 }).run(request);
  expect(failures).toEqual([]);
  expect(counts).toMatchObject({ days: 1, accepted: 250, children: 0 });
});

test("the slope is that of a straight line, whatever lies around it", () => {
  const points = [3, 1, 2, 4, 6, 5].map((seconds) => ({
    atMs: seconds * 1_000,
    heapBytes: 5_000 + 100 * seconds,
  }));
  expect(slopePerHour(points)).toBeCloseTo(100 * 3_600);
  expect(slopePerHour(points.map((point) => ({ ...point, heapBytes: 7 })))).toBe(0);
});

test("a percentile is one of the values", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(percentile(hundred, 50)).toBe(51);
  expect(percentile(hundred, 99)).toBe(100);
  expect(percentile([7], 99)).toBe(7);
});
