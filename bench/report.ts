import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, totalmem } from "node:os";
import { isInMemory } from "./folders.ts";
import type { Spread } from "./statistics.ts";

/** One measured figure. */
export interface Line extends Spread {
  readonly what: string;
  readonly unit: "events/s" | "ms" | "s" | "MB" | "%" | "per minute" | "timers";
  readonly cpuUsPerEvent?: number;
  /** Throughput, divided by that of raw `node:sqlite` in groups of 100 in the same round: the median of the rounds. */
  readonly ratioToRaw?: number;
  readonly note?: string;
  readonly goal?: { readonly text: string; readonly met: boolean };
}

export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
}

/** A goal of "at most this" for the median. */
export const atMost = (line: Omit<Line, "goal">, limit: number): Line => ({
  ...line,
  goal: { text: `<= ${digits(limit)}`, met: line.median <= limit },
});

/** Figures of other machines, or of a busy one, cannot be compared: so each report says where and when. */
function circumstances() {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    sqlite: process.versions["sqlite"] ?? "?",
    system: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model ?? "?",
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    ...(isInMemory() ? { warning: "the folder lies in memory: nothing was synced to a disk" } : {}),
  };
}

/** For people, or with `--json` for programs. */
export function print(sections: readonly Section[], json: boolean): void {
  const where = circumstances();
  if (json) return console.log(JSON.stringify({ ...where, sections }, null, 2));
  console.log(
    Object.entries(where)
      .map(([name, value]) => `${name} ${value}`)
      .join(" · "),
  );
  for (const { title, lines } of sections) console.log(`\n${title}\n${table(lines)}`);
}

const HEAD = ["", "median", "min to max", "unit", "CPU us/event", "to raw 100", "goal", ""];

function table(lines: readonly Line[]): string {
  const rows = [HEAD, ...lines.map(cells)];
  const used = HEAD.map((_, column) => rows.slice(1).some((row) => row[column] !== ""));
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .filter((_, column) => used[column])
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cells(line: Line): string[] {
  const { what, unit, median, min, max, cpuUsPerEvent, ratioToRaw, goal, note } = line;
  return [
    what,
    digits(median),
    min === max ? "" : `${digits(min)} to ${digits(max)}`,
    unit,
    cpuUsPerEvent === undefined ? "" : digits(cpuUsPerEvent),
    ratioToRaw === undefined ? "" : ratioToRaw.toFixed(2),
    goal === undefined ? "" : `${goal.text} ${goal.met ? "yes" : "NO"}`,
    note ?? "",
  ];
}

function digits(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function commit(): string {
  const git = (...words: string[]): string =>
    execFileSync("git", words, { cwd: import.meta.dirname, encoding: "utf8", stdio: "pipe" }).trim();
  try {
    const changed = git("status", "--porcelain", "../src", "../machines") === "" ? "" : " with changes";
    return git("rev-parse", "--short", "HEAD") + changed;
  } catch {
    return "unknown";
  }
}
