import { expect, test } from "vitest";
import { Pending, type Wake } from "../../machines/index.ts";
import { wake } from "../support/wake.ts";

test.each([1, 100, 10_000])("a wake copies O(log n) nodes with %i pending keys in one lane", (size) => {
  let pending = Pending.none;
  for (let index = 0; index < size; index++) {
    pending = pending.with(counted(wake(`session-${(index * 7919) % size}`, { dueAtMs: index })));
  }
  expect(pending.size).toBe(size);
  reads = 0;
  pending = pending.with(wake("one-more", { dueAtMs: size / 2 }));
  expect(pending.next(size)).toBeDefined();
  expect(pending.dueAtMs).toBe(0);
  pending = pending.without("one-more");
  // Four walks with up to three reads a step, over a tree that is at most 2.5 log2(n) deep; plus the heads.
  expect(reads).toBeLessThanOrEqual(4 * 3 * 2.5 * Math.log2(size + 2) + 8);
  expect(reads).toBeGreaterThan(0);
});

/** A wake whose reads are counted: every step of a walk over the pending wakes compares a key or a deadline. */
function counted(plain: Wake): Wake {
  return Object.defineProperties(
    { ...plain },
    {
      sessionKey: { enumerable: true, get: () => (reads++, plain.sessionKey) },
      dueAtMs: { enumerable: true, get: () => (reads++, plain.dueAtMs) },
    },
  );
}
let reads = 0;
