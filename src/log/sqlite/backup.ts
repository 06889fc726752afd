import { closeSync, fsyncSync, openSync, rmSync } from "node:fs";
import { backup as copyPages, DatabaseSync } from "node:sqlite";
import { LubdubError } from "../../errors.ts";
import { FILE_MODE } from "../../private-folder.ts";
import { asStoreError } from "./failures.ts";

/** More than any database has: all pages are copied in one read, which a writer neither restarts nor waits for. */
const ALL_PAGES = 2 ** 31 - 1;

/**
 * A consistent copy into a new file, synced to disk. It is made over a connection of its own, beside the event loop. What was
 * forgotten is not in it: the writer overwrites what it frees (`secure_delete`).
 */
export async function backup(file: string, target: string): Promise<void> {
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
    using reader = new DatabaseSync(file, { readOnly: true });
    await copyPages(reader, target, { rate: ALL_PAGES });
    sync(target);
  } catch (error) {
    rmSync(target, { force: true });
    throw asStoreError(error, file);
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
