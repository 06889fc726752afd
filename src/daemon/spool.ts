import { readdirSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { LubdubError, type ErrorCode } from "../errors.ts";
import type { Heartbeat } from "../index.ts";
import { readOwnFile } from "../private-folder.ts";
import { showHidden } from "../hidden.ts";
import { handOver, spoolFolder, type ExitRecord } from "./exit-record.ts";

const schema = z.strictObject({
  runId: z.string().regex(/^x-[0-9a-f-]{1,64}$/),
  sessionKey: z.string(),
  reason: z.string(),
  command: z.array(z.string()).min(1),
  startedAtMs: z.number(),
  durationMs: z.number(),
  exitCode: z.number().int().nullable(),
  signal: z.string().nullable(),
  tail: z.string(),
  cause: z.string().optional(),
}) satisfies z.ZodType<ExitRecord>;

/**
 * Hands over everything that waits in the spool, oldest first. What cannot be read or will never be accepted is set
 * aside as `.bad`, never deleted; everything else stays for the next time.
 * @returns how many were accepted
 */
export async function takeIn(
  heartbeat: Heartbeat,
  dataFolder: string,
  say: (line: string) => void,
): Promise<number> {
  let taken = 0;
  for (const name of waiting(dataFolder)) {
    const file = join(spoolFolder(dataFolder), name);
    try {
      await handOver(heartbeat, dataFolder, readRecord(file));
      taken += 1;
    } catch (error) {
      if (isGone(error)) continue;
      const kept = isHopeless(error) ? `${file}.bad` : file;
      if (kept !== file) renameSync(file, kept);
      const message = error instanceof Error ? error.message : String(error);
      say(
        `The end of a background command could not be taken in. ${showHidden(message)} It is kept in ${kept}`,
      );
    }
  }
  return taken;
}

/** Names of the records that wait, oldest first. */
export function waiting(dataFolder: string): readonly string[] {
  return names(dataFolder).filter((name) => name.endsWith(".json"));
}

/** Names of the records that were set aside. */
export function setAside(dataFolder: string): readonly string[] {
  return names(dataFolder).filter((name) => name.endsWith(".bad"));
}

/** A command line may be as long as the system allows. */
const RECORD_BYTES_MAX = 16 * 1024 * 1024;

const HOPELESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "LUBDUB_DATA_FOLDER_INVALID",
  "LUBDUB_INPUT_INVALID",
  "LUBDUB_SESSION_KEY_INVALID",
  "LUBDUB_TEXT_INVALID",
  "LUBDUB_TOO_LARGE",
]);

function isHopeless(error: unknown): boolean {
  return error instanceof LubdubError && HOPELESS.has(error.code);
}

/** Its watcher handed it over in the meantime. */
function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** A record under another name than its own would be handed over and then another one removed. */
function readRecord(file: string): ExitRecord {
  const text = readOwnFile(file, RECORD_BYTES_MAX);
  const record = parse(text);
  if (record !== undefined && `${record.runId}.json` === basename(file)) return record;
  throw new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: "the record of a command that ended, under its own name",
    got: record === undefined ? "a file of another shape" : `that of ${record.runId}`,
  });
}

function parse(text: string): ExitRecord | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function names(dataFolder: string): readonly string[] {
  try {
    return readdirSync(spoolFolder(dataFolder)).toSorted();
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}
