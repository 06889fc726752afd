import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("child.ts", import.meta.url));
/** A child that takes longer hangs. */
const CHILD_MS_MAX = 120_000;

export interface ChildOptions {
  /** Counts the processes of one folder from 1; seeds its load. */
  readonly process: number;
  readonly mode: "load" | "drain" | number;
  /** So long after it is ready it is killed. */
  readonly killAfterMs?: number;
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
  const { wrapper = [], execArgv = [], env = {}, mode, killAfterMs } = options;
  const node = [process.execPath, ...execArgv, CHILD, folder, String(options.process), String(mode)];
  const [program = "", ...args] = [...wrapper, ...node];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  const ended = Promise.withResolvers<ChildEnd>();
  const hang = setTimeout(() => child.kill("SIGKILL"), CHILD_MS_MAX);
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.on("error", ended.reject);
  child.on("close", (code, signal) => ended.resolve({ code, signal, stderr }));
  if (killAfterMs !== undefined) {
    child.stdout.once("data", () => void sleep(killAfterMs).then(() => child.kill("SIGKILL")));
  } else child.stdout.resume();
  try {
    return await ended.promise;
  } finally {
    clearTimeout(hang);
  }
}
