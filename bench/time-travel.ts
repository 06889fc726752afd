import { setImmediate as nextTurn } from "node:timers/promises";
import { createHeartbeat, sqliteStore, type Heartbeat } from "../src/index.ts";
import { benchFolder } from "./folders.ts";
import { quantile } from "./statistics.ts";
import { sessionKeys, TEXT } from "./workload.ts";

/**
 * Looking at the past of one session in a long log: `npm run bench:time-travel -- RECORDS`. The log is made by the library
 * itself, with the daemon's usual limits: 1,000 sessions of one agent, some three records for each event.
 */
const RECORDS = Number(process.argv[2] ?? 1_000_000);
const SESSIONS = 1_000;
const IN_FLIGHT = 512;
const LOOKS = 200;

using folder = benchFolder();
const keys = sessionKeys(SESSIONS);
await using heartbeat = createHeartbeat({
  store: sqliteStore({ folder: folder.path }),
  run: () => ({ status: "ran" }),
  coalesceMs: 0,
  limits: { breaker: { baseMs: 1_000, capMs: 60_000 } },
});
let position = 0;
let sent = 0;
async function caller(): Promise<void> {
  while (position < RECORDS) {
    const sessionKey = keys[sent++ % SESSIONS] as string;
    ({ position } = await heartbeat.wake(TEXT, { sessionKey, source: "exec-event" }));
  }
}
await Promise.all(Array.from({ length: IN_FLIGHT }, caller));

/** Milliseconds of a look at the past, at positions all over the log. */
async function measured(what: string, look: (heart: Heartbeat, at: number, key: string) => Promise<unknown>) {
  const times: number[] = [];
  const turns: number[] = [];
  for (let turn = 0; turn < LOOKS; turn += 1) {
    const at = Math.floor((((turn * 7_919) % LOOKS) / LOOKS) * position);
    const startMs = performance.now();
    turns.push(await longestTurn(look(heartbeat, at, keys[(turn * 31) % SESSIONS] as string)));
    times.push(performance.now() - startMs);
  }
  console.log(
    `${what}: ${spread(times)}; longest turn of the event loop, of processor time: ${spread(turns)}`,
  );
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const [half, most] = [quantile(sorted, 0.5), quantile(sorted, 0.99)].map((ms) => ms.toFixed(1));
  return `${half} ms (half), ${most} ms (99 %)`;
}

/** So long a wake may be held up while this goes on. */
async function longestTurn(work: Promise<unknown>): Promise<number> {
  let isOver = false;
  let longestMs = 0;
  const ended = work.finally(() => (isOver = true));
  for (let last = process.cpuUsage(); !isOver; last = process.cpuUsage()) {
    await nextTurn();
    const { user, system } = process.cpuUsage(last);
    longestMs = Math.max(longestMs, (user + system) / 1_000);
  }
  await ended;
  return longestMs;
}

console.log(`${position} records of ${SESSIONS} sessions`);
const happenings = [{ type: "event.queued", text: "what if" }, { type: "time.passed" }] as const;
await measured("state of one session at a position", (heart, at, sessionKey) =>
  heart.stateAt(at, { sessionKey }),
);
await measured("100 steps from a position", (heart, at, sessionKey) =>
  heart.steps({ sessionKey, after: at }),
);
await measured("what if, from a position", (heart, at, sessionKey) =>
  heart.whatIf({ sessionKey, position: at, happenings }),
);
