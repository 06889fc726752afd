import { LubdubError } from "../errors.ts";
import type { CommandOptions } from "../agents/child.ts";
import { gateApplies, type GateAnswer, type GateScope } from "../policy/gate-answer.ts";
import type { RunRequest } from "../vocabulary.ts";
import type { Finding, PreRunCheck } from "./checks.ts";
import { askCommand, askFile, askHttp, askSql, type Probe } from "./probes.ts";
import { checkCommand, checkSql } from "./startable.ts";

/** A gate: exactly one of `command`, `http`, `file`, `sql` and `decide`, and how it is asked. */
export interface GateOptions {
  /** No shell is involved. Exit code 0 is an answer, read off its stdout; anything else is a failure of the gate. */
  readonly command?: Omit<CommandOptions, "timeoutMs">;
  /** Asked with GET. 2xx is an answer, read off the body; anything else is a failure. Redirects are not followed. */
  readonly http?: { readonly url: string; readonly headers?: Readonly<Record<string, string>> };
  /** `changed`: since the session's last run that succeeded. `non-empty`: it is there and has something in it. */
  readonly file?: { readonly path: string; readonly when: "exists" | "changed" | "non-empty" };
  /**
   * A query on a SQLite file, opened read-only. It opens when there is a row; a single value (`SELECT count(*) ...`) opens
   * unless it is 0, null or empty.
   */
  readonly sql?: { readonly file: string; readonly query: string };
  /** A function. Past `timeoutMs` its answer is ignored. */
  readonly decide?: (request: RunRequest) => boolean | GateAnswer | Promise<boolean | GateAnswer>;
  /** How long it may take, in milliseconds: 1 to 600_000. @default 10_000 */
  readonly timeoutMs?: number;
  /** What a gate that fails or hangs is. @default "open": nothing is missed */
  readonly onError?: "open" | "closed";
  /** Which runs it decides about. @default "scheduled" */
  readonly appliesTo?: GateScope;
  /** Show the agent what it found, as untrusted data. @default false */
  readonly showData?: boolean;
  /** When a run with events is asked for again after a closed gate, in milliseconds: 1_000 to 86_400_000. @default 300_000 */
  readonly retryAfterMs?: number;
}

const TIMEOUT_MS = 10_000;
const RETRY_AFTER_MS = 300_000;
const PREEMPTED: Finding = { status: "skipped", reason: "preempted" };
const PROBES = ["command", "http", "file", "sql", "decide"] as const;

/**
 * A gate: decides before a run, without the agent, whether there is anything to do. A closed one ends the attempt as
 * skipped (`gate-closed`, or `gate-failed` when it failed and `onError` says closed): the wake is over, and events stay
 * queued. Its answer is the last line of what it says: `{"wakeAgent":false}` closes it.
 *
 * @throws LubdubError `LUBDUB_OPTION_INVALID`, or `LUBDUB_CONFIG_INVALID` when it cannot be started
 * @example gate({ command: { argv: ["./new-mail.sh"] }, showData: true })
 */
export function gate(options: GateOptions): PreRunCheck {
  const probe = probeOf(options);
  const { onError = "open", appliesTo = "scheduled", showData = false } = options;
  const timeoutMs = inRange(options.timeoutMs ?? TIMEOUT_MS, "timeoutMs", 1, 600_000);
  const retryAfterMs = inRange(options.retryAfterMs ?? RETRY_AFTER_MS, "retryAfterMs", 1_000, 86_400_000);
  return async (request): Promise<Finding> => {
    if (!gateApplies(appliesTo, request)) return { status: "go" };
    if (request.signal.aborted) return PREEMPTED;
    const found = await within(timeoutMs, request, probe);
    if (request.signal.aborted) return PREEMPTED;
    if ("error" in found) {
      const { error } = found;
      if (onError === "open") return { status: "go", adds: { gate: { error } }, failed: error };
      const gate = { verdict: "failed-closed", error } as const;
      return { status: "skipped", reason: "gate-failed", retryAfterMs, gate };
    }
    const { wakeAgent, data, marks } = found;
    if (!wakeAgent)
      return { status: "skipped", reason: "gate-closed", retryAfterMs, gate: { verdict: "closed" } };
    return {
      status: "go",
      adds: showData && data !== undefined ? { gate: data } : {},
      ...(marks && { marks }),
    };
  };
}

function probeOf(options: GateOptions): Probe {
  const given = PROBES.filter((name) => options[name] !== undefined);
  if (given.length !== 1) {
    throw new LubdubError("LUBDUB_OPTION_INVALID", {
      expected: `a gate with exactly one of ${PROBES.join(", ")}`,
      got: given.join(", ") || "none",
    });
  }
  const { command, http, file, sql, decide } = options;
  if (command !== undefined) {
    checkCommand(command);
    return askCommand(command);
  }
  if (http !== undefined) return askHttp(http);
  if (file !== undefined) return askFile(file);
  if (sql !== undefined) {
    checkSql(sql);
    return askSql(sql);
  }
  return async (request) => {
    const answer = await decide?.(request);
    if (typeof answer === "boolean") return { wakeAgent: answer };
    if (typeof answer?.wakeAgent === "boolean") return answer;
    return { error: "it answered neither true, false nor { wakeAgent }" };
  };
}

/** Always resolves: a probe that throws or hangs is a failure. */
async function within(timeoutMs: number, request: RunRequest, probe: Probe): ReturnType<Probe> {
  const { promise: late, resolve } = Promise.withResolvers<{ readonly error: string }>();
  const limit = new AbortController();
  const stop = (error: string): void => {
    limit.abort();
    resolve({ error });
  };
  const timer = setTimeout(() => stop(`it did not answer within ${timeoutMs} ms (\`timeoutMs\`)`), timeoutMs);
  const preempted = (): void => stop("it was pre-empted");
  request.signal.addEventListener("abort", preempted, { once: true });
  try {
    const asked = probe({ ...request, signal: limit.signal });
    return await Promise.race([asked, late]);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener("abort", preempted);
  }
}

function inRange(value: number, name: string, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new LubdubError("LUBDUB_OPTION_INVALID", {
    expected: `a gate's \`${name}\` to be a whole number of milliseconds from ${min} to ${max}`,
    got: String(value),
  });
}
