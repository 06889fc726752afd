import { describe, expect, test } from "vitest";
import {
  consumeSystemEventEntries,
  drainSystemEventEntries,
  drainSystemEvents,
  enqueueSystemEvent,
  hasSystemEvents,
  isSystemEventContextChanged,
  peekSystemEventEntries,
  peekSystemEvents,
  resetSystemEventsForTest,
  resolveSystemEventDeliveryContext,
  type DeliveryContext,
  type SystemEvent,
} from "../../src/openclaw/index.ts";
import { at, DISCORD, MAIN, useFakeTime } from "./support.ts";

// One describe per row of the table "system-events", column A13, and per sentence below it.
useFakeTime();
const queue = (
  text: string,
  options: Omit<Parameters<typeof enqueueSystemEvent>[1], "sessionKey"> = {},
): boolean => enqueueSystemEvent(text, { sessionKey: MAIN, ...options });

describe("row: cap", () => {
  test("given 20 queued events, when five more come, then all are accepted and the oldest five are gone", () => {
    const texts = Array.from({ length: 25 }, (_, index) => `event ${index}`);
    expect(texts.map((text) => queue(text))).toEqual(texts.map(() => true));
    expect(peekSystemEvents(MAIN)).toEqual(texts.slice(5));
  });

  test("given a full queue, then another session's is not touched", () => {
    enqueueSystemEvent("theirs", { sessionKey: DISCORD });
    for (let count = 0; count < 40; count++) queue(`event ${count}`);
    expect(peekSystemEvents(DISCORD)).toEqual(["theirs"]);
  });
});

describe("row: return of enqueue", () => {
  test("true when queued; false for a consecutive duplicate and for a blank text", () => {
    expect([queue("a"), queue("a"), queue(" a "), queue(""), queue(" \n"), queue("b")]).toEqual([
      true,
      false,
      false,
      false,
      false,
      true,
    ]);
  });
});

describe("row: dedupe", () => {
  test("given the same text as the last one, then it is dropped, also with another context key, route or trust", () => {
    queue("disk full");
    expect(queue("disk full", { contextKey: "cron:1", deliveryContext: { to: "1" }, trusted: false })).toBe(
      false,
    );
    expect(peekSystemEvents(MAIN)).toEqual(["disk full"]);
  });

  test("given another text in between, or another session, then it is queued", () => {
    expect([queue("a"), queue("b"), queue("a")]).toEqual([true, true, true]);
    expect(enqueueSystemEvent("a", { sessionKey: DISCORD })).toBe(true);
    expect(peekSystemEvents(MAIN)).toEqual(["a", "b", "a"]);
  });

  test("given a text in other letters, then it is another text", () => {
    expect([queue("A"), queue("a")]).toEqual([true, true]);
  });
});

