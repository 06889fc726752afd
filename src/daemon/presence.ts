import { rmSync } from "node:fs";
import { join } from "node:path";
import { isLoopback } from "../http/authority.ts";
import { readOwnFile } from "../private-folder.ts";
import { writeDurably } from "./durable-file.ts";

const BYTES_MAX = 4_096;

/** How the commands find the daemon of a data folder. */
export interface Presence {
  readonly pid: number;
  readonly url: string;
  readonly startedAtMs: number;
}

export function announce(dataFolder: string, presence: Presence): void {
  writeDurably(fileIn(dataFolder), JSON.stringify(presence));
}

/** Removes the announcement, unless a newer daemon has made its own. */
export function withdraw(dataFolder: string, pid: number): void {
  if (presenceIn(dataFolder)?.pid === pid) rmSync(fileIn(dataFolder), { force: true });
}

/** The daemon that announced itself last, if it did not stop in order since. It may be dead. */
export function presenceIn(dataFolder: string): Presence | undefined {
  try {
    const announced: unknown = JSON.parse(readOwnFile(fileIn(dataFolder), BYTES_MAX));
    return isPresence(announced) ? announced : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Who follows an announcement sends the token there: it leads to this machine, or nowhere. Looked at by hand: loading a library
 * for it would take a third of the time in which a command is done.
 */
function isPresence(announced: unknown): announced is Presence {
  const { pid, url, startedAtMs } = Object(announced) as Partial<Record<keyof Presence, unknown>>;
  if (!Number.isSafeInteger(pid) || Number(pid) < 1 || typeof startedAtMs !== "number") return false;
  return typeof url === "string" && isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ""));
}

function fileIn(dataFolder: string): string {
  return join(dataFolder, "daemon.json");
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There, but somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
