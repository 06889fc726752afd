import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { LubdubError, shown } from "../errors.ts";

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
