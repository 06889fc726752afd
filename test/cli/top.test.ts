import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { openScreen } from "../../src/cli/screen.ts";
import { tableLines, totalsLine, type Look } from "../../src/cli/top-table.ts";
import type { Status, WaitingSession } from "../../src/index.ts";
import { inTerminal, insideOf, terminalMissing } from "../support/pseudo-terminal.ts";
import { MAIN, start, until, workplace } from "./support.ts";

const KEY = "agent:main:discord:channel:42";
const ENTERED = "\u001b[?1049h";
const LEFT = "\u001b[?1049l";

function lookAt(...sessions: Partial<WaitingSession>[]): Look {
  const why = {
    code: "user-turn",
    sentence: "",
    untilMs: null,
    queued: 2,
    dead: 0,
    sessionKey: KEY,
    lane: KEY,
  } as const;
  const usual = { sessionKey: KEY, lane: KEY, state: "retrying", queued: 2, dead: 0, sinceMs: 0 } as const;
  const found = sessions.map((session): WaitingSession => ({
    ...usual,
    dueAtMs: null,
    oldestQueuedAtMs: null,
    why,
    ...session,
  }));
  return {
    page: { sessions: found, next: null, waiting: found.length, running: 0, dead: 3, lookedThrough: 1 },
    status: { state: "running", position: 7 } as Status,
    nowMs: 125_000,
  };
}

test("a line says how long it waits, in which state, with how much, whose it is, and why", () => {
  const [heading, line] = tableLines(lookAt({}), 200);
  expect(heading).toMatch(/waits +state +queued +session +why/);
  expect(line).toMatch(
    /^ +2 min 5 s {2}retrying +2 +agent:main:discord:channel:42 +A user's turn holds the lane/,
  );
  expect(tableLines(lookAt({ dead: 4 }), 200)[1]).toMatch(/retrying +2 +4 +agent/);
  expect(totalsLine(lookAt({}))).toMatch(/running: 0 awake, 1 waiting, 3 dead letters, log position 7$/);
});

test("no line is longer than the terminal, and no key can command it", () => {
  const hostile = `k\u001b[2J\u009b31m\u202e\n${"x".repeat(600)}`;
  for (const columns of [20, 40, 80, 200]) {
    for (const line of tableLines(lookAt({ sessionKey: hostile }, {}), columns)) {
      expect(line.length).toBeLessThanOrEqual(Math.max(columns, 26));
      expect(line).not.toMatch(/\p{Cc}|\u202e/u);
    }
  }
});

test("a screen is left as it was found, and draws no more lines than it has", () => {
  const written: string[] = [];
  const stream = { rows: 2, columns: 10, write: (text: string) => written.push(text) };
  {
    using screen = openScreen(stream);
    screen.draw(["one", "two", "three"]);
  }
  expect(written.join("")).toContain("one\u001b[K\r\ntwo\u001b[K\u001b[J");
  expect(written.join("")).not.toContain("three");
  expect(written.at(0)).toContain(ENTERED);
  expect(written.at(-1)).toContain(LEFT);
});

test("piped: one plain picture, the oldest wait first; with --json one document for each session", async () => {
  const place = workplace();
  place.agent("process.exit(75);");
  await place.up();
  for (const key of ["b:older", KEY])
    await place.run("wake", "--session", key, "--text", "x", "--wait", "started");
  const { stdout, stderr, code } = await place.run("top");
  expect(code).toBe(0);
  const [, first, second] = stdout.trimEnd().split("\n");
  expect([first, second]).toEqual([expect.stringContaining("b:older"), expect.stringContaining(KEY)]);
  expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  expect(stderr).toContain("waiting");
  const json = (await place.run("top", "--json", "-n", "1")).stdout.trim().split("\n");
  expect(json.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { sessionKey: "b:older", queued: 1, why: { sentence: expect.any(String) } },
  ]);
  expect(await place.run("top", "-n", "0")).toMatchObject({ code: 2, stdout: "" });
});

