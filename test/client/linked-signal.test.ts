import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { linkedSignal } from "../../src/linked-signal.ts";

test("it aborts with the reason of its first source that does", () => {
  const [one, other] = [new AbortController(), new AbortController()];
  using link = linkedSignal([one.signal, undefined, other.signal]);
  expect(link.signal.aborted).toBe(false);
  other.abort(new Error("other"));
  one.abort(new Error("one"));
  expect(link.signal.reason).toEqual(new Error("other"));
});

test("a source that has aborted already counts", () => {
  using link = linkedSignal([AbortSignal.abort(new Error("before"))]);
  expect(link.signal.reason).toEqual(new Error("before"));
});

test("the time over is a TimeoutError", async () => {
  using link = linkedSignal([], 1);
  await new Promise((resolve) => link.signal.addEventListener("abort", resolve));
  expect(link.signal.reason).toMatchObject({ name: "TimeoutError" });
});

test("a long-lived source keeps nothing of a link that was disposed of", () => {
  const source = new AbortController();
  for (let n = 0; n < 100; n++) {
    using link = linkedSignal([source.signal], 60_000);
    expect(getEventListeners(source.signal, "abort")).toHaveLength(1);
    expect(link.signal.aborted).toBe(false);
  }
  expect(getEventListeners(source.signal, "abort")).toEqual([]);
});
