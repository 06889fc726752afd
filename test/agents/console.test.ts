import { expect, it } from "vitest";
import { consoleAgent } from "../../src/agents/console.ts";
import { anEvent, aRequest } from "./requests.ts";

async function printed(...texts: string[]): Promise<string> {
  let out = "";
  const run = consoleAgent({ writer: { write: (text) => (out += text) } });
  const events = texts.map((text) => anEvent({ text, data: { exitCode: 0 } }));
  expect(await run(aRequest({ events }))).toEqual({ status: "ran" });
  return out;
}

it("prints what it was woken with, and answers ran", async () => {
  expect(await printed("one\ntwo")).toBe(
    [
      "Woken: agent:main:discord:channel:42 with 1 event",
      '  wake w-1-aaaaaaaa, attempt 1, reason "exec-event"',
      '  - from "exec-event" (untrusted) at 2026-11-23T12:00:00.000Z',
      "    one",
      "    two",
      '    data {"exitCode":0}',
      "",
    ].join("\n"),
  );
});

it("cannot be made to steer the terminal", async () => {
  const out = await printed("\u001b]0;owned\u0007\u009b2J\rWoken: forged\u202e");
  // oxlint-disable-next-line no-control-regex
  expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(out).toContain("\\u001b]0;owned\\u0007\\u009b2J\\u000dWoken: forged\\u202e");
  expect(out.match(/^Woken:/gm)).toHaveLength(1);
});

it("prints a long text whole", async () => {
  const text = "x".repeat(32_768);
  expect(await printed(text)).toContain(`    ${text}\n`);
});
