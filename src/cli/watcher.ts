import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { connectTo } from "./contact.ts";
import { writeDurably } from "../daemon/durable-file.ts";
import { handOver, writeToSpool, type ExitRecord } from "../daemon/exit-record.ts";
import { filesOf, type RunEnd, type RunPlan, type RunWatch } from "../daemon/run-folder.ts";
import { tailOf } from "../daemon/tail.ts";

/**
 * Watches one background command: a small process of its own session, so that it outlives the terminal.
 * It keeps the end of the command on disk first, and then tells the daemon.
 *
 *     node watcher.js <run folder>
 */
const HAND_OVER_MS_MAX = 10_000;
const NOT_FOUND = 127;
const NOT_STARTED = 126;

type End = Pick<ExitRecord, "exitCode" | "signal"> & { readonly tail?: string };

const files = filesOf(process.argv[2] ?? "");
const plan = JSON.parse(readFileSync(files.plan, "utf8")) as RunPlan;
const end = await runCommand();
const record: ExitRecord = {
  runId: plan.runId,
  sessionKey: plan.sessionKey,
  reason: plan.reason,
  command: plan.command,
  startedAtMs: plan.startedAtMs,
  cause: plan.cause,
  durationMs: Math.max(0, Date.now() - plan.startedAtMs),
  exitCode: end.exitCode,
  signal: end.signal,
  tail: end.tail ?? tailOf(files),
};
writeToSpool(plan.dataFolder, record);
writeEnd({ record, accepted: false });
writeEnd({ record, ...(await tellDaemon()) });
process.exit();

function runCommand(): Promise<End> {
  const [file = "", ...args] = plan.command;
  const stdout = openSync(files.stdout, "a", 0o600);
  const stderr = openSync(files.stderr, "a", 0o600);
  const { promise, resolve } = Promise.withResolvers<End>();
  // A process group of its own: a Ctrl-C that is passed on reaches the command and its children, not this watcher.
  const child = spawn(file, args, {
    detached: true,
    stdio: ["inherit", stdout, stderr],
    env: { ...process.env, LUBDUB_SESSION_KEY: plan.sessionKey },
  });
  closeSync(stdout);
  closeSync(stderr);
  child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  child.once("error", (error: NodeJS.ErrnoException) => {
    const exitCode = error.code === "ENOENT" ? NOT_FOUND : NOT_STARTED;
    resolve({ exitCode, signal: null, tail: `It could not be started: ${error.message}` });
  });
  const watch: RunWatch = {
    watcherPid: process.pid,
    ...(child.pid === undefined ? {} : { commandPid: child.pid }),
  };
  writeDurably(files.watch, JSON.stringify(watch));
  return promise;
}

async function tellDaemon(): Promise<Omit<RunEnd, "record">> {
  const { promise: tooLong, reject } = Promise.withResolvers<never>();
  setTimeout(
    () => reject(new Error(`The daemon did not answer within ${HAND_OVER_MS_MAX} ms.`)),
    HAND_OVER_MS_MAX,
  );
  try {
    await Promise.race([tooLong, handOver(connectTo(plan.dataFolder), plan.dataFolder, record)]);
    return { accepted: true };
  } catch (error) {
    return { accepted: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

function writeEnd(runEnd: RunEnd): void {
  writeDurably(files.end, JSON.stringify(runEnd));
}
