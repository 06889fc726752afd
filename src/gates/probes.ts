import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { failureOf, runChild, type CommandOptions } from "../agents/child.ts";
import { getText } from "./get-text.ts";
import { gateAnswerOf, type GateAnswer } from "../policy/gate-answer.ts";
import type { RunRequest } from "../vocabulary.ts";

/** What a probe found, or why it could not look. `marks` are remembered by the session if its run succeeds. */
export type Found =
  | (GateAnswer & { readonly marks?: Readonly<Record<string, number>> })
  | { readonly error: string };

/** Asks once. May throw or hang. */
export type Probe = (request: RunRequest) => Promise<Found>;

/** Its process group must be gone before the next look. */
const KILL_GRACE_MS = 1_000;

export function askCommand(options: CommandOptions, stdin = ""): Probe {
  return async ({ sessionKey, wakeId, runId, signal }) => {
    const variables = { LUBDUB_SESSION_KEY: sessionKey, LUBDUB_WAKE_ID: wakeId, LUBDUB_RUN_ID: runId };
    const end = await runChild({ killGraceMs: KILL_GRACE_MS, ...options }, { stdin, variables, signal });
    switch (end.how) {
      case "exited":
        return end.code === 0 ? gateAnswerOf(end.stdout) : { error: failureOf(end) };
      case "killed":
        return { error: failureOf(end) };
      case "aborted":
        return { error: "it was stopped" };
      case "too-slow":
      case "not-started":
        return { error: end.reason };
    }
  };
}

export function askHttp({
  url,
  headers = {},
}: {
  url: string;
  headers?: Readonly<Record<string, string>>;
}): Probe {
  return async ({ signal }) => {
    const { status, text } = await getText(url, headers, signal);
    return status >= 200 && status < 300 ? gateAnswerOf(text) : { error: `it answered ${status}` };
  };
}

/** What a session remembers of a file: its time of change when a run last saw it; 0 for one that was not there. */
export function askFile({ path, when }: { path: string; when: "exists" | "changed" | "non-empty" }): Probe {
  return async ({ marks = {} }) => {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
      throw error;
    });
    const data =
      found === null ? null : { path, bytes: found.size, changedAt: new Date(found.mtimeMs).toISOString() };
    if (when === "exists") return { wakeAgent: found !== null, data };
    if (when === "non-empty")
      return { wakeAgent: found !== null && (!found.isFile() || found.size > 0), data };
    const mark = `file:${path}`.slice(-MARK_CHARS_MAX);
    const changedMs = found?.mtimeMs ?? 0;
    const knownMs = Object.hasOwn(marks, mark) ? marks[mark] : 0;
    return { wakeAgent: changedMs !== knownMs, data, marks: { [mark]: changedMs } };
  };
}

const MARK_CHARS_MAX = 256;

/** In a process of its own: a query that does not end must not hold up everything else. */
export function askSql({ file, query }: { file: string; query: string }): Probe {
  const program = fileURLToPath(new URL(`./sql-child${extname(import.meta.filename)}`, import.meta.url));
  return askCommand({ argv: [process.execPath, program] }, JSON.stringify({ file, query }));
}
