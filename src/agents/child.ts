import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { keepHead, keepTail } from "./capture.ts";
import { stopGroup, type GroupStop } from "./process-group.ts";

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
  /** Added to its environment. The `LUBDUB_` variables that it is given cannot be replaced. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** Names of variables that it gets from this process beside the usual ones (PATH, HOME, LANG, TZ, ...). @default none */
  readonly passEnv?: readonly string[];
  /** How long it may run, in milliseconds: 1 to 86_400_000. @default until the caller's own limit */
  readonly timeoutMs?: number;
  /**
   * Between SIGTERM and SIGKILL for its process group, in milliseconds. Keep it below the heartbeat's `abortGraceMs`
   * (5_000), or the next run may begin while this one is still being ended. @default 2_000
   */
  readonly killGraceMs?: number;
}

/** What a command is given this time. */
export interface ChildInput {
  /** Comes on its stdin. */
  readonly stdin: string;
  /** Added to its environment, above all else. */
  readonly variables: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** How a command ended. Its stdout is its beginning, its stderr the end of it, both within limits. */
export type ChildEnd =
  | { readonly how: "exited"; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly how: "killed"; readonly by: string; readonly stderr: string }
  | { readonly how: "aborted" }
  /** For people: what happened. */
  | { readonly how: "too-slow" | "not-started"; readonly reason: string };

/**
 * Runs a command in a process group of its own, which is ended with it when its time is over or the signal aborts. Always
 * resolves.
 */
export function runChild(
  options: CommandOptions,
  { stdin, variables, signal }: ChildInput,
): Promise<ChildEnd> {
  if (signal.aborted) return Promise.resolve({ how: "aborted" });
  const [file, ...args] = options.argv as [string, ...string[]];
  const child = spawn(file, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...environment(options), ...variables },
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  // It may end without reading what it is given; its exit code says what that means.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  return endOf(child, options, signal);
}

/** What people are told of a command that did not end well. */
export function failureOf(end: Extract<ChildEnd, { how: "exited" | "killed" }>): string {
  const how = end.how === "killed" ? `was ended by ${end.by}` : `ended with exit code ${end.code}`;
  const said = end.stderr === "" ? "Its stderr is empty." : `The end of its stderr: ${end.stderr}`;
  return `The command ${how}. ${said}`;
}

function endOf(child: ChildProcess, options: CommandOptions, signal: AbortSignal): Promise<ChildEnd> {
  const { promise, resolve } = Promise.withResolvers<ChildEnd>();
  const stdout = keepHead();
  const stderr = keepTail();
  let stop: GroupStop | null = null;
  let drain: NodeJS.Timeout | undefined;
  const { timeoutMs, killGraceMs = KILL_GRACE_MS_DEFAULT } = options;
  const limit =
    timeoutMs === undefined ? undefined : setTimeout(() => stopWith(tooSlow(timeoutMs)), timeoutMs);
  const onAbort = () => stopWith({ how: "aborted" });

  function stopWith(end: ChildEnd): void {
    stop ??= stopGroup(child, killGraceMs, () => settle(end));
  }
  function settle(end: ChildEnd): void {
    clearTimeout(limit);
    clearTimeout(drain);
    signal.removeEventListener("abort", onAbort);
    child.stdout?.destroy();
    child.stderr?.destroy();
    resolve(end);
  }
  function ended(): void {
    const { exitCode, signalCode } = child;
    if (exitCode === null) return settle({ how: "killed", by: String(signalCode), stderr: stderr.text() });
    settle({ how: "exited", code: exitCode, stdout: stdout.text(), stderr: stderr.text() });
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

function tooSlow(timeoutMs: number): ChildEnd {
  const reason = `The command did not end within ${timeoutMs} ms (\`timeoutMs\`); its process group was ended.`;
  return { how: "too-slow", reason };
}

function cannotStart(error: NodeJS.ErrnoException, { argv, cwd }: CommandOptions): ChildEnd {
  const why =
    cwd !== undefined && !existsSync(cwd)
      ? `its folder \`${cwd}\` does not exist. Set \`cwd\` to a folder that exists.`
      : (START_ERRORS[error.code ?? ""] ?? error.message);
  return { how: "not-started", reason: `The command \`${argv[0]}\` could not be started: ${why}` };
}

const START_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such program. Install it, put it on PATH, or write its absolute path in `argv`.",
  EACCES: "it is not executable. Make it so (chmod +x), or write its interpreter first in `argv`.",
  E2BIG: "its arguments and environment are too long.",
};

function environment({ env, passEnv = [] }: CommandOptions): NodeJS.ProcessEnv {
  const names = [...ENVIRONMENT_PASSED, ...passEnv];
  const passed = names.map((name) => [name, process.env[name]]).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(passed), ...env };
}
