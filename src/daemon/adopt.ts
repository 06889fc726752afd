import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { shown } from "../errors.ts";
import { showHidden } from "../hidden.ts";
import { spoolFile, writeToSpool } from "./exit-record.ts";
import { filesOf, planIn, readIfThere, runsFolder, type RunPlan, type RunWatch } from "./run-folder.ts";
import { tailOf } from "./tail.ts";

/** How long a watcher may take to begin. */
const BEGIN_MS_MAX = 60_000;
/** How long the output of a command that ended is kept. */
const KEPT_MS = 7 * 86_400_000;

/**
 * Looks after the commands whose watcher died with the machine, or was killed: their end was seen by nobody, and the
 * session is told that. Also removes what is old.
 */
export function tidyRuns(dataFolder: string, nowMs: number, say: (line: string) => void): void {
  for (const runId of existsSync(runsFolder(dataFolder)) ? readdirSync(runsFolder(dataFolder)) : []) {
    try {
      tidyRun(dataFolder, runId, nowMs);
    } catch (error) {
      // One damaged folder must not keep the others from being looked after.
      const why = error instanceof Error ? error.message : String(error);
      say(`The background command ${shown(runId)} could not be looked after: ${showHidden(why)}`);
    }
  }
}

function tidyRun(dataFolder: string, runId: string, nowMs: number): void {
  const folder = join(runsFolder(dataFolder), runId);
  const files = filesOf(folder);
  const plan = planIn(folder);
  if (plan === undefined) return;
  const isOver = existsSync(files.end);
  if (isOver && nowMs - statSync(files.end).mtimeMs > KEPT_MS && !existsSync(spoolFile(dataFolder, runId))) {
    rmSync(folder, { recursive: true });
  } else if (!isOver && nowMs - plan.startedAtMs > BEGIN_MS_MAX && !isWatched(files.watch, runId)) {
    adopt(dataFolder, plan, nowMs);
  }
}

/** A watcher writes the spool before the end: without an end, nothing was handed over yet. */
function adopt(dataFolder: string, plan: RunPlan, nowMs: number): void {
  const files = filesOf(join(runsFolder(dataFolder), plan.runId));
  if (existsSync(spoolFile(dataFolder, plan.runId))) return;
  const { runId, sessionKey, reason, command, startedAtMs, cause } = plan;
  const tail = existsSync(files.stdout) && existsSync(files.stderr) ? tailOf(files) : "";
  const durationMs = Math.max(0, nowMs - startedAtMs);
  writeToSpool(dataFolder, {
    runId,
    sessionKey,
    reason,
    command,
    startedAtMs,
    cause,
    durationMs,
    exitCode: null,
    signal: null,
    tail,
  });
}

function isWatched(watchFile: string, runId: string): boolean {
  const watch = readIfThere<RunWatch>(watchFile);
  if (watch === undefined) return false;
  try {
    process.kill(watch.watcherPid, 0);
    // The process id may have been given to somebody else since.
    return (
      process.platform !== "linux" ||
      readFileSync(`/proc/${watch.watcherPid}/cmdline`, "utf8").includes(runId)
    );
  } catch {
    return false;
  }
}
