import { describe, expect, test } from "vitest";
import { isNoise, kindOf } from "../../src/policy/event-forms.ts";

describe("kindOf", () => {
  test.each([
    ["exec-event", undefined, "anything", "exec"],
    ["other", undefined, "Exec finished: npm test", "exec"],
    ["other", undefined, "Exec finished (code 1)", "exec"],
    ["other", undefined, "exec completed (ab12, code 0) :: ok", "exec"],
    ["other", undefined, "exec failed (ab12, signal SIGTERM)", "exec"],
    ["other", undefined, "The exec finished", "other"],
    ["other", undefined, "exec finished", "other"],
    ["cron", undefined, "water the plants", "cron"],
    ["interval", "cron:plants", "water the plants", "cron"],
    ["other", "acron:plants", "water the plants", "other"],
  ])("source %j, context %j, text %j is %s", (source, contextKey, text, kind) => {
    expect(kindOf({ source, text, ...(contextKey === undefined ? {} : { contextKey }) })).toBe(kind);
  });
});

describe("isNoise", () => {
  test.each([
    "heartbeat poll",
    "Heartbeat wake: periodic",
    "System: [2026-11-24 09:00] heartbeat poll",
    "Read HEARTBEAT.md if it exists.",
    "HEARTBEAT_OK",
    "  <b>HEARTBEAT_OK</b>.",
    "NO_REPLY",
    '{"notify":false}',
  ])("%j tells nothing", (text) => {
    expect(isNoise({ text })).toBe(true);
  });

  test.each([
    "HEARTBEAT_OK but the disk is at 91 %",
    "HEARTBEAT_OKAY",
    "The log says: heartbeat poll failed",
    "heartbeat poll\nand the build is red",
    `heartbeat poll ${"x".repeat(200)}`,
    "Please read heartbeat.md",
  ])("%j is shown", (text) => {
    expect(isNoise({ text })).toBe(false);
  });

  test("data is never noise", () => {
    expect(isNoise({ text: "heartbeat poll", data: { exitCode: 1 } })).toBe(false);
  });
});
