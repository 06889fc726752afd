import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { parseWake } from "../intake/parse.ts";
import { readOwnFile } from "../private-folder.ts";
import { LubdubError, shown } from "../errors.ts";
import { writeDurably } from "./durable-file.ts";
import type { ExitRecord } from "./exit-record.ts";

/** What a watcher is told to do. */
export interface RunPlan {
  readonly runId: string;
  readonly dataFolder: string;
  readonly sessionKey: string;
  readonly reason: string;
  readonly command: readonly string[];
  readonly startedAtMs: number;
  /** The run that started it, if one did. */
  readonly cause?: string | undefined;
}

const planSchema = z.object({
  runId: z.string(),
  dataFolder: z.string(),
  sessionKey: z.string(),
  reason: z.string(),
  command: z.array(z.string()),
  startedAtMs: z.number(),
  cause: z.string().optional(),
}) satisfies z.ZodType<RunPlan>;
/** A command line may be as long as the system allows. */
const PLAN_BYTES_MAX = 16 * 1024 * 1024;

/** Who does it. */
export interface RunWatch {
  readonly watcherPid: number;
  /** Also the id of the command's process group. Absent when it could not be started. */
  readonly commandPid?: number;
}

/** How it went. */
export interface RunEnd {
  readonly record: ExitRecord;
  /** Whether a daemon has accepted the event; if not, the spool keeps it, and `problem` says why. */
  readonly accepted: boolean;
  readonly problem?: string;
}

export function runsFolder(dataFolder: string): string {
  return join(dataFolder, "runs");
}

export function runFolder(dataFolder: string, runId: string): string {
  return join(runsFolder(dataFolder), runId);
}

/** The files of one background run. `watch` and `end` appear as it goes. */
export function filesOf(folder: string) {
  return {
    plan: join(folder, "plan.json"),
    stdout: join(folder, "stdout"),
    stderr: join(folder, "stderr"),
    log: join(folder, "watcher.log"),
    watch: join(folder, "watch.json"),
    end: join(folder, "end.json"),
  } as const;
}

/** Makes the folder and the plan of a run. @throws LubdubError `LUBDUB_SESSION_KEY_INVALID`, `LUBDUB_INPUT_INVALID` */
export function planRun(
  dataFolder: string,
  wish: {
    readonly sessionKey: string;
    readonly reason?: string;
    readonly command: readonly string[];
    readonly cause?: string;
  },
): RunPlan {
  const reason = wish.reason ?? "exec-event";
  const wake = parseWake({ sessionKey: wish.sessionKey, source: "exec-event", reason });
  const startedAtMs = Date.now();
  const runId = `x-${startedAtMs}-${randomBytes(6).toString("hex")}`;
  const { sessionKey } = wake;
  const plan: RunPlan = {
    runId,
    dataFolder,
    sessionKey,
    reason: wake.reason,
    command: wish.command,
    startedAtMs,
    ...(wish.cause && { cause: wish.cause }),
  };
  mkdirSync(runFolder(dataFolder, runId), { recursive: true, mode: 0o700 });
  writeDurably(filesOf(runFolder(dataFolder, runId)).plan, JSON.stringify(plan));
  return plan;
}

/** The plan in a run's folder; undefined while there is none. @throws LubdubError when it is none, or another run's */
export function planIn(folder: string): RunPlan | undefined {
  const { plan: file } = filesOf(folder);
  if (!existsSync(file)) return undefined;
  const plan = parsePlan(readOwnFile(file, PLAN_BYTES_MAX));
  if (plan?.runId === basename(folder)) return plan;
  throw new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: `the plan of the run in ${file}`,
    got: plan === undefined ? "a file of another shape" : `that of ${shown(plan.runId)}`,
    fix: "Look at it, and move its folder away.",
  });
}

function parsePlan(text: string): RunPlan | undefined {
  try {
    return planSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Reads one of a run's own files, once it is there. They appear as a whole. */
export function readIfThere<T>(file: string): T | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as T) : undefined;
}
