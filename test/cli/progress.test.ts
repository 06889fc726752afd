import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { during, progress, type BarStream } from "../../src/cli/progress.ts";
import { sqliteStore } from "../../src/index.ts";
import { fill } from "../contract/store-records.ts";
import { inTerminal, terminalMissing } from "../support/pseudo-terminal.ts";
import { MAIN, start, workplace } from "./support.ts";

/** A terminal that remembers what was written. */
function terminal(facts: Partial<BarStream> = {}): BarStream & { readonly written: string[] } {
  const written: string[] = [];
  return { isTTY: true, columns: 100, written, write: (text) => written.push(text), ...facts };
}

test("a bar says what, how far, how many and how long; and is taken away at the end", () => {
  const screen = terminal();
  let nowMs = 0;
  {
    using bar = progress("reading the log", 2_000, screen, () => nowMs);
    nowMs = 5_000;
    bar.at(1_000);
    bar.at(1_001); // too soon to be drawn again
    nowMs = 5_200;
    bar.at(2_000);
  }
  expect(screen.written).toEqual([
    "\r\u001b[Kreading the log  [############------------]  50 %  1,000  5.0 s",
    "\r\u001b[Kreading the log  [########################] 100 %  2,000  5.2 s",
    "\r\u001b[K",
  ]);
});

test("what is over soon shows nothing", () => {
  const screen = terminal();
  let nowMs = 0;
  using bar = progress("x", 10, screen, () => nowMs);
  nowMs = 300;
  bar.at(10);
  bar.clear();
  expect(screen.written).toEqual([]);
});

test("on a pipe or in a file there is no bar at all", () => {
  const screen = terminal();
  const { isTTY: _, ...stream } = screen;
  let nowMs = 0;
  using bar = progress("x", 10, stream, () => (nowMs += 10_000));
  bar.at(5);
  bar.clear();
  expect(screen.written).toEqual([]);
});

test("a terminal that says that it is 0 wide is taken for one of 80", () => {
  const screen = terminal({ columns: 0 });
  let nowMs = 0;
  using bar = progress("x".repeat(100), undefined, screen, () => nowMs);
  nowMs = 1_000;
  bar.at(1);
  expect(screen.written).toEqual([`\r\u001b[K${"x".repeat(79)}`]);
});

test("a bar never takes more than one line of the terminal, and a step that is new is named", () => {
  const screen = terminal({ columns: 12 });
  let nowMs = 0;
  using bar = progress("checking the database", undefined, screen, () => nowMs);
  nowMs = 1_000;
  bar.at(1);
  bar.step("snapshots");
  nowMs = 2_000;
  bar.at(1);
  expect(screen.written).toEqual(["\r\u001b[Kchecking th", "\r\u001b[Ksnapshots  "]);
});

test("what does not say how far it is shows that it goes on", async () => {
  const screen = terminal();
  let nowMs = 0;
  const bar = progress("writing the backup", undefined, screen, () => (nowMs += 1_000));
  const { promise, resolve } = Promise.withResolvers<number>();
  const work = during(promise, bar);
  while (screen.written.length === 0) await delay(10);
  resolve(7);
  expect(await work).toBe(7);
  expect(screen.written[0]).toMatch(/Kwriting the backup {2}\d\.0 s$/);
});

describe.skipIf(terminalMissing() !== undefined)("on a terminal", () => {
  test("a command that takes long shows its bar on stderr alone, and takes it away", async () => {
    const place = workplace();
    {
      using store = sqliteStore({ folder: place.data });
      fill(store, 40_000);
    }
    const replay = `'${process.execPath}' '${MAIN}' replay > '${place.path("story")}'`;
    const { file, args } = inTerminal(["sh", "-c", replay], { columns: 90, rows: 20 });
    const { stdout, code } = await start(file, args, { env: place.env({ TERM: "xterm" }) }).ended;
    expect(code).toBe(0);
    expect(stripVTControlCharacters(stdout)).toMatch(
      /\rreading the log {2}\[#*-*\] +\d+ % {2}[\d,]+ {2}[\w. ]+/,
    );
    expect(stdout.endsWith("\r\u001b[K")).toBe(true);
    expect(place.read("story").split("\n").length).toBeGreaterThan(40_000);
    expect(place.read("story")).not.toContain("\u001b");
  });
});
