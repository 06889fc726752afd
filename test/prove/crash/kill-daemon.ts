import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Heartbeat } from "../../../src/client/index.ts";
import { verifyStore } from "../../../src/log/sqlite/index.ts";
import { mulberry32 } from "../../support/simulated-clock.ts";
import { agentServer } from "./agent-server.ts";
import { checkHistory } from "./check-history.ts";
import { clientOf, startDaemon, WITHOUT_FLOOD_GUARD } from "./daemon.ts";
import { dataFolder, type Entry } from "./history.ts";
import type { KillReport } from "./kill-embedded.ts";
import { producers, type Producers } from "./producers.ts";

/** So many of the kills meet the start: opening the log, recovering, going on with what the process before left. */
const KILL_AT_START = 0.3;
/** The others come after so many answers, and a moment more. */
const ANSWERS_MAX = 150;
const ANSWERS_MS_MAX = 2_000;
const KILL_MS_MAX = 10;
const DRAIN_MS_MAX = 120_000;
const SETTINGS = {
  coalesceMs: 1,
  queueMax: 10_000,
  maxAttempts: 1_000,
  limits: WITHOUT_FLOOD_GUARD,
} as const;

/** Everything that outlives the daemons of one folder. */
interface Stage {
  readonly folder: string;
  readonly random: () => number;
  readonly history: Entry[];
  readonly violations: string[];
  readonly callers: Producers;
  readonly configFor: (process: number) => Parameters<typeof startDaemon>[1];
}

/** Kills the shipped daemon so many times over one folder, lets the last one end its work, and judges from outside. */
export async function killDaemon(
  seed: number,
  cycles: number,
  onCycle: () => void = () => {},
): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), "lubdub-kill-daemon-"));
  const random = mulberry32(seed);
  const history: Entry[] = [];
  const note = (entry: Entry): void => void history.push(entry);
  await using agent = await agentServer(random, note);
  const stage: Stage = {
    folder,
    random,
    history,
    violations: [],
    callers: producers(random, note),
    configFor: (process) => ({ agents: [{ match: "*", http: { url: agent.urlFor(process) } }], ...SETTINGS }),
  };
  let startMs = 0;
  for (let process = 1; process <= cycles; process++) {
    const isStart = process > 1 && random() < KILL_AT_START;
    if (isStart) await killInStart(stage, process, startMs);
    else startMs = await killInLoad(stage, process);
    onCycle();
  }
  agent.behave();
  await endWell(stage, cycles + 1);
  const { violations: seen, ...counts } = checkHistory(history);
  const problems = verifyStore(dataFolder(folder)).problems.map(
    ({ code, detail }) => `S15 ${code} ${detail}`,
  );
  const all = [...stage.violations, ...seen, ...problems];
  if (all.length === 0) rmSync(folder, { recursive: true });
  else
    writeFileSync(
      join(folder, "history.jsonl"),
      history.map((entry) => `${JSON.stringify(entry)}\n`).join(""),
    );
  return {
    counts: { cycles, ...counts, unknown: stage.callers.unknown() },
    violations: all.map((violation) => `${violation} (kept: ${folder})`),
  };
}

function start({ folder, history, configFor }: Stage, process: number): ReturnType<typeof startDaemon> {
  history.push({ type: "started", process });
  return startDaemon(folder, configFor(process));
}

async function killInStart(stage: Stage, process: number, startMs: number): Promise<void> {
  const daemon = start(stage, process);
  await sleep(stage.random() * startMs);
  await kill(stage, daemon, process);
}

/** @returns how long it took to start */
async function killInLoad(stage: Stage, process: number): Promise<number> {
  const begun = performance.now();
  const daemon = start(stage, process);
  const url = await daemon.url;
  const startMs = performance.now() - begun;
  if (url !== undefined) {
    await using heartbeat = clientOf(stage.folder, url);
    const calls = stage.callers.call(heartbeat);
    const enough = calls.answered(Math.floor(stage.random() * ANSWERS_MAX));
    await Promise.race([enough, sleep(ANSWERS_MS_MAX)]);
    await sleep(stage.random() * KILL_MS_MAX);
    await kill(stage, daemon, process);
    await calls.stop();
  } else await kill(stage, daemon, process);
  return startMs;
}

async function kill({ violations }: Stage, daemon: ReturnType<typeof start>, process: number): Promise<void> {
  daemon.process.kill("SIGKILL");
  const { code, signal, stderr } = await daemon.ended;
  if (signal !== "SIGKILL")
    violations.push(`process ${process} ended before it was killed: ${code} ${stderr}`);
}

/** The last one empties all queues, and stops in order when it is asked to. */
async function endWell(stage: Stage, process: number): Promise<void> {
  const daemon = start(stage, process);
  const url = await daemon.url;
  if (url !== undefined && (await isDrained(stage, clientOf(stage.folder, url))))
    stage.history.push({ type: "drained" });
  daemon.process.kill("SIGTERM");
  const { code, stderr } = await daemon.ended;
  if (code !== 0) stage.violations.push(`the last process did not end well: ${code} ${stderr}`);
}

async function isDrained(stage: Stage, heartbeat: Heartbeat): Promise<boolean> {
  await using _ = heartbeat;
  const until = performance.now() + DRAIN_MS_MAX;
  await stage.callers.repeat(heartbeat);
  while (performance.now() < until) {
    const waiting = (await heartbeat.sessions({ limit: 100 })).filter(({ queued }) => queued > 0);
    if (waiting.length === 0) return true;
    // Pauses after failures are long by then: a manual wake cuts them short.
    for (const { sessionKey } of waiting) await heartbeat.requestHeartbeat({ sessionKey, intent: "manual" });
    await sleep(20);
  }
  return false;
}
