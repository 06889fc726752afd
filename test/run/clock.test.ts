import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../src/run/clock.ts";

/** The machine's own clock: Node calls back after 1 ms when a timer is set for more than 2^31-1 ms. */

const DAY_MS = 86_400_000;
const NODE_TIMER_MS_MAX = 2 ** 31 - 1;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([1, DAY_MS, NODE_TIMER_MS_MAX + 1, 400 * DAY_MS])(
  "problem 24: GIVEN a wait of %d ms, THEN no timer of Node is set beyond its limit, and it rings once, in time",
  async (delayMs) => {
    const set = vi.spyOn(globalThis, "setTimeout");
    const ring = vi.fn<() => void>();
    systemClock().setTimer(delayMs, ring);
    await vi.advanceTimersByTimeAsync(delayMs - 1);
    expect(ring).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(ring).toHaveBeenCalledTimes(1);
    expect(Math.max(...set.mock.calls.map(([, ms]) => Number(ms)))).toBeLessThanOrEqual(NODE_TIMER_MS_MAX);
    expect(vi.getTimerCount()).toBe(0);
  },
);

test("a long wait that is cancelled in its middle never rings", async () => {
  const ring = vi.fn<() => void>();
  const cancel = systemClock().setTimer(60 * DAY_MS, ring);
  await vi.advanceTimersByTimeAsync(30 * DAY_MS);
  cancel();
  await vi.advanceTimersByTimeAsync(60 * DAY_MS);
  expect(ring).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
