import { readFileSync, statSync } from "node:fs";
import { LubdubError } from "../errors.ts";
import { dueTasks, markOf, parseHeartbeatFile, type HeartbeatFile } from "../policy/heartbeat-file.ts";
import type { RunRequest } from "../vocabulary.ts";
import type { Finding, PreRunCheck } from "./checks.ts";

/** Longest HEARTBEAT.md: it is in every prompt. */
export const HEARTBEAT_FILE_BYTES_MAX = 65_536;

export interface HeartbeatFileOptions {
  /** Where it lies; relative to the working folder. */
  readonly path: string;
}

/**
 * The check that reads HEARTBEAT.md before each run. A run with events has it as instructions, and is never held up by it.
 * A run without events is skipped when the file says nothing (`empty-heartbeat-file`) or none of its tasks is due
 * (`no-tasks-due`). A missing file changes nothing. One that cannot be read fails a run without events, so that it shows
 * in the log and is tried again; with events the agent is told.
 *
 * @throws LubdubError `LUBDUB_CONFIG_INVALID` when the file is there and cannot be read, or its `tasks:` block is wrong
 */
export function heartbeatFile({ path }: HeartbeatFileOptions): PreRunCheck {
  checkHeartbeatFile(path);
  return (request) => {
    try {
      const text = read(path);
      return text === null ? { status: "go" } : findingOf(parseHeartbeatFile(text), request);
    } catch (error) {
      const reason = `The file \`${path}\` cannot be read: ${(error as Error).message}.`;
      return request.events.length === 0
        ? { status: "failed", reason }
        : { status: "go", adds: { instructions: `(${reason} Tell your operator.)` } };
    }
  };
}

function findingOf(
  { instructions, tasks }: HeartbeatFile,
  { events, marks = {}, startedAtMs }: RunRequest,
): Finding {
  const due = dueTasks(tasks, marks, startedAtMs);
  if (events.length === 0 && due.length === 0) {
    if (tasks.length > 0) return { status: "skipped", reason: "no-tasks-due" };
    if (instructions === null) return { status: "skipped", reason: "empty-heartbeat-file" };
  }
  return {
    status: "go",
    adds: { ...(instructions !== null && { instructions }), ...(due.length > 0 && { tasks: due }) },
    marks: Object.fromEntries(due.map((task) => [markOf(task), startedAtMs])),
  };
}

function checkHeartbeatFile(path: string): void {
  const expected = `the file \`${path}\` to be readable text of at most ${HEARTBEAT_FILE_BYTES_MAX} bytes, or missing`;
  let text: string | null;
  try {
    text = read(path);
  } catch (error) {
    const got = (error as Error).message;
    throw new LubdubError("LUBDUB_CONFIG_INVALID", {
      expected,
      got,
      fix: "Correct it, or remove it.",
      cause: error,
    });
  }
  const problem = text === null ? undefined : parseHeartbeatFile(text).problems[0];
  if (problem === undefined) return;
  throw new LubdubError("LUBDUB_CONFIG_INVALID", {
    expected: `the \`tasks:\` block of \`${path}\` to be right`,
    got: problem,
    fix: "Each item has `- name:`, `interval:` and `prompt:` on lines of their own.",
  });
}

/** The text; null when there is none. */
function read(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (!stat.isFile()) throw new Error("it is no regular file");
  if (stat.size > HEARTBEAT_FILE_BYTES_MAX) throw new Error(`it has ${stat.size} bytes`);
  return readFileSync(path, "utf8").toWellFormed();
}
