import { closeSync, openSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createHeartbeat, sqliteStore, type RunRequest } from "../../src/index.ts";
import { verifyStore } from "../../src/log/sqlite/index.ts";

/** Fills a small disk under a running heartbeat, makes room again, and prints what was seen as JSON. Argument: a folder on that disk. */

const folder = process.argv[2] ?? "";
const data = join(folder, "data");
/** What is measured is how little is done in this time; nothing is waited for. */
const WATCHED_MS = 2_700;
const RUNNING = "agent:main:running";
const QUEUED = "agent:main:queued";
const runs: RunRequest[] = [];
const { promise: end, resolve: endRun } = Promise.withResolvers<void>();
const heartbeat = createHeartbeat({
  store: sqliteStore({ folder: data }),
  coalesceMs: 0,
  run: async (request) => {
    runs.push(request);
    if (request.sessionKey === RUNNING) await end;
    return { status: "ran" };
  },
});

await heartbeat.wake("it runs while the disk fills", { sessionKey: RUNNING });
const ballasts = [join(folder, "ballast"), join(folder, "more")] as const;
fill(ballasts[0]);
truncateSync(ballasts[0], statSync(ballasts[0]).size - 300_000);
const accepted: string[] = [];
let refusal: unknown;
while (refusal === undefined && accepted.length < 1_000) {
  const text = `${accepted.length} ${"x".repeat(20_000)}`;
  try {
    await heartbeat.enqueueSystemEvent(text, { sessionKey: QUEUED });
    accepted.push(text);
  } catch (error) {
    refusal = error;
  }
}
fill(ballasts[1]);
endRun();
const cpuBefore = process.cpuUsage();
await delay(WATCHED_MS);
const cpu = process.cpuUsage(cpuBefore);
const whileFull = {
  peeked: (await heartbeat.peekSystemEvents(QUEUED)).length,
  read: (await heartbeat.read({ sessionKey: QUEUED })).length,
  endsWritten: await ends(),
};
for (const ballast of ballasts) rmSync(ballast);
while ((await ends()) === 0) await delay(20);
await heartbeat.wake("room again", { sessionKey: QUEUED });
while ((await heartbeat.peekSystemEvents(QUEUED)).length > 0) await delay(20);
const given = runs.filter(({ sessionKey }) => sessionKey === QUEUED).flatMap(({ events }) => events);
const endRecord = (await heartbeat.read({ sessionKey: RUNNING })).find(({ type }) => type === "run.ran");
await heartbeat.close();
console.log(
  JSON.stringify({
    refusal: { ...(refusal as object), message: (refusal as Error | undefined)?.message },
    accepted: accepted.length,
    whileFull,
    busyShare: (cpu.user + cpu.system) / (WATCHED_MS * 1_000),
    inOrder: JSON.stringify(given.map(({ text }) => text)) === JSON.stringify([...accepted, "room again"]),
    runsOfRunning: runs.filter(({ sessionKey }) => sessionKey === RUNNING).length,
    sameRunId: (endRecord?.facts as { runId?: string } | undefined)?.runId === runs[0]?.runId,
    problems: verifyStore(data).problems,
  }),
);

async function ends(): Promise<number> {
  return (await heartbeat.read({ sessionKey: RUNNING })).filter(({ type }) => type === "run.ran").length;
}

/** Takes all the room there is. */
function fill(file: string): void {
  const fd = openSync(file, "w");
  for (let size = 65_536; size >= 512;) {
    try {
      writeSync(fd, Buffer.alloc(size));
    } catch {
      size /= 2;
    }
  }
  closeSync(fd);
}
