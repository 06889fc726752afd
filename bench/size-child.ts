import { setTimeout as sleep } from "node:timers/promises";
import { createHeartbeat, sqliteStore, type Clock, type RunRequest } from "../src/index.ts";
import { systemClock } from "../src/run/clock.ts";

/** What the fresh process found out about itself. */
export interface Figures {
  readonly startMs: number;
  readonly wakesMs: readonly number[];
  readonly rssMb: { readonly started: number; readonly woken: number; readonly highest: number };
  readonly idle: { readonly timers: number; readonly cpuShare: number };
}

const WAKES = 100;
const MB = 1_000_000;
const [folder = "", sessions = "0", idleS = "0"] = process.argv.slice(2);

let timers = 0;
let called: (request: RunRequest) => void = () => {};
const startedMs = performance.now();
const heartbeat = createHeartbeat({
  store: sqliteStore({ folder }),
  clock: countingClock(),
  run(request) {
    called(request);
    return { status: "ran" };
  },
});
const startMs = performance.now() - startedMs;
const started = process.memoryUsage().rss / MB;

const wakesMs: number[] = [];
for (let count = 0; count < WAKES; count += 1) wakesMs.push(await wakeAny());
const woken = process.memoryUsage().rss / MB;

await sleep(1_000);
timers = 0;
const cpu = process.cpuUsage();
await sleep(Number(idleS) * 1_000);
const { user, system } = process.cpuUsage(cpu);
const idle = { timers, cpuShare: (user + system) / (Number(idleS) * 1_000_000) };

await heartbeat.close();
const highest = (process.resourceUsage().maxRSS * 1_024) / MB;
process.send?.({ startMs, wakesMs, rssMb: { started, woken, highest }, idle } satisfies Figures);

/** Milliseconds until the handler of a random session was called, with the event that waited there. */
async function wakeAny(): Promise<number> {
  const sessionKey = `agent:main:discord:channel:${Math.floor(Math.random() * Number(sessions))}`;
  const { promise, resolve } = Promise.withResolvers<RunRequest>();
  called = resolve;
  const fromMs = performance.now();
  await heartbeat.requestHeartbeat({ sessionKey, intent: "manual" });
  const request = await promise;
  const tookMs = performance.now() - fromMs;
  if (request.sessionKey !== sessionKey || request.events.length > 1) {
    throw new Error(
      `${sessionKey} was woken, ${request.sessionKey} ran with ${request.events.length} events`,
    );
  }
  return tookMs;
}

function countingClock(): Clock {
  const clock = systemClock();
  return {
    ...clock,
    setTimer: (delayMs, callback) =>
      clock.setTimer(delayMs, () => {
        timers += 1;
        callback();
      }),
  };
}
