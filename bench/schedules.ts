import { parseArgs } from "node:util";
import { createHeartbeat, sqliteStore, type Clock, type Heartbeat } from "../src/index.ts";
import { systemClock } from "../src/run/clock.ts";
import { benchFolder } from "./folders.ts";
import { progress } from "./progress.ts";
import { atMost, print, type Line } from "./report.ts";
import { quantile, spreadOf } from "./statistics.ts";

/**
 * `npm run bench:schedules [-- --json] [-- --schedules N]`: a hundred thousand schedules, half of them by interval and half by cron.
 * Timed: the start on them, and how long the schedule that is due next takes from its time to its handler.
 */
const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, schedules: { type: "string", default: "100000" } },
});
const count = Number(values.schedules);
const TOGETHER = 1_000;
const TICKS = 50;
const A_DAY_MS = 86_400_000;

using folder = benchFolder();
await build(folder.path);
const all = await measure(folder.path);
using small = benchFolder();
await build(small.path, 1_000);
const few = await measure(small.path);

const one = (what: string, unit: Line["unit"], value: number) => ({ what, unit, ...spreadOf([value]) });
print(
  [
    {
      title: `${count.toLocaleString("en")} schedules`,
      lines: [
        atMost(one("start: open the store until ready", "s", all.startMs / 1_000), 5),
        atMost(one("timers armed while nothing is due", "timers", all.timers), 1),
        one("from its time to its handler, p50", "ms", quantile(all.latenessMs, 0.5)),
        one("from its time to its handler, slowest", "ms", quantile(all.latenessMs, 1)),
        one("the same with 1,000 schedules, p50", "ms", quantile(few.latenessMs, 0.5)),
        one("a page of 1,000 of them", "ms", all.pageMs),
      ],
    },
  ],
  values.json,
);

async function build(path: string, schedules = count): Promise<void> {
  const show = progress("building");
  await using heartbeat = heartbeatOn(path, () => {});
  for (let from = 0; from < schedules; from += TOGETHER) {
    const names = Array.from({ length: Math.min(TOGETHER, schedules - from) }, (_, at) => from + at);
    await Promise.all(names.map((at) => heartbeat.setSchedule(scheduleOf(at))));
    show((from + names.length) / schedules);
  }
}

/** None of them is due while this is measured. */
function scheduleOf(at: number) {
  const shared = { scheduleId: `s-${at}`, sessionKey: `agent:main:session:${at}` };
  if (at % 2 === 0) return { ...shared, everyMs: 3_650 * A_DAY_MS };
  return { ...shared, cron: `${at % 60} ${at % 24} 1 1 *`, zone: "Europe/Berlin", text: "Look." };
}

async function measure(path: string) {
  const { clock, armed } = counting();
  let handled = (_atMs: number): void => {};
  const startedMs = performance.now();
  await using heartbeat = heartbeatOn(path, () => handled(Date.now()), clock);
  const startMs = performance.now() - startedMs;
  await heartbeat.status();
  const timers = armed();
  const pageFromMs = performance.now();
  await heartbeat.schedules({ limit: 1_000 });
  const pageMs = performance.now() - pageFromMs;
  const latenessMs: number[] = [];
  for (let tick = 0; tick < TICKS; tick += 1) {
    const { promise, resolve } = Promise.withResolvers<number>();
    handled = resolve;
    const atMs = Date.now() + 50;
    await heartbeat.setSchedule({
      scheduleId: "due",
      sessionKey: "agent:main:due",
      intent: "immediate",
      atMs,
    });
    latenessMs.push((await promise) - atMs);
  }
  return { startMs, timers, pageMs, latenessMs: latenessMs.sort((a, b) => a - b) };
}

function heartbeatOn(path: string, called: () => void, clock: Clock = systemClock()): Heartbeat {
  return createHeartbeat({
    store: sqliteStore({ folder: path }),
    clock,
    run() {
      called();
      return { status: "ran" };
    },
  });
}

/** The machine's clock, and how many of its timers wait. */
function counting(): { readonly clock: Clock; readonly armed: () => number } {
  const clock = systemClock();
  let waiting = 0;
  const setTimer: Clock["setTimer"] = (delayMs, callback) => {
    let over = false;
    const end = (): void => {
      if (!over) waiting -= 1;
      over = true;
    };
    waiting += 1;
    const cancel = clock.setTimer(delayMs, () => {
      end();
      callback();
    });
    return () => {
      end();
      cancel();
    };
  };
  return { clock: { ...clock, setTimer }, armed: () => waiting };
}
