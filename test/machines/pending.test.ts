import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  merge,
  Pending,
  RANK_HEAD_START_MS,
  type Hold,
  type Intent,
  type Wake,
} from "../../machines/index.ts";
import { wake } from "../support/wake.ts";

describe("Pending", () => {
  const keys = fc.constantFrom("a", "b", "A", "agent:main", "agent:main.", "e\u0301", "\u00e9");
  const intents = fc.constantFrom<Intent>("scheduled", "task", "event", "immediate", "manual");
  const wakes = fc
    .tuple(
      keys,
      intents,
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom("window", "idle", "backoff", "hold"),
    )
    .map(([key, intent, dueAtMs, waitsFor]) => wake(key, { intent, dueAtMs, waitsFor } as Partial<Wake>));
  const changes = fc.array(
    fc.oneof(
      wakes.map((value) => ({ add: value })),
      keys.map((key) => ({ drop: key })),
    ),
  );

  test("agrees with a plain map after any changes, and never changes what it was", () => {
    fc.assert(
      fc.property(changes, (steps) => {
        const plain = new Map<string, Wake>();
        let pending = Pending.none;
        for (const step of steps) {
          const before = pending;
          const listed = JSON.stringify(before);
          if ("add" in step) {
            plain.set(step.add.sessionKey, step.add);
            pending = pending.with(step.add);
          } else {
            plain.delete(step.drop);
            pending = pending.without(step.drop);
          }
          expect(JSON.stringify(before)).toBe(listed);
          expect(pending.size).toBe(plain.size);
          expect(pending.waiting).toBe(
            [...plain.values()].filter(({ waitsFor }) => waitsFor === "idle" || waitsFor === "backoff")
              .length,
          );
          expect(pending.dueAtMs).toBe(
            plain.size === 0 ? null : Math.min(...[...plain.values()].map(({ dueAtMs }) => dueAtMs)),
          );
          for (const [key, value] of plain) expect(pending.get(key)).toBe(value);
          expect(pending.next(-1)).toBeUndefined();
        }
        expect(Pending.of(JSON.parse(JSON.stringify(pending)) as Wake[]).toJSON()).toEqual(pending.toJSON());
      }),
    );
  });

  test("only what is due is next; a more urgent one goes first; no one starves", () => {
    const pending = Pending.of([
      wake("late", { dueAtMs: 1_000 }),
      wake("normal", { dueAtMs: 10 }),
      wake("urgent", { intent: "manual", dueAtMs: 20 }),
    ]);
    expect(pending.next(5)).toBeUndefined();
    expect(pending.next(15)?.sessionKey).toBe("normal");
    expect(pending.next(20)?.sessionKey).toBe("urgent");
    const starving = pending.with(wake("urgent", { intent: "manual", dueAtMs: 11 + RANK_HEAD_START_MS }));
    expect(starving.next(2 * RANK_HEAD_START_MS)?.sessionKey).toBe("normal");
  });
});

test("of two wakes of different rank whose turn comes at the same time the more urgent one goes first", () => {
  const urgent = wake("urgent", { intent: "event", requestedAtMs: RANK_HEAD_START_MS, dueAtMs: 0 });
  const less = wake("less", { intent: "scheduled", requestedAtMs: 0, dueAtMs: 0 });
  expect(Pending.of([less, urgent]).next(RANK_HEAD_START_MS)?.sessionKey).toBe("urgent");
});

describe("merge", () => {
  test("keeps the older id and age, takes the more urgent words and the sooner deadline", () => {
    const merged = merge(
      wake("a", { wakeId: "old", requestedAtMs: 1, dueAtMs: 100, reason: "first" }),
      wake("a", { wakeId: "new", requestedAtMs: 2, dueAtMs: 50, reason: "second", intent: "immediate" }),
    );
    expect(merged).toMatchObject({
      wakeId: "old",
      requestedAtMs: 1,
      dueAtMs: 50,
      reason: "second",
      intent: "immediate",
    });
  });

  test("a request that changes nothing leaves the very same wake", () => {
    const pending = wake("a", { requestedAtMs: 1 });
    expect(merge(pending, wake("a", { wakeId: "new", requestedAtMs: 2, dueAtMs: 900 }))).toBe(pending);
    expect(merge(pending, wake("a", { intent: "scheduled", reason: "less urgent", dueAtMs: 900 }))).toBe(
      pending,
    );
  });

  test("a deadline that is as soon changes nothing: the pause stays a pause", () => {
    const pending = wake("a", { waitsFor: "backoff", intent: "manual", dueAtMs: 100 });
    expect(merge(pending, wake("a", { intent: "manual", dueAtMs: 100 }))).toBe(pending);
  });

  test.each(["attempts", "postponements"] as const)(
    "the more %s count on, and nothing else changes",
    (what) => {
      const pending = wake("a", { [what]: 1 });
      expect(merge(pending, wake("a", { [what]: 3, dueAtMs: 900 }))).toEqual({ ...pending, [what]: 3 });
      expect(merge(pending, wake("a", { [what]: 0, dueAtMs: 900 }))).toBe(pending);
    },
  );

  test("overrides go with the words that are taken", () => {
    const overrides = { model: "small" };
    expect(merge(wake("a"), wake("a", { overrides })).overrides).toEqual(overrides);
    expect(merge(wake("a", { overrides }), wake("a", { intent: "scheduled", dueAtMs: 1 })).overrides).toEqual(
      overrides,
    );
  });

  test("a later request does not delay, a less urgent one does not take the words", () => {
    const merged = merge(
      wake("a", { reason: "first" }),
      wake("a", { dueAtMs: 900, reason: "later", intent: "scheduled" }),
    );
    expect(merged).toMatchObject({ dueAtMs: 250, reason: "first", intent: "event" });
  });

  test.each<[Wake["waitsFor"], Intent, boolean]>([
    ["idle", "event", false],
    ["idle", "immediate", true],
    ["idle", "manual", true],
    ["backoff", "event", false],
    ["backoff", "immediate", false],
    ["backoff", "manual", true],
  ])("a pause (%s) and an %s request: cut short %s", (waitsFor, intent, cut) => {
    const merged = merge(wake("a", { waitsFor, dueAtMs: 5_000 }), wake("a", { intent, dueAtMs: 10 }));
    expect(merged.dueAtMs).toBe(cut ? 10 : 5_000);
  });

  test.each<[Hold, Intent, boolean]>([
    ["quiet-hours", "scheduled", false],
    ["quiet-hours", "event", false],
    ["quiet-hours", "immediate", true],
    ["quiet-hours", "manual", true],
    ["cooldown", "task", false],
    ["cooldown", "immediate", true],
    ["flood", "immediate", false],
    ["flood", "manual", true],
    ["budget", "immediate", false],
    ["budget", "manual", true],
    ["circuit-open", "immediate", false],
    ["circuit-open", "manual", true],
  ])("a hold (%s) and a request of intent %s: cut short %s", (hold, intent, cut) => {
    const held = wake("a", { waitsFor: "hold", hold, dueAtMs: 5_000, attempts: 2, postponements: 1 });
    const merged = merge(held, wake("a", { intent, dueAtMs: 10 }));
    expect(merged).toMatchObject({ wakeId: held.wakeId, attempts: 2, postponements: 1 });
    expect([merged.dueAtMs, merged.waitsFor, merged.hold]).toEqual(
      cut ? [10, "window", undefined] : [5_000, "hold", hold],
    );
  });
});
