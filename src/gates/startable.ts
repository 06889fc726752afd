import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { CommandOptions } from "../agents/child.ts";
import { LubdubError } from "../errors.ts";

/** @throws LubdubError `LUBDUB_CONFIG_INVALID` when there is no such folder or program. Nothing is started. */
export function checkCommand({ argv, cwd = ".", env }: CommandOptions, whose = "a gate"): void {
  const program = argv[0] ?? "";
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw invalid(`the folder \`${cwd}\` of ${whose}'s command to exist`, "no such folder");
  const folders = (env?.["PATH"] ?? process.env["PATH"] ?? "").split(delimiter);
  const places = program.includes("/")
    ? [resolve(cwd, program)]
    : folders.map((folder) => join(folder, program));
  if (program === "" || !places.some(isProgram))
    throw invalid(
      `the program \`${program}\` of ${whose}'s command to be there and executable`,
      "no such program",
    );
}

/** @throws LubdubError `LUBDUB_CONFIG_INVALID` when the file cannot be opened, or the query cannot be read */
export function checkSql({ file, query }: { readonly file: string; readonly query: string }): void {
  try {
    using database = new DatabaseSync(file, { readOnly: true });
    database.prepare(query);
  } catch (error) {
    throw invalid(`a gate's query on \`${file}\` to be possible`, (error as Error).message, error);
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function invalid(expected: string, got: string, cause?: unknown): LubdubError {
  return new LubdubError("LUBDUB_CONFIG_INVALID", { expected, got, fix: "Correct it.", cause });
}
