import { closeSync, fsyncSync, openSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { LubdubError } from "../../errors.ts";
import { FILE_MODE } from "../../private-folder.ts";

/** A consistent copy into a new file, synced to disk. What was forgotten is not in it. */
export function backup(db: DatabaseSync, target: string): void {
  try {
    closeSync(openSync(target, "wx", FILE_MODE));
  } catch (error) {
    throw new LubdubError("LUBDUB_INPUT_INVALID", {
      expected: "a new file to write the backup into",
      got: (error as Error).message,
      fix: "Name a file that is not there yet, in a folder that is.",
    });
  }
  try {
    db.prepare("VACUUM INTO ?").run(target);
    sync(target);
  } catch (error) {
    rmSync(target, { force: true });
    throw error;
  }
}

function sync(file: string): void {
  const handle = openSync(file, "r+");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
