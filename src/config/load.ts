import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { LubdubError } from "../errors.ts";
import { explain, fieldName } from "./explain.ts";
import { configSchema, type Config, type ResolvedConfig } from "./schema.ts";

/** Looked for in the working folder. */
export const CONFIG_FILES = ["lubdub.config.ts", "lubdub.config.js", "lubdub.config.json"] as const;

export interface LoadedConfig extends ResolvedConfig {
  /** The file it came from; null when there is none and the defaults hold. */
  readonly file: string | null;
  /** What relative paths in it are relative to: the folder of the file, or the working folder. */
  readonly folder: string;
}

/**
 * Gives a `lubdub.config.ts` its types.
 *
 * @example export default defineConfig({ agents: [{ match: "agent:main:*", command: { argv: ["node", "agent.js"] } }] });
 */
export function defineConfig(config: Config): Config {
  return config;
}

/**
 * Loads the configuration: the named file, or the one `lubdub.config.ts`, `.js` or `.json` in the folder, or the defaults.
 *
 * @param file - as given by `--config`; relative to `folder`
 * @param folder - where to look. @default the working folder
 * @throws LubdubError `LUBDUB_CONFIG_INVALID` that names the file and the field, what was expected and what was got
 */
export async function loadConfig(file?: string, folder: string = process.cwd()): Promise<LoadedConfig> {
  const path = file === undefined ? findConfig(folder) : resolve(folder, file);
  const value = path === null ? {} : await read(path);
  refuseSwallowed(value, path ?? folder);
  const result = configSchema.safeParse(value);
  if (!result.success) throw explain(result.error, value, path ?? folder);
  return { ...result.data, file: path, folder: path === null ? folder : dirname(path) };
}

/** Deeper than any field of a configuration. */
const DEPTH_MAX = 16;

/** The schema leaves out a field of this name without a word: a route or a pattern would be another one than what was written. */
function refuseSwallowed(value: unknown, file: string, path: readonly PropertyKey[] = []): void {
  if (typeof value !== "object" || value === null || path.length > DEPTH_MAX) return;
  if (Object.hasOwn(value, "__proto__")) {
    throw new LubdubError("LUBDUB_CONFIG_INVALID", {
      expected: `no field \`__proto__\` in \`${fieldName(path)}\` in \`${file}\``,
      got: "one",
      fix: "Rename it.",
    });
  }
  for (const [name, inner] of Object.entries(value))
    refuseSwallowed(inner, file, [...path, Array.isArray(value) ? Number(name) : name]);
}

function findConfig(folder: string): string | null {
  const found = CONFIG_FILES.map((name) => join(folder, name)).filter((path) => existsSync(path));
  if (found.length <= 1) return found[0] ?? null;
  throw new LubdubError("LUBDUB_CONFIG_INVALID", {
    expected: `one configuration file in \`${folder}\``,
    got: found.map((path) => `\`${path}\``).join(", "),
    fix: "Remove all but one, or name one with --config.",
  });
}

async function read(path: string): Promise<unknown> {
  const extension = extname(path);
  if (!existsSync(path)) {
    throw new LubdubError("LUBDUB_CONFIG_INVALID", {
      expected: `the configuration file \`${path}\` to exist`,
      got: "no such file",
      fix: "Correct the path, or leave it out to use the defaults.",
    });
  }
  if (!EXTENSIONS.has(extension)) {
    throw new LubdubError("LUBDUB_CONFIG_INVALID", {
      expected: `the configuration file \`${path}\` to end in ${[...EXTENSIONS].join(", ")}`,
      got: extension === "" ? "no extension" : `\`${extension}\``,
      fix: "Rename it.",
    });
  }
  try {
    return extension === ".json" ? readJson(path) : await readModule(path);
  } catch (error) {
    if (error instanceof LubdubError) throw error;
    throw new LubdubError("LUBDUB_CONFIG_INVALID", {
      expected: `the configuration file \`${path}\` to load`,
      got: error instanceof Error ? error.message : String(error),
      fix: extension === ".json" ? "Write valid JSON." : "Correct the file.",
      cause: error,
    });
  }
}

const EXTENSIONS: ReadonlySet<string> = new Set([".ts", ".mts", ".js", ".mjs", ".json"]);

/** Some editors begin a file with a byte order mark. */
function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));
}

async function readModule(path: string): Promise<unknown> {
  const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  if (loaded.default !== undefined) return loaded.default;
  throw new LubdubError("LUBDUB_CONFIG_INVALID", {
    expected: `a default export in \`${path}\``,
    got: Object.keys(loaded).join(", ") || "no exports",
    fix: "Write: export default defineConfig({ ... });",
  });
}
