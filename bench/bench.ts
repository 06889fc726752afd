import { parseArgs } from "node:util";
import * as xstate from "../src/index.ts";
import { inspection } from "./inspection.ts";
import { progress } from "./progress.ts";
import { rawCommits, rawSqlite } from "./raw-sqlite.ts";
import { reducerLibrary } from "./reducer-library.ts";
import { atMost, print, type Line, type Section } from "./report.ts";
import { quantile, spreadOf, type Round } from "./statistics.ts";
import { burst, latencies, throughput, type Library } from "./workload.ts";

/**
 * `npm run bench [-- --quick] [-- --json] [-- --rounds N]`: how fast Lubdub is, beside what nothing could be faster than. Everything is
 * measured in rounds that take turns, so that a busy moment of the machine hits all alike. Trust ratios, not figures.
 */
const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "7" },
  },
});
const rounds = values.quick ? 3 : Number(values.rounds);
const events = values.quick ? 5_000 : 20_000;
const IN_FLIGHT = 64;
const DEFAULT_CONCURRENCY = 16;

const reducer = await reducerLibrary();
print(
  [await throughputs(), await lowLoad(), await bursts(), await inspection(values.quick ? 3 : 24, events / 4)],
  values.json,
);

async function throughputs(): Promise<Section> {
  const lubdub = (library: Library, concurrency: number) => () =>
    throughput(library, { events, sessions: 1_000, inFlight: IN_FLIGHT, concurrency });
  const entries: Readonly<Record<string, () => Promise<Round & { runs?: number }>>> = {
    "raw node:sqlite, groups of 100": () => rawSqlite(events, 100),
    "raw node:sqlite, groups of 1,000": () => rawSqlite(events, 1_000),
    "Lubdub, 16 runs at a time (default)": lubdub(xstate, DEFAULT_CONCURRENCY),
    "Lubdub, 64 runs at a time": lubdub(xstate, IN_FLIGHT),
    "reducer for XState, 16 runs at a time": lubdub(reducer, DEFAULT_CONCURRENCY),
    "reducer for XState, 64 runs at a time": lubdub(reducer, IN_FLIGHT),
  };
  const measured = Object.entries(entries).map(([what, run]) => ({
    what,
    run,
    found: [] as (Round & { runs?: number })[],
  }));
  const show = progress("throughput");
  for (let round = -1; round < rounds; round += 1) {
    for (const { run, found } of measured) {
      const one = await run();
      if (round >= 0) found.push(one); // the first warms up the compiler
    }
    show((round + 1) / rounds);
  }
  const raw = measured[0]?.found ?? [];
  const lines = measured.map(({ what, found }): Line => {
    const ratios = found.map(({ perSecond }, round) => perSecond / (raw[round]?.perSecond ?? Number.NaN));
    const ratioToRaw = spreadOf(ratios).median;
    const runs = found[0]?.runs;
    return {
      what,
      unit: "events/s",
      ...spreadOf(found.map(({ perSecond }) => perSecond)),
      cpuUsPerEvent: spreadOf(found.map(({ cpuUs }) => cpuUs)).median,
      ratioToRaw,
      ...(runs === undefined ? {} : { note: `${(events / runs).toFixed(1)} events per run` }),
      ...(what.includes("default") ? { goal: { text: ">= 0.25", met: ratioToRaw >= 0.25 } } : {}),
    };
  });
  const load = `${events.toLocaleString("en")} events over 1,000 sessions, one call each, ${IN_FLIGHT} in flight`;
  return {
    title: `Durable events, from the call to the synced acknowledgement: ${load}; ${rounds} rounds`,
    lines,
  };
}

async function lowLoad(): Promise<Section> {
  const count = values.quick ? 500 : 2_000;
  const commits = rawCommits(count).toSorted((a, b) => a - b);
  const calls = (await latencies(xstate, count)).toSorted((a, b) => a - b);
  const line = (what: string, sorted: readonly number[], share: number): Line => {
    const at = quantile(sorted, share);
    return { what, unit: "ms", median: at, min: at, max: at };
  };
  return {
    title: `Low load: ${count.toLocaleString("en")} events, one at a time, no coalescing`,
    lines: [
      line("raw node:sqlite commit, p50", commits, 0.5),
      line("raw node:sqlite commit, p99", commits, 0.99),
      atMost(line("Lubdub, call to handler, p50", calls, 0.5), 1),
      line("Lubdub, call to handler, p99", calls, 0.99),
    ],
  };
}

async function bursts(): Promise<Section> {
  const sizes = [
    { sessions: 1_000, limitMs: 150 },
    { sessions: 10_000, limitMs: 1_500 },
  ];
  const lines: Line[] = [];
  const show = progress("bursts");
  for (const { sessions, limitMs } of sizes) {
    for (const concurrency of [DEFAULT_CONCURRENCY, 1_000]) {
      const found: number[] = [];
      for (let round = 0; round < rounds; round += 1) found.push(await burst(xstate, sessions, concurrency));
      const what = `${sessions.toLocaleString("en")} sessions, ${concurrency.toLocaleString("en")} runs at a time`;
      lines.push(atMost({ what, unit: "ms", ...spreadOf(found) }, limitMs));
      show(lines.length / 4);
    }
  }
  return { title: `Woken at once, until every handler was called; ${rounds} rounds`, lines };
}
