import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHeartbeat, sqliteStore, type Clock } from "../src/index.ts";
import { systemClock } from "../src/run/clock.ts";

/** `npm run bench:turns`: how long a commit holds the event loop, by processor time: without a part of a checkpoint, and with one, whole or in parts. */

const EVENTS = 24_000;
const EVENTS_A_TURN = 8;
const SESSIONS = 1_000;
const ROUNDS = 3;
const WHOLE = 1_000_000;

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

async function play(checkpointSlice: number) {
  const folder = mkdtempSync(join(tmpdir(), "lubdub-turns-"));
  const plain: number[] = [];
  const checkpoint: number[] = [];
  const disk = sqliteStore({ folder: join(folder, "data") });
  let hasPart = false;
  const store: typeof disk = {
    ...disk,
    append(batch) {
      hasPart = batch.checkpoint !== undefined;
      disk.append(batch);
    },
  };
  const afterTurn: Clock["afterTurn"] = (callback) =>
    void setImmediate(() => {
      hasPart = false;
      const before = cpuMs();
      callback();
      (hasPart ? checkpoint : plain).push(cpuMs() - before);
    });
  const clock = { ...systemClock(), afterTurn };
  const run = () => ({ status: "ran" }) as const;
  const heartbeat = createHeartbeat({ store, run, clock, checkpointSlice });
  for (let sent = 0; sent < EVENTS; sent += EVENTS_A_TURN) {
    const turn = Array.from({ length: EVENTS_A_TURN }, (_, index) => sent + index);
    await Promise.all(
      turn.map((n) => heartbeat.wake("npm test ended", { sessionKey: `agent:turns:${n % SESSIONS}` })),
    );
  }
  await heartbeat.close();
  rmSync(folder, { recursive: true });
  return { plain, checkpoint };
}

function say(what: string, turns: readonly number[]): void {
  const ascending = turns.toSorted((a, b) => a - b);
  const [median, worst] = [0.5, 1].map((part) => ascending[Math.ceil(part * ascending.length) - 1] ?? 0);
  console.log(
    `${what}: ${turns.length} commits, median ${median?.toFixed(1)} ms, longest ${worst?.toFixed(1)} ms`,
  );
}

for (let round = 1; round <= ROUNDS; round++) {
  const [whole, parts] = [await play(WHOLE), await play(64)];
  say("no checkpoint ", parts.plain);
  say("whole         ", whole.checkpoint);
  say("in parts of 64", parts.checkpoint);
}
