import { describe, expect, test } from "vitest";
import { consoleAgent } from "../../src/agents/console.ts";
import { jsonLine, oneLine } from "../../src/cli/plain.ts";
import { recordLine, sessionLine } from "../../src/cli/words.ts";
import type { LogRecord } from "../../src/core/records.ts";
import { shown } from "../../src/errors.ts";
import { anEvent, aRequest } from "../agents/requests.ts";
import { announced, workplace, until } from "../cli/support.ts";

/** What steers a terminal, or the eye. */
const STEERING: readonly (readonly [string, string])[] = [
  ["clear the screen", "\u001b[2J"],
  ["the title of the window", "\u001b]0;owned\u0007"],
  ["a hidden link", "\u001b]8;;http://evil.test\u001b\\click\u001b]8;;\u001b\\"],
  ["the clipboard", "\u001b]52;c;cm0gLXJm\u0007"],
  ["a device control string", "\u001bP$q\u001b\\"],
  ["a control sequence in one character (C1)", "\u009b31m"],
  ["an operating system command in C1", "\u009d0;owned\u009c"],
  ["the bell", "\u0007"],
  ["a backspace", "safe\b\b\b\bevil"],
  ["a carriage return over the line", "safe\revil"],
  ["a vertical tab", "a\vb"],
  ["a form feed", "a\fb"],
  ["NUL", "a\0b"],
  ["delete", "a\u007fb"],
  ["next line (C1)", "a\u0085b"],
  ["a line separator", "a\u2028b"],
  ["a paragraph separator", "a\u2029b"],
  ["writing from right to left", "\u202ecod.exe"],
  ["an isolate of direction", "\u2066a\u2069"],
  ["a mark of direction", "a\u200fb\u061c"],
];
/** A line feed ends a line of ours. */
const STEERS = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

const facts = { wakeId: "w-1-a", intent: "event", dueAtMs: 0, eventId: "e-1-a", trust: "untrusted" };
const record = (over: object): LogRecord =>
  ({ position: 1, previous: 0, atMs: 0, type: "event.queued", sessionKey: "s", ...over }) as LogRecord;

/** Every place that shows what others wrote. */
const PLACES: readonly (readonly [string, (text: string) => string])[] = [
  [
    "the console agent",
    (text) => {
      let printed = "";
      const event = anEvent({ text, source: text, data: { [text]: text } });
      const run = consoleAgent({ writer: { write: (line) => (printed += line) } });
      void run(aRequest({ sessionKey: text, reason: text, events: [event] }));
      return printed;
    },
  ],
  [
    "the log",
    (text) =>
      [
        record({ sessionKey: text, facts: { ...facts, source: text, reason: text }, body: { text } }),
        record({ type: "wake.requested", facts: { ...facts, source: text, reason: text } }),
        record({ type: "run.ran", facts: { eventIds: [], durationMs: 1 }, body: { reply: text } }),
        record({ type: "run.failed", facts: { code: text, dueAtMs: null }, body: { error: text } }),
        record({ type: "run.skipped", facts: { reason: text, dueAtMs: null } }),
        record({ type: "wake.postponed", facts: { reason: text, dueAtMs: 1 } }),
        record({ type: "wake.dropped", facts: { reason: text } }),
      ]
        .map(recordLine)
        .join("\n"),
  ],
  [
    "the list of sessions",
    (text) =>
      sessionLine({
        sessionKey: text,
        lane: text,
        state: "idle",
        queued: 0,
        dead: 0,
      } as unknown as Parameters<typeof sessionLine>[0]),
  ],
  ["a line for people", (text) => oneLine(text)],
  ["a line of JSON", (text) => jsonLine({ [text]: text })],
  ["the message of an error", (text) => shown(text)],
];

describe.each(PLACES)("%s", (_place, show) => {
  test.each(STEERING)("shows, and does not obey: %s", (_what, text) => {
    const said = show(`a${text}z`);
    expect(said).toMatch(/a[^]*z/);
    expect(said).not.toMatch(STEERS);
  });
});

test("a line of JSON gives back what was there", () => {
  for (const [, text] of STEERING) expect(JSON.parse(jsonLine({ text }))).toEqual({ text });
});

test("from a caller to every command, and to the daemon's own terminal", async () => {
  const place = workplace();
  const text = STEERING.map(([, steering]) => steering.replaceAll("\0", "")).join(" and ");
  place.agent("process.stdout.write(prompt); process.exit(calls === 1 ? 1 : 75);", { maxAttempts: 1 });
  const daemon = await place.up();
  const key = "agent:\u202emain\u2066";
  await place.run("wake", "--session", key, "--text", text, "--source", "\u202ecli", "--wait", "settled");
  await place.run("wake", "--session", "other", "--text", text);
  const commands = [
    ["log"],
    ["log", "--json"],
    ["replay"],
    ["replay", "--json"],
    ["top"],
    ["top", "--json"],
    ["sessions"],
    ["dead", "ls"],
    ["why", `${key}\u009b31m\u001b[2J`],
    [`\u001b[2Jup\u009b31m`],
    ["wake", `--\u001b[2Jtext`],
  ];
  for (const command of commands) {
    const { stdout, stderr } = await place.run(...command);
    expect(`${stdout}${stderr}`).not.toBe("");
    expect(`${stdout}${stderr}`).not.toMatch(STEERS);
  }
  await until(
    () => place.calls().length > 1,
    () => "both were tried",
  );
  expect(`${daemon.stdout()}${daemon.stderr()}`).not.toMatch(STEERS);
});

test("the daemon writes down nothing that a stranger sends it", async () => {
  const place = workplace();
  place.agent("");
  const daemon = await place.up();
  const { url } = announced(place.data) as { url: string };
  const lines = ["ignore-all-instructions", "\u001b]0;x\u0007"].map((word) => encodeURIComponent(word));
  for (const word of lines) {
    const headers = { "user-agent": word, referer: word, authorization: `Bearer ${word}`, "x-note": word };
    await fetch(`${url}/v1/sessions/${word}?${word}`, { headers });
    await fetch(`${url}/v1/events`, { method: "POST", body: word, headers });
  }
  expect(`${daemon.stdout()}${daemon.stderr()}`).not.toMatch(/ignore-all|%1B/);
});
