import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("child.ts", import.meta.url));
/** Compiled once, so that the next thousand start faster. */
export const COMPILED = { NODE_COMPILE_CACHE: join(tmpdir(), "lubdub-prove-compiled") };
/** A child that takes longer hangs. */
const CHILD_MS_MAX = 120_000;

export interface ChildOptions {
  /** Counts the processes of one folder from 1; seeds its load. */
  readonly process: number;
  readonly mode: "load" | "drain" | number;
  /** When it is killed: so long after it has said this word. */
  readonly kill?: { readonly after: "ready" | "open"; readonly delayMs: number };
  /** Arguments of Node. */
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A program and its arguments that start Node, such as strace. */
  readonly wrapper?: readonly string[];
}

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export async function runChild(folder: string, options: ChildOptions): Promise<ChildEnd> {
  const { wrapper = [], execArgv = [], env = {}, mode, kill } = options;
  const node = [process.execPath, ...execArgv, CHILD, folder, String(options.process), String(mode)];
  const [program = "", ...args] = [...wrapper, ...node];
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...COMPILED, ...env },
  });
  const ended = Promise.withResolvers<ChildEnd>();
  const hang = setTimeout(() => child.kill("SIGKILL"), CHILD_MS_MAX);
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.on("error", ended.reject);
  child.on("close", (code, signal) => ended.resolve({ code, signal, stderr }));
  child.stdout.on("data", (chunk: Buffer) => {
    if (kill !== undefined && chunk.includes(kill.after))
      setTimeout(() => child.kill("SIGKILL"), kill.delayMs);
  });
  try {
    return await ended.promise;
  } finally {
    clearTimeout(hang);
  }
}
