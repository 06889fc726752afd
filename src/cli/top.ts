import { setTimeout as delay } from "node:timers/promises";
import { InvalidArgumentError, type Command } from "commander";
import { LubdubError } from "../errors.ts";
import type { Heartbeat, WaitingPageOptions } from "../index.ts";
import { connect, type CommonOptions } from "./contact.ts";
import { paint, print, showEach, talk } from "./output.ts";
import { oneLine } from "./plain.ts";
import { openScreen } from "./screen.ts";
import { subcommand } from "./subcommand.ts";
import { tableLines, totalsLine, type Look } from "./top-table.ts";

const LINES_DEFAULT = 50;
const LINES_MAX = 1_000;
/** Between two looks, in seconds. */
const INTERVAL_S_DEFAULT = 1;
/** Lines of a screen that are no session's: totals, a gap, the heading, a gap, the foot. */
const FRAME_LINES = 5;
const PLAIN_COLUMNS = 400;
/** The first look at very many lanes takes longer: what was found by then is shown. */
const PATIENCE_MS = 1_000;
/** In raw mode the terminal makes no signal of it. */
const CTRL_C = 3;

interface TopOptions extends CommonOptions {
  readonly lines: number;
  readonly interval: number;
}

export function addTop(program: Command): void {
  subcommand(program, "top", "who waits and why, the oldest wait first; on a terminal live, until q")
    .option(
      "-n, --lines <count>",
      `sessions at most, up to ${LINES_MAX}`,
      within(1, LINES_MAX),
      LINES_DEFAULT,
    )
    .option(
      "--interval <seconds>",
      "between two looks, on a terminal",
      within(0.2, 3_600),
      INTERVAL_S_DEFAULT,
    )
    .action(top);
}

async function top(options: TopOptions): Promise<void> {
  const heartbeat = connect(options);
  if (options.json === true) {
    const { sessions } = await heartbeat.waiting({ limit: options.lines });
    return showEach(true, sessions, () => "");
  }
  if (process.stdout.isTTY) return await live(heartbeat, options);
  const found = await look(heartbeat, { limit: options.lines });
  for (const line of tableLines(found, PLAIN_COLUMNS)) await print(line.trimEnd());
  talk(totalsLine(found));
}

async function look(heartbeat: Heartbeat, page: WaitingPageOptions): Promise<Look> {
  const [found, status] = await Promise.all([heartbeat.waiting(page), heartbeat.status()]);
  return { page: found, status, nowMs: Date.now() };
}

/** Draws until somebody types `q` or Ctrl-C. A daemon that is away is waited for. */
async function live(first: Heartbeat, options: TopOptions): Promise<void> {
  let heartbeat = first;
  let found: Look | undefined;
  let trouble: string | undefined;
  const ended = new AbortController();
  using screen = openScreen();
  using _keys = untilAsked(() => ended.abort());
  const draw = (): void => screen.draw(lines(found, trouble, screen.columns));
  process.stdout.on("resize", draw);
  while (!ended.signal.aborted) {
    try {
      if (trouble !== undefined) heartbeat = connect(options);
      const limit = Math.min(options.lines, Math.max(1, screen.rows - FRAME_LINES));
      found = await look(heartbeat, { limit, patienceMs: PATIENCE_MS });
      trouble = undefined;
    } catch (error) {
      if (!(error instanceof LubdubError)) throw error;
      trouble = oneLine(error.message, 400);
    }
    if (!ended.signal.aborted) draw();
    await delay(options.interval * 1_000, undefined, { signal: ended.signal }).catch(() => {});
  }
  process.stdout.off("resize", draw);
}

function lines(found: Look | undefined, trouble: string | undefined, columns: number): readonly string[] {
  const foot = trouble === undefined ? paint("gray", "q ends it") : paint("red", trouble.slice(0, columns));
  if (found === undefined) return [foot];
  const { sessions, waiting } = found.page;
  const table = sessions.length === 0 ? ["Nobody waits."] : tableLines(found, columns);
  const more = waiting > sessions.length ? [`and ${waiting - sessions.length} more`] : [];
  return [totalsLine(found).slice(0, columns), "", ...table, ...more, "", foot];
}

/** Calls back at `q`, Ctrl-C, or a signal to end. */
function untilAsked(asked: () => void): Disposable {
  const { stdin } = process;
  const typed = (keys: Buffer): void => {
    if (keys.includes("q") || keys.includes(CTRL_C)) asked();
  };
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on("data", typed);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, asked);
  return {
    [Symbol.dispose]() {
      if (stdin.isTTY) stdin.setRawMode(false);
      stdin.off("data", typed).pause();
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, asked);
    },
  };
}

function within(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= min && value <= max && (min < 1 || Number.isInteger(value)))
      return value;
    throw new InvalidArgumentError(`Expected a number from ${min} to ${max}.`);
  };
}
