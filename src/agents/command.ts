import type { Outcome, RunHandler, RunRequest } from "../vocabulary.ts";
import { failureOf, runChild, type ChildEnd, type CommandOptions } from "./child.ts";
import { renderPrompt, withNoise } from "./prompt.ts";
import { usageFile } from "./usage-file.ts";

/** EX_TEMPFAIL of sysexits: "I am busy, ask again". */
const EXIT_BUSY = 75;

/** EX_NOPERM of sysexits: its provider refuses the key. 76: what was paid for is used up. */
const EXIT_REFUSALS: Readonly<Record<number, "auth" | "quota">> = { 77: "auth", 76: "quota" };

/**
 * An agent that is a command. The prompt comes on its stdin; `LUBDUB_SESSION_KEY`, `LUBDUB_WAKE_ID`, `LUBDUB_RUN_ID`,
 * `LUBDUB_ATTEMPT` and `LUBDUB_TRANSCRIPT_KEY` are in its environment, and where this run differs `LUBDUB_MODEL`,
 * `LUBDUB_RUN_TIMEOUT_MS` and `LUBDUB_LIGHT_CONTEXT=1`. Its stdout is the reply. What the run used up it may write into the
 * file `LUBDUB_USAGE_FILE`: `{"inputTokens": 1200, "outputTokens": 80}`. Exit code 0 is `ran`, 75 is busy, 76 a
 * quota that is spent, 77 a key that is refused, anything else failed with the end of its stderr. It leads a process group
 * of its own, which is ended with it when its time is over.
 *
 * @example commandAgent({ argv: ["node", "agent.js"], timeoutMs: 120_000 })
 */
export function commandAgent(options: CommandOptions): RunHandler {
  return async (request) => {
    const { signal, overrides } = request;
    const timeoutMs = overrides?.timeoutMs ?? options.timeoutMs;
    await using usage = await usageFile();
    const place = usage === null ? {} : { LUBDUB_USAGE_FILE: usage.path };
    const given = { stdin: renderPrompt(request), variables: { ...variables(request), ...place }, signal };
    const end = await runChild({ ...options, ...(timeoutMs && { timeoutMs }) }, given);
    const outcome = meaningOf(end);
    const used = outcome.status === "ran" ? await usage?.read() : undefined;
    return withNoise(used === undefined ? outcome : withUsage(outcome, used), request);
  };
}

/** It is checked where outcomes are: what is no count is refused there, and the run stays what it is. */
const withUsage = (outcome: Outcome, usage: unknown): Outcome => ({ ...outcome, usage }) as Outcome;

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
      return { status: "failed", reason: failureOf(end), ...refusalOf(end.code) };
  }
}

function refusalOf(code: number): { readonly class?: "auth" | "quota" } {
  const refusal = EXIT_REFUSALS[code];
  return refusal === undefined ? {} : { class: refusal };
}

function variables({ overrides = {}, ...run }: RunRequest): NodeJS.ProcessEnv {
  const { model, timeoutMs, lightContext } = overrides;
  return {
    LUBDUB_SESSION_KEY: run.sessionKey,
    LUBDUB_WAKE_ID: run.wakeId,
    LUBDUB_RUN_ID: run.runId,
    LUBDUB_ATTEMPT: String(run.attempt),
    LUBDUB_TRANSCRIPT_KEY: run.transcriptKey,
    ...(model !== undefined && { LUBDUB_MODEL: model }),
    ...(timeoutMs !== undefined && { LUBDUB_RUN_TIMEOUT_MS: String(timeoutMs) }),
    ...(lightContext === true && { LUBDUB_LIGHT_CONTEXT: "1" }),
  };
}
