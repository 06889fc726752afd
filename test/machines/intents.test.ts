import { expect, test } from "vitest";
import type { Hold, Intent } from "../../machines/index.ts";
import { passes } from "../../machines/intents.ts";

const INTENTS: readonly Intent[] = ["scheduled", "task", "event", "immediate", "manual"];

test.each<[Hold, readonly Intent[]]>([
  ["quiet-hours", ["immediate", "manual"]],
  ["cooldown", ["immediate", "manual"]],
  ["flood", ["manual"]],
  ["budget", ["manual"]],
  ["self-wake", ["manual"]],
  ["circuit-open", ["manual"]],
])("%s does not concern %j, and concerns all others", (hold, exempt) => {
  expect(INTENTS.filter((intent) => passes(intent, hold))).toEqual(exempt);
});
