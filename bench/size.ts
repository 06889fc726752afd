import { fork } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { createHeartbeat, sqliteStore } from "../src/index.ts";
import { benchFolder } from "./folders.ts";
import { progress } from "./progress.ts";
import { atMost, print, type Line } from "./report.ts";
import { quantile, spreadOf } from "./statistics.ts";
import { TEXT } from "./workload.ts";

/**
 * `npm run bench:size [-- --quick] [-- --json] [-- --sessions N]`: a million sessions with one waiting event each. The store is built by one process, through
 * the library; started, measured, woken and left alone in another, which runs the built package.
 */
const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    sessions: { type: "string", default: "1000000" },
  },
});
const sessions = Number(values.sessions);
const idleS = values.quick ? 10 : 60;
/** What the measured process found out about itself. */
interface Figures {
  readonly startMs: number;
  readonly wakesMs: readonly number[];
  readonly rssMb: { readonly started: number; readonly woken: number; readonly highest: number };
  readonly idle: { readonly timers: number; readonly cpuShare: number };
  readonly lanesDue: number;
}

const TOGETHER = 5_000;
const A_DAY_MS = 86_400_000;

using folder = benchFolder();
const startedMs = performance.now();
await build(folder.path);
const builtS = (performance.now() - startedMs) / 1_000;
const figures = await measure(folder.path);
print(
  [{ title: `${sessions.toLocaleString("en")} sessions with one waiting event each`, lines: lines(figures) }],
  values.json,
);

async function build(path: string): Promise<void> {
  const show = progress("building");
  await using heartbeat = createHeartbeat({
    store: sqliteStore({ folder: path }),
    run: () => ({ status: "skipped", reason: "not-now" }),
    lingerMs: A_DAY_MS,
  });
  for (let from = 0; from < sessions; from += TOGETHER) {
    const keys = Array.from(
      { length: Math.min(TOGETHER, sessions - from) },
      (_, at) => `agent:main:discord:channel:${from + at}`,
    );
    await Promise.all(keys.map((sessionKey) => heartbeat.enqueueSystemEvent(TEXT, { sessionKey })));
    show((from + keys.length) / sessions);
  }
}

async function measure(path: string): Promise<Figures> {
  const child = fork(new URL("./size-child.js", import.meta.url), [path, String(sessions), String(idleS)]);
  const [figures] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) =>
      Promise.reject(new Error(`the measured process ended with ${code}`)),
    ),
  ])) as [Figures];
  return figures;
}

function lines({ startMs, wakesMs, rssMb, idle, lanesDue }: Figures): Line[] {
  if (lanesDue < sessions - wakesMs.length) throw new Error(`only ${lanesDue} of ${sessions} sessions wait`);
  const one = (what: string, unit: Line["unit"], value: number) => ({ what, unit, ...spreadOf([value]) });
  const wakes = wakesMs.toSorted((a, b) => a - b);
  return [
    one("built", "s", builtS),
    atMost(one("start: open the store until ready", "s", startMs / 1_000), 10),
    atMost(one("resident, after the start", "MB", rssMb.started), 400),
    atMost(one(`resident, after ${wakes.length} wakes`, "MB", rssMb.woken), 400),
    atMost(one("resident, at its highest", "MB", rssMb.highest), 400),
    one("wake to handler, p50", "ms", quantile(wakes, 0.5)),
    one("wake to handler, slowest", "ms", quantile(wakes, 1)),
    atMost(one(`timers while idle for ${idleS} s`, "per minute", (idle.timers / idleS) * 60), 1),
    atMost(one("processor while idle", "%", idle.cpuShare * 100), 1),
  ];
}
