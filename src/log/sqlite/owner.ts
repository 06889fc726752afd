import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LubdubError } from "../../errors.ts";
import { asStoreError, isBusy } from "./failures.ts";
import { FILE_MODE, preparePrivateFile } from "../../private-folder.ts";

/** So long a second owner waits for one that is just closing. */
const WAIT_MS = 250;

/**
 * One owner per data folder. The owner holds an exclusive lock on `owner.db`, an empty database, for life: the system takes it
 * back when the process dies, however it dies. Nothing else may open that file: closing any handle of it in this
 * process would give the lock up. So the owner's process id lies in `owner.pid` beside it, for the message only.
 *
 * @throws LubdubError `LUBDUB_DATA_FOLDER_OWNED`
 */
export function takeOwnership(folder: string): Disposable {
  const lockFile = join(folder, "owner.db");
  const pidFile = join(folder, "owner.pid");
  preparePrivateFile(lockFile);
  const lock = new DatabaseSync(lockFile, { timeout: WAIT_MS });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    writeFileSync(pidFile, `${process.pid}\n`, { mode: FILE_MODE });
  } catch (error) {
    lock.close();
    if (isBusy(error)) throw owned(folder, readPid(pidFile));
    throw asStoreError(error, lockFile);
  }
  return { [Symbol.dispose]: () => lock.close() };
}

function readPid(pidFile: string): string {
  try {
    return `process ${Number.parseInt(readFileSync(pidFile, "utf8"), 10) || "unknown"}`;
  } catch {
    return "an unknown process";
  }
}

function owned(folder: string, by: string): LubdubError {
  return new LubdubError("LUBDUB_DATA_FOLDER_OWNED", {
    expected: `the data folder ${folder} to have no owner`,
    got: `it is in use by ${by}`,
    fix: "Stop that one, or name another data folder.",
  });
}
