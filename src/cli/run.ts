import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { extname } from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { howItEnded } from "../daemon/exit-record.ts";
import {
  filesOf,
  planRun,
  readIfThere,
  runFolder,
  type RunEnd,
  type RunPlan,
  type RunWatch,
} from "../daemon/run-folder.ts";
import { preparePrivateFolder } from "../private-folder.ts";
import { onSignals } from "../daemon/signals.ts";
import { LubdubError } from "../errors.ts";
import { causeInEnvironment } from "./cause.ts";
import { dataFolderOf, type CommonOptions } from "./contact.ts";
import { copyWhile } from "./follow-file.ts";
import { show, talk } from "./output.ts";
import { jsonLine, oneLine } from "./plain.ts";
import { sessionOf, sessionOption, subcommand } from "./subcommand.ts";

interface RunOptions extends CommonOptions {
  readonly session?: string;
  readonly reason?: string;
  readonly detach?: boolean;
}

const POLL_MS = 50;
const HANGUP_EXIT = 129;

export function addRun(program: Command): void {
  subcommand(program, "run", "run a command in the background of a session; its end wakes the session")
    .addOption(sessionOption())
    .option("--reason <words>", "why, for the log and the agent", "exec-event")
    .option("-d, --detach", "return at once, and leave the command to itself")
    .argument("<command...>", "the command and its arguments, after --")
    .usage("--session KEY [options] -- COMMAND [ARGUMENT...]")
    .passThroughOptions()
    .action(async (command: string[], options: RunOptions) => {
      process.exitCode = await run(command, options);
    });
}

async function run(command: readonly string[], options: RunOptions): Promise<number> {
  const { reason } = options;
  const sessionKey = sessionOf(options);
  const dataFolder = dataFolderOf(options);
  preparePrivateFolder(dataFolder);
  const cause = causeInEnvironment();
  const wish = { sessionKey, command, ...(reason && { reason }), ...(cause && { cause }) };
  const plan = planRun(dataFolder, wish);
  const watcher = startWatcher(plan);
  if (options.detach !== true) return await accompany(plan, watcher, options);
  watcher.unref();
  const folder = runFolder(dataFolder, plan.runId);
  await show(options.json, { runId: plan.runId, sessionKey, folder }, () => plan.runId);
  talk(`Runs in the background of ${oneLine(sessionKey, 512)}; its output is in ${folder}`);
  return 0;
}

/** Input that is not a terminal (a pipe, a file) is passed on; a terminal is not: the command outlives it. */
function startWatcher(plan: RunPlan): ChildProcess {
  const files = filesOf(runFolder(plan.dataFolder, plan.runId));
  const program = fileURLToPath(new URL(`./watcher${extname(import.meta.filename)}`, import.meta.url));
  const log = openSync(files.log, "a", 0o600);
  const input = isatty(0) ? "ignore" : "inherit";
  const folder = runFolder(plan.dataFolder, plan.runId);
  const watcher = spawn(process.execPath, [program, folder], { detached: true, stdio: [input, log, log] });
  closeSync(log);
  return watcher;
}

/** Shows the output as it comes, passes signals on, and answers with the exit code of the command. */
async function accompany(plan: RunPlan, watcher: ChildProcess, { json }: RunOptions): Promise<number> {
  const files = filesOf(runFolder(plan.dataFolder, plan.runId));
  const ended = once(watcher, "exit");
  passSignalsOn(files.watch);
  await Promise.all([
    copyWhile(ended, { file: files.stdout, to: process.stdout, pollMs: POLL_MS }),
    copyWhile(ended, { file: files.stderr, to: process.stderr, pollMs: POLL_MS }),
  ]);
  const end = readIfThere<RunEnd>(files.end);
  if (end === undefined) {
    throw new LubdubError("LUBDUB_INTERNAL", {
      expected: "the watcher of the command to see its end",
      got: "a watcher that was stopped",
      fix: `See ${files.log}. The session is told when the daemon starts next.`,
    });
  }
  talk(json === true ? jsonLine(end) : closingWords(end));
  const { exitCode, signal } = end.record;
  return exitCode ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
}

function closingWords({ record, accepted, problem }: RunEnd): string {
  const session = oneLine(record.sessionKey, 512);
  const ending = `lubdub: the command ${howItEnded(record)}`;
  if (accepted) return `${ending}; ${session} is woken with that.`;
  return `${ending}. No daemon took that in (${oneLine(problem ?? "it is not known why", 300)}); it is kept on disk, and ${session} is woken when the daemon starts.`;
}

/** Ctrl-C is meant for the command. A terminal that closes is not: the command goes on without it. */
function passSignalsOn(watchFile: string): void {
  const pass = (signal: NodeJS.Signals): void => {
    const commandPid = readIfThere<RunWatch>(watchFile)?.commandPid;
    if (commandPid !== undefined) kill(-commandPid, signal);
    // It has only just begun.
    else setTimeout(pass, POLL_MS, signal).unref();
  };
  onSignals(["SIGINT", "SIGTERM", "SIGQUIT"], pass);
  process.on("SIGHUP", () => process.exit(HANGUP_EXIT));
}

/** It may have ended in this very moment. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    talk("lubdub: the command has ended already");
  }
}
