import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../../../src/config/schema.ts";
import { tokenFile } from "../../../src/config/token.ts";
import { clientOf, isHandled, programMissing, startDaemon, WITHOUT_FLOOD_GUARD } from "../crash/daemon.ts";
import { dataFolder } from "../crash/history.ts";
import { offer } from "../load/generator.ts";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";
import { heldBy, processorMs, readProbe, slopePerHour, type Held } from "./measure.ts";

const MINUTES: Readonly<Record<Tier, number>> = { pr: 1, deep: 4 };
/** A day in seconds: a burst of events, then nothing. */
const BURST_SECONDS = 5;
const REST_SECONDS = 5;
const PER_SECOND = 50;
/** The part of the time that caches and compiled code take to settle. */
const WARM_UP_SHARE = 0.4;
/** Before the rest is measured: the probe ends, pauses run out. */
const SETTLE_MS = 3_000;
const IDLE_MS = 10_000;
/** A heap that was watched for less than a minute says nothing. */
const WATCHED_HOURS_MIN = 1 / 60;

/** What must not be passed. */
const HEAP_BYTES_PER_HOUR_MAX = 1_048_576;
const WAL_BYTES_MAX = 67_108_864;
const IDLE_PROCESSOR_MAX = 0.005;
/** More handles at the end of a day than at the end of the first: none but a connection that is just being closed. */
const HANDLES_MORE_MAX = 2;

const PROBE = new URL("probe.ts", import.meta.url).href;
const AGENT = 'export default () => ({ status: "ran" });\n';

/** Short days of the shipped daemon, one after another: nothing it holds may grow, and at rest it does nothing. */
export const soak: Part = soakPart(MINUTES);

export function soakPart(minutes: Readonly<Record<Tier, number>>): Part {
  return {
    name: "soak",
    invariants: ["L2", "L8"],
    missing: () =>
      programMissing() ?? (existsSync("/proc/self/fd") ? undefined : "looking at a process needs Linux"),
    run: (request) => run(request.minutes ?? minutes[request.tier], request),
  };
}

async function run(minutes: number, { progress }: PartRequest): Promise<PartResult> {
  const folder = mkdtempSync(join(tmpdir(), "lubdub-soak-"));
  const probe = join(folder, "probe.jsonl");
  writeFileSync(join(folder, "agent.mjs"), AGENT);
  const daemon = startDaemon(folder, configOf(), {
    execArgv: ["--expose-gc", "--import", PROBE],
    env: { LUBDUB_PROBE_FILE: probe },
  });
  try {
    const url = await daemon.url;
    if (url === undefined) throw new Error(`The daemon did not start: ${(await daemon.ended).stderr}`);
    const pid = daemon.process.pid ?? 0;
    await using heartbeat = clientOf(folder, url);
    const target = { url, token: readFileSync(tokenFile(dataFolder(folder)), "utf8").trim() };
    const startMs = Date.now();
    const lastMs = minutes * 60_000;
    const evenings: Held[] = [];
    let accepted = 0;
    let errors = 0;
    do {
      const day = await offer({ ...target, perSecond: PER_SECOND, seconds: BURST_SECONDS });
      accepted += day.accepted;
      errors += day.errors;
      await isHandled(heartbeat);
      await sleep(REST_SECONDS * 1_000);
      evenings.push(heldBy(pid, dataFolder(folder)));
      progress(Math.min(lastMs, Date.now() - startMs), lastMs);
    } while (Date.now() - startMs < lastMs);
    const warmMs = startMs + WARM_UP_SHARE * (Date.now() - startMs);
    const points = readProbe(probe).filter(({ atMs }) => atMs >= warmMs);
    const hours = (Date.now() - warmMs) / 3_600_000;
    writeFileSync(`${probe}.stop`, "");
    const idle = await idleShare(pid);
    return judge({ accepted, errors, idle, evenings, heapPerHour: slopePerHour(points), hours });
  } finally {
    daemon.process.kill("SIGKILL");
    await daemon.ended;
    rmSync(folder, { recursive: true });
  }
}

/** Sessions that are woken over HTTP, and one in ten whose agent is a process of its own. */
const configOf = (): Config => ({
  agents: [
    { match: "agent:load:*0", command: { argv: ["true"] } },
    { match: "*", module: { file: "agent.mjs" } },
  ],
  limits: WITHOUT_FLOOD_GUARD,
});

async function idleShare(pid: number): Promise<number> {
  await sleep(SETTLE_MS);
  const before = processorMs(pid);
  const startMs = performance.now();
  await sleep(IDLE_MS);
  return (processorMs(pid) - before) / (performance.now() - startMs);
}

interface Seen {
  readonly accepted: number;
  readonly errors: number;
  readonly idle: number;
  readonly evenings: readonly Held[];
  readonly heapPerHour: number;
  /** How long the heap was watched, after the warm-up. */
  readonly hours: number;
}

function judge({ accepted, errors, idle, evenings, heapPerHour, hours }: Seen): PartResult {
  const first = evenings[0] as Held;
  const last = evenings.at(-1) as Held;
  const walBytes = Math.max(...evenings.map((evening) => evening.walBytes));
  // In less than an hour a slope says little: then the whole growth must stay below what an hour may bring.
  const heapGrowth = hours < WATCHED_HOURS_MIN ? 0 : heapPerHour * Math.min(1, hours);
  const problems = [
    [errors > 0, `${errors} events were not accepted`],
    [heapGrowth > HEAP_BYTES_PER_HOUR_MAX, `L8 the heap grew by ${Math.round(heapGrowth)} bytes`],
    [last.handles > first.handles + HANDLES_MORE_MAX, `L8 ${first.handles} handles became ${last.handles}`],
    [last.children > 0, `L8 ${last.children} child processes are left`],
    [walBytes > WAL_BYTES_MAX, `L8 the WAL has ${walBytes} bytes`],
    [idle > IDLE_PROCESSOR_MAX, `L2 at rest it takes ${(100 * idle).toFixed(2)} % of a processor`],
  ] as const;
  return {
    counts: {
      days: evenings.length,
      accepted,
      "kB more heap an hour": Math.round(heapPerHour / 1_024),
      handles: last.handles,
      children: last.children,
      "kB of WAL at most": Math.round(walBytes / 1_024),
      "% of a processor at rest": Number((100 * idle).toFixed(2)),
    },
    failures: problems.filter(([isSo]) => isSo).map(([, message]) => finding(message)),
  };
}

const finding = (message: string): Finding => ({
  seed: 0,
  message,
  reproduce: "npm run prove -- --only soak",
});
