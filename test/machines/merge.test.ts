import { describe, expect, test } from "vitest";
import { merge, Pending, RANK_HEAD_START_MS, type Intent, type Wake } from "../../machines/index.ts";
import { unheld } from "../../machines/pending.ts";
import { wake } from "../support/wake.ts";

describe("what a request changes", () => {
  const pending = wake("a", { overrides: { model: "small", timeoutMs: 1 } });
  const same = { overrides: { model: "small", timeoutMs: 1 }, dueAtMs: 900 };

  test.each<[string, Partial<Wake>]>([
    ["source", { source: "cron" }],
    ["reason", { reason: "daily" }],
    ["intent", { intent: "task" }],
    ["model", { overrides: { model: "large", timeoutMs: 1 } }],
    ["timeout", { overrides: { model: "small", timeoutMs: 2 } }],
    ["light context", { overrides: { model: "small", timeoutMs: 1, lightContext: true } }],
    ["isolation", { overrides: { model: "small", timeoutMs: 1, isolated: true } }],
  ])("%s", (_, changes) => {
    expect(merge(pending, wake("a", same))).toBe(pending);
    expect(merge(pending, wake("a", { ...same, ...changes }))).toEqual({ ...pending, ...changes });
  });

  test("overrides that it does not have are no longer there", () => {
    expect(merge(pending, wake("a", { dueAtMs: 900 }))).not.toHaveProperty("overrides");
  });

  test.each<[string, number | null, number | null, number | null]>([
    ["from outside ends a chain", 3, null, null],
    ["of a run adds no chain to what came from outside", null, 3, null],
    ["of a run that is nearer to the outside counts", 3, 1, 1],
    ["of a run that is farther away does not", 1, 3, 1],
  ])("a request %s", (_, old, fresh, left) => {
    const from = (depth: number | null): Partial<Wake> =>
      depth === null ? {} : { cause: { runId: `r${depth}`, depth } };
    const merged = merge(wake("a", from(old)), wake("a", { ...from(fresh), dueAtMs: 900 }));
    expect(merged.cause?.depth ?? null).toBe(left);
    expect("cause" in merged).toBe(left !== null);
  });

  test("of two runs as far from the outside the first stays the cause, and nothing changes", () => {
    const first = wake("a", { cause: { runId: "r1", depth: 1 } });
    expect(merge(first, wake("a", { cause: { runId: "r2", depth: 1 }, dueAtMs: 900 }))).toBe(first);
  });

  test("a hold for waking itself is cut short by what comes from outside, not by its own runs", () => {
    const held = wake("a", { waitsFor: "hold", hold: "self-wake", dueAtMs: 5_000 });
    const cause = { runId: "r1", depth: 1 };
    expect(merge(held, wake("a", { dueAtMs: 10 }))).toMatchObject({ dueAtMs: 10, waitsFor: "window" });
    expect(merge(held, wake("a", { dueAtMs: 10, cause })).dueAtMs).toBe(5_000);
    const busy = wake("a", { waitsFor: "idle", dueAtMs: 5_000 });
    expect(merge(busy, wake("a", { dueAtMs: 10 })).dueAtMs).toBe(5_000);
  });

  test("a gate that was closed is forgotten when the pause is cut short, and only then", () => {
    const shut = wake("a", { waitsFor: "idle", gate: "closed", dueAtMs: 5_000 });
    expect(merge(shut, wake("a", { intent: "manual", dueAtMs: 10 }))).not.toHaveProperty("gate");
    expect(merge(shut, wake("a", { intent: "manual", dueAtMs: 9_000 })).gate).toBe("closed");
  });
});

describe("unheld", () => {
  test.each<[string, Partial<Wake>]>([
    ["a hold", { hold: "flood" }],
    ["a gate", { gate: "closed" }],
  ])("takes %s away, and nothing else", (_, changes) => {
    const plain = wake("a", { attempts: 2 });
    expect(unheld({ ...plain, ...changes })).toStrictEqual(plain);
    expect(unheld(plain)).toBe(plain);
  });
});

test("of two wakes due at once the one that comes first by key runs, and each keeps its place", () => {
  const pending = Pending.of([wake("b"), wake("a"), wake("c")]);
  const order: string[] = [];
  for (let left = pending; left.size > 0; left = left.without(order.at(-1) ?? ""))
    order.push(left.next(250)?.sessionKey ?? "");
  expect(order).toEqual(["a", "b", "c"]);
  expect(pending.without("x")).toBe(pending);
});

test.each<[Intent, Intent]>([
  ["manual", "event"],
  ["immediate", "task"],
  ["event", "scheduled"],
  ["task", "scheduled"],
])("%s goes before %s for a minute, not longer", (urgent, less) => {
  const next = (aheadMs: number) =>
    Pending.of([
      wake("less", { intent: less, dueAtMs: 0 }),
      wake("urgent", { intent: urgent, dueAtMs: aheadMs }),
    ]).next(RANK_HEAD_START_MS * 2)?.sessionKey;
  expect([next(RANK_HEAD_START_MS), next(RANK_HEAD_START_MS + 1)]).toEqual(["urgent", "less"]);
});
