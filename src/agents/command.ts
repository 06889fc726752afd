import type { Outcome, RunHandler, RunRequest } from "../vocabulary.ts";
import { failureOf, runChild, type ChildEnd, type CommandOptions } from "./child.ts";
import { renderPrompt } from "./prompt.ts";

/** EX_TEMPFAIL of sysexits: "I am busy, ask again". */
const EXIT_BUSY = 75;

/**
 * An agent that is a command. The prompt comes on its stdin; `LUBDUB_SESSION_KEY`, `LUBDUB_WAKE_ID`, `LUBDUB_RUN_ID` and
 * `LUBDUB_ATTEMPT` are in its environment. Its stdout is the reply. Exit code 0 is `ran`, 75 is busy, anything else failed
 * with the end of its stderr. It leads a process group of its own, which is ended with it when its time is over.
 *
 * @example commandAgent({ argv: ["node", "agent.js"], timeoutMs: 120_000 })
 */
export function commandAgent(options: CommandOptions): RunHandler {
  return async (request) => {
    const { signal } = request;
    return meaningOf(
      await runChild(options, { stdin: renderPrompt(request), variables: variables(request), signal }),
    );
  };
}

function meaningOf(end: ChildEnd): Outcome {
  switch (end.how) {
    case "aborted":
      return { status: "skipped", reason: "preempted" };
    case "too-slow":
    case "not-started":
      return { status: "failed", reason: end.reason };
    case "killed":
      return { status: "failed", reason: failureOf(end) };
    case "exited":
      if (end.code === 0) return end.stdout === "" ? { status: "ran" } : { status: "ran", reply: end.stdout };
      if (end.code === EXIT_BUSY) return { status: "skipped", reason: "requests-in-flight" };
      return { status: "failed", reason: failureOf(end) };
  }
}

const variables = ({ sessionKey, wakeId, runId, attempt }: RunRequest): NodeJS.ProcessEnv => ({
  LUBDUB_SESSION_KEY: sessionKey,
  LUBDUB_WAKE_ID: wakeId,
  LUBDUB_RUN_ID: runId,
  LUBDUB_ATTEMPT: String(attempt),
});
