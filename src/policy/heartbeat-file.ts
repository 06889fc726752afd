import type { DueTask } from "../vocabulary.ts";

/** One item of the `tasks:` block. */
export interface HeartbeatTask extends DueTask {
  readonly everyMs: number;
}

/** What HEARTBEAT.md says. */
export interface HeartbeatFile {
  /** The text without its tasks; null when it says nothing: blank lines, headings, empty list items and fences. */
  readonly instructions: string | null;
  readonly tasks: readonly HeartbeatTask[];
  /** What is wrong with the `tasks:` block, for people. Then the block stays in the instructions, so that the agent sees it. */
  readonly problems: readonly string[];
}

/** More could not all be remembered (a session keeps 100 marks). */
const TASKS_MAX = 50;
const TASK_NAME_CHARS_MAX = 200;

/**
 * Reads HEARTBEAT.md. Never throws. The block begins with a line `tasks:`; each of its items has a name, an interval
 * (`30m`, `1h30m`, `2d`) and a prompt:
 *
 * @example parseHeartbeatFile("tasks:\n- name: inbox\n  interval: 30m\n  prompt: Look for urgent mail.\n")
 */
export function parseHeartbeatFile(text: string): HeartbeatFile {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const from = lines.findIndex(beginsTasks);
  if (from === -1) return { instructions: said(lines), tasks: [], problems: [] };
  const length = lines.slice(from + 1).findIndex((line) => !/^(\s|-|$)/.test(line));
  const end = length === -1 ? lines.length : from + 1 + length;
  const { tasks, problems } = readTasks(lines.slice(from + 1, end));
  if (lines.slice(end).some(beginsTasks)) problems.push("expected one `tasks:` block; got two");
  const rest = problems.length > 0 ? lines : [...lines.slice(0, from), ...lines.slice(end)];
  return { instructions: said(rest), tasks: problems.length > 0 ? [] : tasks, problems };
}

const beginsTasks = (line: string): boolean => /^tasks:\s*$/.test(line);

/** What a session remembers of a task: when the last run that had it began. */
export const markOf = ({ name }: Pick<DueTask, "name">): string => `task:${name}`;

/** A task is due when it never ran, or its interval is over. One that ran "in the future" (a clock set back) is not. */
export function dueTasks(
  tasks: readonly HeartbeatTask[],
  marks: Readonly<Record<string, number>>,
  nowMs: number,
): readonly DueTask[] {
  return tasks
    .filter(
      (task) => !Object.hasOwn(marks, markOf(task)) || nowMs - (marks[markOf(task)] ?? 0) >= task.everyMs,
    )
    .map(({ name, prompt }) => ({ name, prompt }));
}

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `30m`, `1h30m`, `2d` in milliseconds; undefined when it is none, is zero, or is longer than ten years. */
export function parseInterval(text: string): number | undefined {
  const parts = /^(\d{1,6}[smhd])+$/.test(text) ? (text.match(/\d+[smhd]/g) ?? []) : [];
  const ms = parts.reduce(
    (sum, part) => sum + Number(part.slice(0, -1)) * UNITS_MS[part.at(-1) as keyof typeof UNITS_MS],
    0,
  );
  return ms > 0 && ms <= 3_650 * UNITS_MS.d ? ms : undefined;
}

function readTasks(lines: readonly string[]): { tasks: HeartbeatTask[]; problems: string[] } {
  const items: Map<string, string>[] = [];
  const problems: string[] = [];
  for (const line of lines) {
    if (line.trim() === "") continue;
    const field = /^\s*(-\s+)?(name|interval|prompt):\s*(.*)$/.exec(line);
    if (field?.[1] !== undefined) items.push(new Map());
    const item = items.at(-1);
    if (field === null || item === undefined || item.has(field[2] as string)) {
      problems.push(
        `expected "- name: ...", "interval: ..." or "prompt: ...", once each; got "${line.trim()}"`,
      );
    } else item.set(field[2] as string, unquoted((field[3] as string).trim()));
  }
  const tasks = items.map((item) => taskOf(item, problems));
  const names = new Set(tasks.map(({ name }) => name));
  if (names.size < tasks.length) problems.push("expected every task to have a name of its own");
  if (tasks.length > TASKS_MAX) problems.push(`expected at most ${TASKS_MAX} tasks; got ${tasks.length}`);
  return { tasks, problems };
}

function taskOf(item: ReadonlyMap<string, string>, problems: string[]): HeartbeatTask {
  const [name = "", interval = "", prompt = ""] = ["name", "interval", "prompt"].map((field) =>
    item.get(field),
  );
  const everyMs = parseInterval(interval);
  if (name === "" || name.length > TASK_NAME_CHARS_MAX)
    problems.push(
      `expected a task to have a \`name\` of 1 to ${TASK_NAME_CHARS_MAX} characters; got "${name}"`,
    );
  if (everyMs === undefined)
    problems.push(`expected task "${name}" to have an \`interval\` like 30m, 1h30m or 2d; got "${interval}"`);
  if (prompt === "") problems.push(`expected task "${name}" to have a \`prompt\``);
  return { name, prompt, everyMs: everyMs ?? 0 };
}

function unquoted(text: string): string {
  const [, quote, inner] = /^(["'])(.*)\1$/.exec(text) ?? [];
  return quote === undefined ? text : (inner as string);
}

const SAYS_NOTHING = /^\s*(#+(\s.*)?|[-*+]\s*(\[[ xX]?\])?|(`{3,}|~{3,}).*)?\s*$/;

function said(lines: readonly string[]): string | null {
  return lines.every((line) => SAYS_NOTHING.test(line)) ? null : lines.join("\n").trim();
}
