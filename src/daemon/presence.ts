import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isLoopback } from "../http/authority.ts";
import { readOwnFile } from "../private-folder.ts";
import { writeDurably } from "./durable-file.ts";

/** Who follows an announcement sends the token there: it leads to this machine, or nowhere. */
const schema = z.object({
  pid: z.number().int().positive(),
  url: z.url().refine((url) => isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ""))),
  startedAtMs: z.number(),
});
const BYTES_MAX = 4_096;

/** How the commands find the daemon of a data folder. */
export type Presence = z.infer<typeof schema>;

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
    return schema.safeParse(JSON.parse(readOwnFile(fileIn(dataFolder), BYTES_MAX))).data;
  } catch {
    return undefined;
  }
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