describe("row: lastContextKey", () => {
  test("given an event, then the context has changed for every other key; trimmed and in lower case it has not", () => {
    expect(isSystemEventContextChanged(MAIN, null)).toBe(false);
    queue("a", { contextKey: " Cron:Job " });
    expect(isSystemEventContextChanged(MAIN, "CRON:JOB ")).toBe(false);
    expect([null, undefined, "", "cron:other"].map((key) => isSystemEventContextChanged(MAIN, key))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  test("given a duplicate that is not queued, then its key is the last one all the same; a blank text changes nothing", () => {
    queue("a", { contextKey: "k1" });
    queue("a", { contextKey: "k2" });
    expect(isSystemEventContextChanged(MAIN, "k2")).toBe(false);
    queue("  ", { contextKey: "k3" });
    expect(isSystemEventContextChanged(MAIN, "k2")).toBe(false);
    queue("a");
    expect(isSystemEventContextChanged(MAIN, null)).toBe(false);
    expect(peekSystemEventEntries(MAIN).map(({ contextKey }) => contextKey)).toEqual(["k1"]);
  });
});

describe("row: consume", () => {
  test("given an inspected snapshot, when it is consumed, then exactly it is taken and later events stay", async () => {
    queue("e1", { contextKey: "k" });
    await at(5);
    queue("e2");
    const inspected = peekSystemEventEntries(MAIN);
    await at(10);
    queue("e3");
    expect(consumeSystemEventEntries(MAIN, inspected)).toEqual(inspected);
    expect(peekSystemEvents(MAIN)).toEqual(["e3"]);
    expect(consumeSystemEventEntries(MAIN, inspected)).toEqual([]);
  });

  test("given less than was inspected, then only the head is taken", () => {
    queue("e1");
    queue("e2");
    expect(consumeSystemEventEntries(MAIN, peekSystemEventEntries(MAIN).slice(0, 1))).toHaveLength(1);
    expect(peekSystemEvents(MAIN)).toEqual(["e2"]);
  });

  test("given events that are not the head of the queue any more, then nothing is taken", async () => {
    queue("e1");
    queue("e2");
    const inspected = peekSystemEventEntries(MAIN);
    expect(consumeSystemEventEntries(MAIN, inspected.slice(1))).toEqual([]);
    expect(consumeSystemEventEntries(MAIN, [...inspected, ...inspected])).toEqual([]);
    expect(consumeSystemEventEntries(MAIN, [])).toEqual([]);
    expect(consumeSystemEventEntries(DISCORD, inspected)).toEqual([]);
    drainSystemEvents(MAIN);
    await at(1);
    queue("e1");
    expect(consumeSystemEventEntries(MAIN, inspected.slice(0, 1))).toEqual([]);
    expect(peekSystemEvents(MAIN)).toEqual(["e1"]);
  });

  test.each<[string, Partial<SystemEvent>]>([
    ["text", { text: "other" }],
    ["time", { ts: 1 }],
    ["context key", { contextKey: "other" }],
    ["trust", { trusted: false }],
    ["route", { deliveryContext: { channel: "telegram", to: "2" } }],
    ["route that is missing", { deliveryContext: undefined }],
  ])("given an event with another %s than the queue's head, then nothing is taken", (_, change) => {
    queue("e1", { contextKey: "k", deliveryContext: { channel: "telegram", to: "1" } });
    const inspected = peekSystemEventEntries(MAIN).map((event) => ({ ...event, ...change }));
    expect(consumeSystemEventEntries(MAIN, inspected)).toEqual([]);
    expect(hasSystemEvents(MAIN)).toBe(true);
  });

  test("given a partial consume, then the newest that is left is what counts as last: for duplicates and the context", () => {
    queue("e1", { contextKey: "k1" });
    queue("e2", { contextKey: "k2" });
    queue("e2", { contextKey: "k3" });
    consumeSystemEventEntries(MAIN, peekSystemEventEntries(MAIN).slice(0, 1));
    expect(isSystemEventContextChanged(MAIN, "k2")).toBe(false);
    expect(queue("e2", { contextKey: "k2" })).toBe(false);
  });

  test("given all consumed, then nothing is remembered", () => {
    queue("e1", { contextKey: "k1" });
    consumeSystemEventEntries(MAIN, peekSystemEventEntries(MAIN));
    expect(hasSystemEvents(MAIN)).toBe(false);
    expect(isSystemEventContextChanged(MAIN, null)).toBe(false);
    expect(queue("e1")).toBe(true);
  });
});

describe("row: trust", () => {
  test("given no flag or true, then trusted; given false, then not", () => {
    queue("a");
    queue("b", { trusted: true });
    queue("c", { trusted: false });
    expect(peekSystemEventEntries(MAIN).map(({ trusted }) => trusted)).toEqual([true, true, false]);
  });
});

describe("row: keys", () => {
  test("given a blank session key, then every function throws, with what was expected", () => {
    const calls = [
      (key: string) => enqueueSystemEvent("a", { sessionKey: key }),
      (key: string) => peekSystemEvents(key),
      (key: string) => peekSystemEventEntries(key),
      (key: string) => drainSystemEvents(key),
      (key: string) => drainSystemEventEntries(key),
      (key: string) => consumeSystemEventEntries(key, []),
      (key: string) => hasSystemEvents(key),
      (key: string) => isSystemEventContextChanged(key, "k"),
    ];
    for (const call of calls) {
      for (const key of ["", "  ", undefined as unknown as string]) {
        expect(() => call(key)).toThrow(
          expect.objectContaining({
            code: "LUBDUB_SESSION_KEY_INVALID",
            message: expect.stringContaining("not blank"),
          }),
        );
      }
    }
    expect(() => enqueueSystemEvent("a", undefined as never)).toThrow("system events require a sessionKey");
  });

  test("given blanks around a session key, then it is the same session; in other letters it is another", () => {
    enqueueSystemEvent("a", { sessionKey: ` ${DISCORD} ` });
    expect(peekSystemEvents(DISCORD)).toEqual(["a"]);
    expect(hasSystemEvents(DISCORD.toUpperCase())).toBe(false);
  });
});

describe("texts", () => {
  test("given a text, then it is trimmed and carries the time of its queueing", async () => {
    await at(1_234);
    queue(" a \n b \n");
    expect(peekSystemEventEntries(MAIN)).toStrictEqual([
      { text: "a \n b", ts: Date.now(), contextKey: null, trusted: true },
    ]);
  });

  test("given something that is no text, then it is refused and nothing is remembered", () => {
    expect(() => queue(7 as unknown as string)).toThrow(
      expect.objectContaining({ code: "LUBDUB_TEXT_INVALID" }),
    );
    expect(hasSystemEvents(MAIN)).toBe(false);
  });
});

describe("drain", () => {
  test("given queued events, when drained, then they come in order, and the memory of duplicates and context is gone", () => {
    queue("a");
    queue("b", { contextKey: "k" });
    expect(drainSystemEvents(MAIN)).toEqual(["a", "b"]);
    expect(drainSystemEvents(MAIN)).toEqual([]);
    expect(hasSystemEvents(MAIN)).toBe(false);
    expect(isSystemEventContextChanged(MAIN, null)).toBe(false);
    expect(queue("b")).toBe(true);
  });

  test("given two sessions, when one is drained or all are reset, then only that", () => {
    queue("mine");
    enqueueSystemEvent("theirs", { sessionKey: DISCORD });
    expect(drainSystemEventEntries(MAIN).map(({ text }) => text)).toEqual(["mine"]);
    expect(peekSystemEvents(DISCORD)).toEqual(["theirs"]);
    resetSystemEventsForTest();
    expect(peekSystemEvents(DISCORD)).toEqual([]);
    expect(enqueueSystemEvent("theirs", { sessionKey: DISCORD })).toBe(true);
  });
});

describe("peek", () => {
  test("given a copy that somebody changes, then the queue is as it was; and looking takes nothing", () => {
    const route = { channel: "telegram", to: "1" };
    queue("a", { deliveryContext: route });
    route.to = "changed by the caller";
    const [copy] = peekSystemEventEntries(MAIN);
    Object.assign(copy as object, { text: "changed" });
    Object.assign(copy?.deliveryContext as object, { to: "changed" });
    peekSystemEventEntries(MAIN).pop();
    expect(peekSystemEventEntries(MAIN)).toMatchObject([
      { text: "a", deliveryContext: { channel: "telegram", to: "1" } },
    ]);
  });
});

describe("delivery context", () => {
  const resolved = (...contexts: (DeliveryContext | undefined)[]): DeliveryContext | undefined =>
    resolveSystemEventDeliveryContext(
      contexts.map((deliveryContext, index) => ({ text: `event ${index}`, ts: index, deliveryContext })),
    );

  test.each<[string, (DeliveryContext | undefined)[], DeliveryContext | undefined]>([
    ["no event", [], undefined],
    ["events without one", [undefined, {}, { to: " " }], undefined],
    [
      "one",
      [{ channel: " Telegram ", to: " 100 ", threadId: 7.9 }],
      { channel: "telegram", to: "100", threadId: 7 },
    ],
    [
      "several: of each field the newest that is not empty",
      [{ channel: "telegram", to: "100", accountId: "a" }, { to: "200", accountId: " " }, { threadId: "t" }],
      { channel: "telegram", to: "200", accountId: "a", threadId: "t" },
    ],
    ["a route after none", [undefined, { to: "1" }, undefined], { to: "1" }],
    [
      "another channel: nothing of the old route crosses over",
      [
        { channel: "telegram", to: "100", threadId: 7 },
        { channel: "discord", accountId: "bot" },
      ],
      { channel: "discord", accountId: "bot" },
    ],
  ])("given %s", (_, contexts, route) => {
    expect(resolved(...contexts)).toStrictEqual(route);
  });

  test("given queued events, then it is what their entries say", () => {
    queue("a", { deliveryContext: { channel: "Discord", to: "42" } });
    queue("b", { deliveryContext: { threadId: 3 } });
    expect(resolveSystemEventDeliveryContext(peekSystemEventEntries(MAIN))).toEqual({
      channel: "discord",
      to: "42",
      threadId: 3,
    });
  });
});