describe.skipIf(terminalMissing() !== undefined)("on a terminal", () => {
  test("top is live, heeds NO_COLOR and the size, and gives the terminal back at q and when it is killed", async () => {
    const place = workplace();
    place.agent("process.exit(75);");
    const daemon = await place.up();
    await place.run("wake", "--session", KEY, "--text", "x", "--wait", "started");
    const top = (env: NodeJS.ProcessEnv) => {
      const command = [process.execPath, MAIN, "top", "--interval", "0.2"];
      const { file, args } = inTerminal(command, { columns: 70, rows: 12 });
      return start(file, args, {
        env: place.env({ TERM: "xterm", ...env }),
        stdio: ["pipe", "pipe", "pipe"],
      });
    };
    const shown = top({ NO_COLOR: "1" });
    await until(
      () => shown.stdout().includes(KEY.slice(0, 20)),
      () => `the session is shown: ${shown.stdout()}`,
    );
    await place.run("wake", "--session", "z:later", "--text", "x");
    await until(
      () => shown.stdout().includes("z:later"),
      () => "what comes later is shown",
    );
    const frames = shown.stdout().split("\u001b[H").slice(1);
    expect(shown.stdout()).not.toContain("\u001b[3");
    for (const line of frames.flatMap((frame) => frame.split(/\r+\n/))) {
      const text = stripVTControlCharacters(line);
      expect({ text, fits: text.length <= 70 }).toEqual({ text, fits: true });
    }
    shown.child.stdin?.write("q");
    const ended = await shown.ended;
    expect(ended.stdout).toMatch(/\?1049h[^]*\?1049l/);
    expect(ended.stdout.lastIndexOf(LEFT)).toBeGreaterThan(ended.stdout.lastIndexOf("z:later"));

    const waiting = top({ FORCE_COLOR: "" });
    await until(
      () => waiting.stdout().includes("z:later"),
      () => "it is shown again",
    );
    daemon.child.kill("SIGTERM");
    await daemon.ended;
    await until(
      () => waiting.stdout().includes("got none"),
      () => `it says that the daemon is away: ${waiting.stdout().slice(-500)}`,
    );
    waiting.child.stdin?.write("\u0003");
    expect((await waiting.ended).stdout.trimEnd().endsWith(LEFT)).toBe(true);
  });

  test("top heeds a new size, and gives the terminal back when it is ended by a signal", async () => {
    const place = workplace();
    place.agent("process.exit(75);");
    await place.up();
    for (const key of ["a", "b", "c"].map((name) => `${KEY}:${name}`))
      await place.connect().enqueueSystemEvent("x", { sessionKey: key });
    const { file, args } = inTerminal([process.execPath, MAIN, "top"], { columns: 100, rows: 12 });
    const top = start(file, args, {
      env: place.env({ TERM: "xterm", NO_COLOR: "1" }),
      stdio: ["pipe", "pipe", "pipe"],
    });
    const framesOf = (text: string): readonly string[] => text.split("\u001b[H").slice(1);
    await until(
      () => top.stdout().includes(`${KEY}:c`),
      () => `the sessions are shown: ${top.stdout()}`,
    );
    const inside = insideOf(top.child.pid ?? 0);
    expect(inside?.settings()).toMatch(/ -icanon/);
    const before = framesOf(top.stdout()).length;
    inside?.resize({ columns: 40, rows: 7 });
    await until(
      () =>
        framesOf(top.stdout())
          .slice(before)
          .some((frame) => frame.includes("and 1 more")),
      () => `fewer lines are shown: ${top.stdout().slice(-500)}`,
    );
    const resized = framesOf(top.stdout())
      .slice(before + 1)
      .join("\n");
    for (const line of resized.split(/\r*\n/)) {
      const text = stripVTControlCharacters(line);
      expect({ text, fits: text.length <= 40 }).toEqual({ text, fits: true });
    }
    process.kill(inside?.pid ?? 0, "SIGTERM");
    const { stdout, signal } = await top.ended;
    expect(stdout.trimEnd().endsWith(LEFT)).toBe(true);
    expect(signal).toBeNull();
  });
});
