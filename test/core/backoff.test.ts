import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "../../src/core/backoff.ts";

const tries = fc.integer({ min: 1, max: 10_000 });
const limits = fc
  .tuple(fc.integer({ min: 1, max: 86_400_000 }), fc.integer({ min: 1, max: 86_400_000 }))
  .map(([baseMs, capMs]) => ({ baseMs, capMs }));
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("is always a whole number from 1 to one and a half times the cap", () => {
  fc.assert(
    fc.property(tries, limits, random, (tried, limit, drawn) => {
      const delayMs = backoffMs(tried, limit, drawn);
      expect(Number.isSafeInteger(delayMs)).toBe(true);
      expect(delayMs).toBeGreaterThanOrEqual(1);
      expect(delayMs).toBeLessThanOrEqual(Math.max(1, Math.round(limit.capMs * 1.5)));
    }),
  );
});

test("never shrinks from one try to the next, nor with a larger draw", () => {
  fc.assert(
    fc.property(tries, limits, random, random, (tried, limit, one, other) => {
      const [small, large] = [Math.min(one, other), Math.max(one, other)];
      expect(backoffMs(tried + 1, limit, small)).toBeGreaterThanOrEqual(backoffMs(tried, limit, small));
      expect(backoffMs(tried, limit, large)).toBeGreaterThanOrEqual(backoffMs(tried, limit, small));
    }),
  );
});

test("doubles up to the cap: 1 s, 2 s, 4 s, ... 60 s", () => {
  const limit = { baseMs: 1_000, capMs: 60_000 };
  expect([1, 2, 3, 6, 7, 1_000].map((tried) => backoffMs(tried, limit, 0.5))).toEqual([
    1_000, 2_000, 4_000, 32_000, 60_000, 60_000,
  ]);
  expect([backoffMs(1, limit, 0), backoffMs(1, limit, 0.999)]).toEqual([500, 1_499]);
});
