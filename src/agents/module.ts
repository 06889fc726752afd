import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { LubdubError } from "../errors.ts";
import type { RunHandler } from "../vocabulary.ts";

export interface ModuleOptions {
  /** A JavaScript or TypeScript file whose default export is the function. */
  readonly file: string;
  /** What a relative `file` is relative to. @default the working folder of this process */
  readonly folder?: string;
}

/**
 * Loads an agent from a file, once; problems show at the start and not at the first wake.
 *
 * @throws LubdubError `LUBDUB_CONFIG_INVALID`: no such file, it cannot be loaded, or its default export is no function
 * @example await moduleAgent({ file: "./agent.ts" })
 */
export const moduleAgent = (options: ModuleOptions): Promise<RunHandler> => functionOf(options);

/** The function that is the default export of a file. @throws LubdubError `LUBDUB_CONFIG_INVALID` */
export async function functionOf<Handler>({ file, folder = process.cwd() }: ModuleOptions): Promise<Handler> {
  const path = resolve(folder, file);
  if (!existsSync(path)) {
    throw invalid(`the file \`${path}\` to exist`, "no such file", "Correct `module.file`.");
  }
  const loaded = await load(path);
  if (!("default" in loaded)) {
    const names = Object.keys(loaded).join(", ") || "no exports";
    throw invalid(`a default export in \`${path}\``, names, EXAMPLE);
  }
  if (typeof loaded.default !== "function") {
    throw invalid(`the default export of \`${path}\` to be a function`, typeof loaded.default, EXAMPLE);
  }
  return loaded.default as Handler;
}

const EXAMPLE = "Write: export default async (request) => { ... };";

async function load(path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw invalid(`the file \`${path}\` to load`, message, "Correct the file.", error);
  }
}

function invalid(expected: string, got: string, fix: string, cause?: unknown): LubdubError {
  return new LubdubError("LUBDUB_CONFIG_INVALID", { expected, got, fix, cause });
}
