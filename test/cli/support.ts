import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach } from "vitest";
import { connect, type Heartbeat } from "../../src/client/index.ts";

export const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts");
/** The tests start the command line a hundred times: compiled once, it starts in half the time. */
const COMPILE_CACHE = resolve(import.meta.dirname, "../../node_modules/.cache/lubdub-tests");
/** Nothing takes so long: this is when a crowded machine counts as hanging. */
const DEADLINE_MS = 90_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout(): string;
  stderr(): string;
}

/** Processes and folders that end together. */
class Lot {
  readonly children = new Set<ChildProcess>();
  readonly folders: string[] = [];

  async end(): Promise<void> {
    const ends = [...this.children].map((child) => new Promise((done) => child.once("exit", done)));
    for (const child of this.children) child.kill("SIGKILL");
    await Promise.all(ends);
    for (const folder of this.folders.splice(0)) {
      rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
    }
  }
}

const LOTS = { test: new Lot(), file: new Lot() } as const;
afterEach(() => LOTS.test.end());
afterAll(() => LOTS.file.end());

/** A folder of its own with a data folder, a configuration and an agent that answers as it is told. It ends with its test, or with the file. */
export function workplace(endsWith: keyof typeof LOTS = "test"): Workplace {
  const folder = mkdtempSync(join(tmpdir(), "lubdub-cli-"));
  const lot = LOTS[endsWith];
  lot.folders.push(folder);
  return new Workplace(folder, lot);
}

export class Workplace {
  readonly folder: string;
  readonly data: string;
  readonly #lot: Lot;

  constructor(folder: string, lot: Lot) {
    this.folder = folder;
    this.#lot = lot;
    this.data = join(folder, "data");
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): string {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), "utf8") : "";
  }

  /** The agent writes down each call as one JSON line, and then does `script`, which sees `calls` (their number so far). */
  agent(script: string, settings: object = {}): void {
    writeFileSync(
      this.path("agent.mjs"),
      `import { appendFileSync, existsSync, readFileSync } from "node:fs";
const folder = ${JSON.stringify(this.folder)};
const file = folder + "/calls.jsonl";
const { LUBDUB_SESSION_KEY: key, LUBDUB_WAKE_ID: wakeId, LUBDUB_RUN_ID: runId, LUBDUB_ATTEMPT: attempt } = process.env;
const prompt = readFileSync(0, "utf8");
appendFileSync(file, JSON.stringify({ key, wakeId, runId, attempt, prompt }) + "\\n");
const calls = readFileSync(file, "utf8").trim().split("\\n").length;
const waitFor = async (name) => { while (existsSync(folder) && !existsSync(folder + "/" + name)) await new Promise((go) => setTimeout(go, 20)); };
${script}`,
    );
    const argv = [process.execPath, this.path("agent.mjs")];
    this.config({ agents: [{ match: "*", command: { argv } }], coalesceMs: 0, ...settings });
  }

  config(config: object): void {
    writeFileSync(this.path("lubdub.config.json"), JSON.stringify(config));
  }

  calls(): readonly Call[] {
    return this.read("calls.jsonl")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Call);
  }

  start(args: readonly string[], options: SpawnOptions = {}): Running {
    const settings = { cwd: this.folder, env: this.env(), ...options };
    return start(process.execPath, [MAIN, ...args], settings, this.#lot);
  }

  env(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const { LUBDUB_SESSION_KEY: _, ...env } = process.env;
    return { ...env, LUBDUB_DATA: this.data, NODE_COMPILE_CACHE: COMPILE_CACHE, ...more };
  }

  run(...args: string[]): Promise<Ended> {
    return this.start([...args]).ended;
  }

  /** The daemon over HTTP: what it says within a millisecond, where a command needs a process. */
  connect(): Heartbeat {
    return connect({
      url: announced(this.data)?.url ?? "",
      token: readFileSync(join(this.data, "token"), "utf8").trim(),
    });
  }

  /** Starts the daemon, and waits until it serves. */
  async up(...args: string[]): Promise<Running> {
    const daemon = this.start(["up", "--port", "0", ...args]);
    await until(
      () => {
        if (daemon.child.exitCode !== null) throw new Error(`The daemon ended: ${daemon.stderr()}`);
        return announced(this.data)?.pid === daemon.child.pid;
      },
      () => `the daemon serves; it said ${daemon.stderr()}`,
    );
    return daemon;
  }
}

export interface Call {
  readonly key: string;
  readonly wakeId: string;
  readonly runId: string;
  readonly attempt: string;
  readonly prompt: string;
}

export function start(
  file: string,
  args: readonly string[],
  options: SpawnOptions = {},
  { children }: Lot = LOTS.test,
): Running {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  children.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const { promise: ended, resolve: end } = Promise.withResolvers<Ended>();
  child.once("exit", () => children.delete(child));
  child.once("close", (code, signal) => end({ code, signal, stdout, stderr }));
  return { child, ended, stdout: () => stdout, stderr: () => stderr };
}

/** Waits for a condition, with a deadline. */
export async function until(condition: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Not within ${DEADLINE_MS} ms: ${what()}`);
    await delay(20);
  }
}

export function announced(data: string): { readonly pid: number; readonly url: string } | undefined {
  const file = join(data, "daemon.json");
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as { pid: number; url: string })
    : undefined;
}
