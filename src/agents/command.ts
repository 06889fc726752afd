import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import type { Outcome, RunHandler, RunRequest } from "../vocabulary.ts";
import { keepHead, keepTail } from "./capture.ts";
import { stopGroup, type GroupStop } from "./process-group.ts";
import { renderPrompt } from "./prompt.ts";

/** EX_TEMPFAIL of sysexits: "I am busy, ask again". */
const EXIT_BUSY = 75;
/** How long output that was already written may take to arrive after the command ended. */
const DRAIN_MS_MAX = 1_000;
const KILL_GRACE_MS_DEFAULT = 2_000;

/** What a command may see of the daemon's environment. Secrets of the daemon are not among it. */
const ENVIRONMENT_PASSED =
  "PATH HOME USER LOGNAME SHELL LANG LANGUAGE LC_ALL LC_CTYPE TZ TMPDIR TERM NO_COLOR LUBDUB_DATA".split(" ");

export interface CommandOptions {
  /** The program and its arguments. No shell is involved: nothing is expanded or split. */
  readonly argv: readonly string[];
  /** Where it runs. @default the working folder of this process */
  readonly cwd?: string;
  /** Added to its environment. The four `LUBDUB_` variables cannot be replaced. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** Names of variables that it gets from this process beside the usual ones (PATH, HOME, LANG, TZ, ...). @default none */
  readonly passEnv?: readonly string[];
  /** How long it may run, in milliseconds: 1 to 86_400_000. @default until the run's own limit */
  readonly timeoutMs?: number;
  /**
   * Between SIGTERM and SIGKILL for its process group, in milliseconds. Keep it below the heartbeat's `abortGraceMs`
   * (5_000), or the next run may begin while this one is still being ended. @default 2_000
   */
  readonly killGraceMs?: number;
}

/**
 * An agent that is a command. The prompt comes on its stdin; `LUBDUB_SESSION_KEY`, `LUBDUB_WAKE_ID`, `LUBDUB_RUN_ID` and
 * `LUBDUB_ATTEMPT` are in its environment. Its stdout is the reply. Exit code 0 is `ran`, 75 is busy, anything else failed
 * with the end of its stderr. It leads a process group of its own, which is ended with it when its time is over.
 *
 * @example commandAgent({ argv: ["node", "agent.js"], timeoutMs: 120_000 })
 */
export function commandAgent(options: CommandOptions): RunHandler {
  return (request) => {
    if (request.signal.aborted) return PREEMPTED;
    const [file, ...args] = options.argv as [string, ...string[]];
    const child = spawn(file, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: environment(options, request),
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    // It may end without reading its prompt; its exit code says what that means.
    child.stdin.on("error", () => {});
    child.stdin.end(renderPrompt(request));
    return outcomeOf(child, options, request.signal);
  };
}

const PREEMPTED: Outcome = { status: "skipped", reason: "preempted" };

function outcomeOf(child: ChildProcess, options: CommandOptions, signal: AbortSignal): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const stdout = keepHead();
  const stderr = keepTail();
  let stop: GroupStop | null = null;
  let drain: NodeJS.Timeout | undefined;
  const { timeoutMs, killGraceMs = KILL_GRACE_MS_DEFAULT } = options;
  const limit =
    timeoutMs === undefined ? undefined : setTimeout(() => stopWith(tooSlow(timeoutMs)), timeoutMs);
  const onAbort = () => stopWith(PREEMPTED);

  function stopWith(outcome: Outcome): void {
    stop ??= stopGroup(child, killGraceMs, () => settle(outcome));
  }
  function settle(outcome: Outcome): void {
    clearTimeout(limit);
    clearTimeout(drain);
    signal.removeEventListener("abort", onAbort);
    child.stdout?.destroy();
    child.stderr?.destroy();
    resolve(outcome);
  }
  function ended(): void {
    settle(meaningOf(child, stdout.text(), stderr.text()));
  }

  signal.addEventListener("abort", onAbort, { once: true });
  child.stdout?.on("data", stdout.add);
  child.stderr?.on("data", stderr.add);
  child.on("error", (error) => {
    if (child.pid === undefined) settle(cannotStart(error, options));
  });
  child.on("exit", () => {
    if (stop !== null) return stop.leaderEnded();
    clearTimeout(limit);
    signal.removeEventListener("abort", onAbort);
    // What it left running in the background may hold its output open: that is not waited for.
    drain = setTimeout(ended, DRAIN_MS_MAX);
  });
  child.on("close", () => {
    if (stop === null && child.pid !== undefined) ended();
  });
  return promise;
}

function meaningOf({ exitCode, signalCode }: ChildProcess, reply: string, errors: string): Outcome {
  if (exitCode === 0) return reply === "" ? { status: "ran" } : { status: "ran", reply };
  if (exitCode === EXIT_BUSY) return { status: "skipped", reason: "requests-in-flight" };
  const how = exitCode === null ? `was ended by ${signalCode}` : `ended with exit code ${exitCode}`;
  const said = errors === "" ? "Its stderr is empty." : `The end of its stderr: ${errors}`;
  return { status: "failed", reason: `The command ${how}. ${said}` };
}

function tooSlow(timeoutMs: number): Outcome {
  const reason = `The command did not end within ${timeoutMs} ms (\`timeoutMs\`); its process group was ended.`;
  return { status: "failed", reason };
}

function cannotStart(error: NodeJS.ErrnoException, { argv, cwd }: CommandOptions): Outcome {
  const why =
    cwd !== undefined && !existsSync(cwd)
      ? `its folder \`${cwd}\` does not exist. Set \`cwd\` to a folder that exists.`
      : (START_ERRORS[error.code ?? ""] ?? error.message);
  return { status: "failed", reason: `The command \`${argv[0]}\` could not be started: ${why}` };
}

const START_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such program. Install it, put it on PATH, or write its absolute path in `argv`.",
  EACCES: "it is not executable. Make it so (chmod +x), or write its interpreter first in `argv`.",
  E2BIG: "its arguments and environment are too long.",
};

function environment({ env, passEnv = [] }: CommandOptions, request: RunRequest): NodeJS.ProcessEnv {
  const names = [...ENVIRONMENT_PASSED, ...passEnv];
  return {
    ...Object.fromEntries(
      names.map((name) => [name, process.env[name]]).filter(([, value]) => value !== undefined),
    ),
    ...env,
    LUBDUB_SESSION_KEY: request.sessionKey,
    LUBDUB_WAKE_ID: request.wakeId,
    LUBDUB_RUN_ID: request.runId,
    LUBDUB_ATTEMPT: String(request.attempt),
  };
}
