import { describe, expect, test } from "vitest";
import { gateAnswerOf, gateApplies } from "../../src/policy/gate-answer.ts";
import type { Intent } from "../../src/vocabulary.ts";
import { anEvent } from "../agents/requests.ts";

describe("gateAnswerOf", () => {
  test.each([
    ["", { wakeAgent: true }],
    ["3 mails", { wakeAgent: true, data: "3 mails" }],
    ['{"wakeAgent":false}', { wakeAgent: false }],
    ['nothing new\n{"wakeAgent":false}\n\n', { wakeAgent: false, data: "nothing new" }],
    ['{"wakeAgent":true,"data":{"mails":3}}', { wakeAgent: true, data: { mails: 3 } }],
    ['{"wakeAgent":false}\none more line', { wakeAgent: true, data: '{"wakeAgent":false}\none more line' }],
    ['{"wakeAgent":"false"}', { wakeAgent: true, data: '{"wakeAgent":"false"}' }],
    ['{"wakeAgent":false', { wakeAgent: true, data: '{"wakeAgent":false' }],
  ])("%j", (output, answer) => {
    expect(gateAnswerOf(output)).toMatchObject(answer);
  });
});

test("which runs a gate decides about", () => {
  const intents: Intent[] = ["scheduled", "task", "event", "immediate", "manual"];
  const table = (["scheduled", "eventless", "all"] as const).map((scope) => [
    scope,
    ...[[], [anEvent()]].map((events) => intents.filter((intent) => gateApplies(scope, { intent, events }))),
  ]);
  expect(table).toEqual([
    ["scheduled", ["scheduled", "task"], []],
    ["eventless", ["scheduled", "task", "event", "immediate"], []],
    ["all", ["scheduled", "task", "event", "immediate"], ["scheduled", "task", "event", "immediate"]],
  ]);
});
