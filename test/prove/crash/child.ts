import { mkdirSync, openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LubdubError } from "../../../src/errors.ts";
import { createHeartbeat } from "../../../src/heartbeat.ts";
import { sqliteStore } from "../../../src/log/sqlite/index.ts";
import type { Heartbeat, Outcome, RunRequest } from "../../../src/index.ts";
import { mulberry32 } from "../../support/simulated-clock.ts";
import { dataFolder, fromText, historyFile, textOf, type Entry } from "./history.ts";

/**
 * A process that embeds Lubdub, to be killed: `child.ts FOLDER PROCESS MODE`. `load` sends until it dies, `drain` ends when
 * everything that was sent before is handled, a number sends so many bursts and then drains.
 */
const [folder = "", processNumber = "0", mode = "load"] = process.argv.slice(2);
const random = mulberry32(Number(processNumber));

/** Look-alikes on purpose: case, a trailing dot, two ways to write one letter, a prefix. */
const KEYS = [
  "agent:main:a",
  "agent:main:A",
  "agent:main:a.",
  "agent:caf\u00e9",
  "agent:cafe\u0301",
  "agent:main",
] as const;
const BURST_MAX = 8;
const PRODUCERS = 3;
const NUMBERS_PER_PROCESS = 1_000_000;

mkdirSync(folder, { recursive: true });
const file = openSync(historyFile(folder), "a");
const note = (entry: Entry): void => void writeSync(file, `${JSON.stringify(entry)}\n`);
writeSync(file, "\n"); // ends the line that the process before may have died in
note({ type: "started", process: Number(processNumber) });
process.stdout.write("ready\n");

try {
  const heartbeat = createHeartbeat({
    store: sqliteStore({ folder: dataFolder(folder) }),
    run,
    coalesceMs: 1,
    batchMax: 7,
    queueMax: 10_000,
    maxAttempts: 1_000,
    busyBackoff: { baseMs: 1, capMs: 5 },
    failedBackoff: { baseMs: 1, capMs: 5 },
    checkpointRecords: 60,
    checkpointSlice: 3,
    dedupeWindowMs: 200,
    retainMs: 200,
  });
  process.stdout.write("open\n");
  heartbeat.subscribe((record) => {
    if (record.type !== "run.ran" && record.type !== "run.failed" && record.type !== "run.skipped") return;
    const { runId } = record.facts;
    note({ type: "ended", runId, ran: record.type === "run.ran", position: record.position });
  });
  await load(heartbeat, mode === "load" ? Infinity : mode === "drain" ? 0 : Number(mode));
  await drained(heartbeat);
  await heartbeat.close();
  note({ type: "drained" });
} catch (error) {
  if (!(error instanceof LubdubError)) throw error;
  // A store that fails says so; the process ends, and the next one goes on from the disk.
  note({ type: "refused", code: error.code });
  process.exit(75);
}

async function load(heartbeat: Heartbeat, bursts: number): Promise<void> {
  let n = Number(processNumber) * NUMBERS_PER_PROCESS;
  const produce = async (): Promise<void> => {
    for (let burst = 0; burst < bursts; burst++) {
      const size = 1 + Math.floor(random() * BURST_MAX);
      await Promise.all(Array.from({ length: size }, () => send(heartbeat, n++)));
      await sleep(random() * 2);
    }
  };
  await Promise.all(Array.from({ length: PRODUCERS }, produce));
}

async function send(heartbeat: Heartbeat, n: number): Promise<void> {
  const key = KEYS[Math.floor(random() * KEYS.length)] ?? KEYS[0];
  const isWake = random() < 0.8;
  const dedupeKey = random() < 0.1 ? `${n}` : undefined;
  const options = { sessionKey: key, ...(dedupeKey === undefined ? {} : { dedupeKey }) };
  note({ type: "sent", key, n });
  const call = () => {
    const text = textOf(key, n);
    return isWake ? heartbeat.wake(text, options) : heartbeat.enqueueSystemEvent(text, options);
  };
  const answers = [call()];
  if (dedupeKey !== undefined) answers.push(call());
  for (const { eventId = "", position } of await Promise.all(answers))
    note({ type: "acked", key, n, eventId, position });
}

async function run({ sessionKey, wakeId, runId, attempt, events }: RunRequest): Promise<Outcome> {
  const seen = events.map(({ eventId, sessionKey: key, text }) => ({ eventId, key, ...fromText(text) }));
  note({ type: "run", key: sessionKey, wakeId, runId, attempt, events: seen });
  if (random() < 0.5) await sleep(random() * 3);
  const outcome = answer(random());
  note({ type: "answered", runId, ran: outcome.status === "ran" });
  return outcome;
}

function answer(dice: number): Outcome {
  if (dice < 0.1) return { status: "skipped", reason: "requests-in-flight", retryAfterMs: 1 };
  if (dice < 0.2) return { status: "failed", reason: "no luck" };
  return { status: "ran" };
}

async function drained(heartbeat: Heartbeat): Promise<void> {
  for (;;) {
    const sessions = await heartbeat.sessions({ limit: 100 });
    const waiting = sessions.filter(({ queued }) => queued > 0);
    if (waiting.length === 0) return;
    // Events that were queued without a wake wait for one.
    for (const { sessionKey } of waiting) await heartbeat.requestHeartbeatNow({ sessionKey });
    await sleep(5);
  }
}
