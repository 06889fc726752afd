import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connect, type Heartbeat } from "../../../src/client/index.ts";
import type { Config } from "../../../src/config/schema.ts";
import { tokenFile } from "../../../src/config/token.ts";
import { dataFolder } from "./history.ts";
import { COMPILED, type ChildEnd } from "./spawn.ts";

/** The program that is shipped: `npm run build` makes it. */
const PROGRAM = fileURLToPath(new URL("../../../bin/lubdub.js", import.meta.url));

/** The flood guard would hold back for minutes what a load asks for in seconds. */
export const WITHOUT_FLOOD_GUARD = { session: { flood: false } } as const;

/** Why there is no daemon to start. */
export function programMissing(): string | undefined {
  const built = new URL("../../../dist/src/cli/main.js", import.meta.url);
  return existsSync(built) ? undefined : "the daemon is not built: npm run build";
}

export interface RunningDaemon {
  readonly process: ChildProcess;
  /** Its address, once it serves; undefined when it ended before. */
  readonly url: Promise<string | undefined>;
  readonly ended: Promise<ChildEnd>;
}

/** `lubdub up` in a process of its own, on a free port of this machine, with its data in the folder. */
export function startDaemon(
  folder: string,
  config: Config,
  { execArgv = [], env = {} }: { execArgv?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): RunningDaemon {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "lubdub.config.json");
  writeFileSync(file, JSON.stringify({ port: 0, ...config }));
  const up = ["up", "--json", "--config", file, "--data", dataFolder(folder)];
  const child = spawn(process.execPath, [...execArgv, PROGRAM, ...up], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...COMPILED, ...env },
  });
  const ended = Promise.withResolvers<ChildEnd>();
  const url = Promise.withResolvers<string | undefined>();
  let said = "";
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    if (said.endsWith("\n")) url.resolve((JSON.parse(said) as { url: string }).url);
  });
  child.on("error", ended.reject);
  child.on("close", (code, signal) => {
    url.resolve(undefined);
    ended.resolve({ code, signal, stderr });
  });
  return { process: child, url: url.promise, ended: ended.promise };
}

/** A client of it, as any program on this machine would have. */
export function clientOf(folder: string, url: string): Heartbeat {
  return connect({ url, token: readFileSync(tokenFile(dataFolder(folder)), "utf8").trim() });
}

const HANDLED_MS_MAX = 120_000;

/** Waits until nothing runs and nothing is due. @returns false when that takes more than two minutes */
export async function isHandled(heartbeat: Heartbeat): Promise<boolean> {
  const untilMs = performance.now() + HANDLED_MS_MAX;
  while (performance.now() < untilMs) {
    const { runsInFlight, lanesDue } = await heartbeat.status();
    if (runsInFlight === 0 && lanesDue === 0) return true;
    await sleep(50);
  }
  return false;
}
