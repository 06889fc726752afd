import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { jsonLine, oneLine } from "../../src/cli/plain.ts";
import { duration } from "../../src/words/time.ts";
import { recordLine } from "../../src/cli/words.ts";
import { commandLine, eventOf, type ExitRecord } from "../../src/daemon/exit-record.ts";
import { TAIL_BYTES_MAX, tailOf } from "../../src/daemon/tail.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lubdub-words-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function tail(stdout: string | Buffer, stderr = ""): string {
  const files = { stdout: join(folder, "stdout"), stderr: join(folder, "stderr") };
  writeFileSync(files.stdout, stdout);
  writeFileSync(files.stderr, stderr);
  return tailOf(files);
}

test("a tail is the end of the output, and never more than its cap", () => {
  expect(tail("")).toBe("");
  expect(tail("out\n", "err\n")).toBe("out\nerr");
  const long = tail(`${"a".repeat(10_000)}end`, "b".repeat(10_000));
  expect(Buffer.byteLength(long)).toBe(TAIL_BYTES_MAX + 1);
  expect(long).toContain("aend\nb");
  expect(tail("x".repeat(10_000))).toHaveLength(TAIL_BYTES_MAX);
});

test("a tail never holds half a character, a terminal command or a control character", () => {
  expect(tail("€".repeat(5_000))).toMatch(/^€+$/);
  expect(tail("\u001b[31mred\u001b[0m\u0000\u0007")).toBe("red");
  expect(tail("10%\r50%\r100%\r\n")).toBe("10%\n50%\n100%");
});

test("text of others becomes plain, and JSON stays the same value", () => {
  expect(oneLine("a\u001b[2Jb\u0007\n\tc ")).toBe("ab\\u0007 c");
  expect(oneLine("x".repeat(200), 10)).toBe("xxxxxxx...");
  const value = { text: "\u001b]0;t\u0007 \u202e \u2028 \u0085 \n ä" };
  expect(jsonLine(value)).not.toMatch(/\p{Cc}|[\u2028\u202e]/u);
  expect(JSON.parse(jsonLine(value))).toEqual(value);
});

test("a command line is what one would type", () => {
  expect(commandLine(["npm", "run", "it's"])).toBe(`npm run 'it'\\''s'`);
  expect(commandLine(["x".repeat(5_000)])).toHaveLength(1_000);
});

test("the event of a command says what ran, how it ended and what it printed last", () => {
  const record: ExitRecord = {
    runId: "x-1-ab",
    sessionKey: "agent:main:main",
    reason: "exec-event",
    command: ["npm", "test"],
    startedAtMs: 0,
    durationMs: 1_234,
    exitCode: 1,
    signal: null,
    tail: "1 failed",
  };
  expect(eventOf(record)).toEqual({
    text: "The background command `npm test` ended with exit code 1 after 1.2 s. The end of its output:\n1 failed",
    options: {
      sessionKey: "agent:main:main",
      source: "exec-event",
      reason: "exec-event",
      intent: "event",
      dedupeKey: "x-1-ab",
      data: { command: "npm test", exitCode: 1, signal: null, durationMs: 1_234, tail: "1 failed" },
    },
  });
  expect(eventOf({ ...record, exitCode: null, signal: "SIGTERM", tail: "" }).text).toBe(
    "The background command `npm test` was ended by SIGTERM after 1.2 s. It printed nothing.",
  );
});

test("a record of the log is one plain line", () => {
  const line = recordLine({
    position: 1,
    previous: 0,
    atMs: Date.UTC(2026, 10, 23, 12),
    type: "run.skipped",
    sessionKey: "agent:main\u202e",
    facts: { wakeId: "w-1", runId: "r-1", reason: "requests-in-flight\n", dueAtMs: null },
    body: null,
  });
  expect(line).toMatch(
    /^2026-11-2\d \d\d:\d\d:00\.000 {2}agent:main\\u202e {2}not now: requests-in-flight ; the wake ends$/,
  );
  expect([1, 1_200, 65_000, 7_260_000].map(duration)).toEqual(["1 ms", "1.2 s", "1 min 5 s", "2 h 1 min"]);
});
