import { describe, expect, test } from "vitest";
import type { LastSaid } from "../../machines/index.ts";
import { DUPLICATE_WINDOW_MS, isDuplicate } from "../../src/policy/duplicates.ts";
import { destinationOf, routeOf } from "../../src/policy/routes.ts";
import { showsNothing, visibilityOf } from "../../src/policy/visibility.ts";

const discord = { channel: "discord", to: "42" };
const telegram = { channel: "telegram", to: "100" };

describe("where a reply goes", () => {
  test("problem 32: the newest event of the batch that brings a route decides", () => {
    const events = [{ route: telegram }, { route: discord }, {}];
    expect(routeOf({ events, intent: "event", lastRoute: telegram, target: "last" })).toEqual({
      route: discord,
    });
  });
  test("#21682 GIVEN target none and a last route, THEN the end of background work goes there, a beat nowhere", () => {
    const facts = { lastRoute: discord, target: "none" } as const;
    expect(routeOf({ ...facts, events: [{}], intent: "event" })).toEqual({ route: discord });
    expect(routeOf({ ...facts, events: [], intent: "scheduled" })).toEqual({
      route: null,
      why: "target-none",
    });
  });
  test("#21682 a session without a route sends nothing, and says so", () => {
    const facts = { lastRoute: undefined, target: "last" } as const;
    expect(routeOf({ ...facts, events: [{}], intent: "event" })).toEqual({ route: null, why: "no-target" });
  });
  test("a destination is what its fields say, in whatever order", () => {
    expect(destinationOf({ to: "42", channel: "discord" })).toBe(destinationOf(discord));
    expect(destinationOf({ to: "42" })).not.toBe(destinationOf(discord));
    expect(destinationOf({ a: "b", c: "d" })).not.toBe(destinationOf({ a: 'b","c":"d' }));
  });
});

describe("what was just said there", () => {
  const said: LastSaid[] = [{ destination: "here", fingerprint: "a", atMs: 1_000, deliveryId: "d" }];
  test.each([
    ["the same text again", { destination: "here", fingerprint: "a", atMs: 2_000 }, true],
    ["another text", { destination: "here", fingerprint: "b", atMs: 2_000 }, false],
    ["#146098 the same text elsewhere", { destination: "there", fingerprint: "a", atMs: 2_000 }, false],
    ["a day later", { destination: "here", fingerprint: "a", atMs: 1_000 + DUPLICATE_WINDOW_MS }, false],
    ["before it was said", { destination: "here", fingerprint: "a", atMs: 999 }, false],
  ])("%s", (_, now, duplicate) => {
    expect(isDuplicate(said, now)).toBe(duplicate);
  });
});

describe("what is shown", () => {
  const rules = {
    defaults: { showOk: true },
    channels: {
      discord: {
        showOk: false,
        showAlerts: false,
        accounts: { ops: { showAlerts: true, useIndicator: false } },
      },
    },
  };
  test("account goes before channel, channel before defaults, each field by itself", () => {
    const built = { showOk: false, showAlerts: true, useIndicator: true };
    expect(visibilityOf({}, discord)).toEqual(built);
    expect(visibilityOf(rules, telegram)).toEqual({ ...built, showOk: true });
    expect(visibilityOf(rules, null)).toEqual({ ...built, showOk: true });
    expect(visibilityOf(rules, discord)).toEqual({ ...built, showAlerts: false });
    expect(visibilityOf(rules, { ...discord, account: "ops" })).toEqual({ ...built, useIndicator: false });
    expect(visibilityOf(rules, { channel: "constructor", account: "name" })).toEqual({
      ...built,
      showOk: true,
    });
  });
  test("nothing is shown only when all three are off", () => {
    const off = { showOk: false, showAlerts: false, useIndicator: false };
    expect(showsNothing(off)).toBe(true);
    for (const name of ["showOk", "showAlerts", "useIndicator"] as const) {
      expect(showsNothing({ ...off, [name]: true })).toBe(false);
    }
  });
});
