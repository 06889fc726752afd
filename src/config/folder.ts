import { lstatSync, mkdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { LubdubError, shown } from "../errors.ts";

const OWNER_ONLY = 0o700;

/**
 * The data folder: what `--data` says, else the variable `LUBDUB_DATA`, else `~/.lubdub`. An absolute path; it need not
 * exist yet.
 *
 * @throws LubdubError `LUBDUB_DATA_FOLDER_INVALID` for an empty name
 */
export function dataFolder(
  data?: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const [name, from] = data === undefined ? [env["LUBDUB_DATA"], "LUBDUB_DATA"] : [data, "--data"];
  if (name === undefined) return join(env["HOME"] || homedir(), ".lubdub");
  if (name.trim() === "" || name.includes("\0")) {
    throw new LubdubError("LUBDUB_DATA_FOLDER_INVALID", {
      expected: `${from} to name a folder`,
      got: shown(name),
      fix: "Name one, or leave it out to use ~/.lubdub.",
    });
  }
  return resolve(name);
}

/**
 * Makes the data folder if it is not there (mode 0700), and refuses one that others may read or write: it holds the token
 * and what people said.
 *
 * @throws LubdubError `LUBDUB_DATA_FOLDER_INVALID`
 */
export function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: OWNER_ONLY });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const got = code === "EEXIST" || code === "ENOTDIR" ? "a file of that name" : message;
    throw refusal(folder, "a folder that can be made", got, "Name another folder with --data.");
  }
  const stat = lstatSync(folder).isSymbolicLink() ? statSync(folder) : lstatSync(folder);
  const userId = process.getuid?.();
  if (userId === undefined) return;
  if (stat.uid !== userId) {
    const got = `a folder of user ${stat.uid}`;
    throw refusal(folder, `your own folder (user ${userId})`, got, "Name another folder with --data.");
  }
  if ((stat.mode & 0o077) !== 0) {
    const got = `mode ${(stat.mode & 0o777).toString(8)}: others may look into it`;
    throw refusal(folder, "mode 700", got, `Type: chmod 700 '${folder}'`);
  }
}

function refusal(folder: string, expected: string, got: string, fix: string): LubdubError {
  return new LubdubError("LUBDUB_DATA_FOLDER_INVALID", {
    expected: `the data folder \`${folder}\` to be ${expected}`,
    got,
    fix,
  });
}
