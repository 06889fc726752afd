import { setTimeout as sleep } from "node:timers/promises";

/**
 * The measured process: the built package as users run it, without the type stripper, which takes 30 MB of its own. Every timer
 * of the process is counted, whoever sets it.
 */
let timers = 0;
const { setTimeout: setTimeoutOfNode } = globalThis;
globalThis.setTimeout = (callback, ...rest) =>
  setTimeoutOfNode(
    (...given) => {
      timers += 1;
      callback(...given);
    },
    ...rest,
  );

const WAKES = 100;
const MB = 1_000_000;
const [folder, sessions, idleS] = process.argv.slice(2);
const { createHeartbeat, sqliteStore } = await import("lubdub");

let called = () => {};
const startedMs = performance.now();
const heartbeat = createHeartbeat({
  store: sqliteStore({ folder }),
  run(request) {
    called(request);
    return { status: "ran" };
  },
});
const startMs = performance.now() - startedMs;
const started = process.memoryUsage().rss / MB;

const wakesMs = [];
while (wakesMs.length < WAKES) wakesMs.push(await wakeAny());
const woken = process.memoryUsage().rss / MB;

await sleep(1_000);
timers = 0;
const cpu = process.cpuUsage();
await sleep(Number(idleS) * 1_000);
const { user, system } = process.cpuUsage(cpu);
const idle = { timers, cpuShare: (user + system) / (Number(idleS) * 1_000_000) };

const { lanesDue } = await heartbeat.status();
await heartbeat.close();
const highest = (process.resourceUsage().maxRSS * 1_024) / MB;
process.send?.({ startMs, wakesMs, rssMb: { started, woken, highest }, idle, lanesDue });

/** Milliseconds until the handler of a random session was called with the event that waited there. */
async function wakeAny() {
  const sessionKey = `agent:main:discord:channel:${Math.floor(Math.random() * Number(sessions))}`;
  const { promise, resolve } = Promise.withResolvers();
  called = resolve;
  const fromMs = performance.now();
  await heartbeat.requestHeartbeat({ sessionKey, intent: "manual" });
  const request = await promise;
  const tookMs = performance.now() - fromMs;
  const isRepeated = request.events.length === 0; // the same number was drawn before
  if (
    request.sessionKey !== sessionKey ||
    (isRepeated ? wakesMs.length === 0 : request.events.length !== 1)
  ) {
    throw new Error(
      `${sessionKey} was woken, ${request.sessionKey} ran with ${request.events.length} events`,
    );
  }
  return tookMs;
}
