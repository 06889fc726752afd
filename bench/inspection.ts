import { randomUUID } from "node:crypto";
import { fork } from "node:child_process";
import { once } from "node:events";
import * as xstate from "../src/index.ts";
import { createInspector } from "../src/inspect/index.ts";
import { progress } from "./progress.ts";
import type { Line, Section } from "./report.ts";
import { spreadOf, type Round } from "./statistics.ts";
import { throughput } from "./workload.ts";

const UNWATCHED_LOSS_MAX = 0.02;

/**
 * What being looked at costs. Processor time per event is compared, not throughput: on a shared machine it is the steadier of the
 * two. The viewer is another process, so that its own work is not counted. The order changes from round to round.
 */
export async function inspection(rounds: number, events: number): Promise<Section> {
  await using inspector = await createInspector({ token: randomUUID() });
  const load = { events, sessions: 1_000, inFlight: 64, concurrency: 64 };
  const variants = {
    none: () => throughput(xstate, load),
    unwatched: () => throughput(xstate, { ...load, inspect: inspector }),
    async watched() {
      using _viewer = await viewer(inspector.url());
      return throughput(xstate, { ...load, inspect: inspector });
    },
  };
  const names = ["none", "unwatched", "watched"] as const;
  const found: Record<(typeof names)[number], Round[]> = { none: [], unwatched: [], watched: [] };
  const show = progress("inspection");
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) found[name].push(await variants[name]());
    show((round + 1) / rounds);
  }

  const line = (what: string, name: (typeof names)[number]): Line => ({
    what,
    unit: "events/s",
    ...spreadOf(found[name].map(({ perSecond }) => perSecond)),
    cpuUsPerEvent: spreadOf(found[name].map(({ cpuUs }) => cpuUs)).median,
  });
  const loss = (what: string, name: (typeof names)[number]): Line => {
    const pairs = found[name].map(
      ({ cpuUs }, round) => (cpuUs / (found.none[round]?.cpuUs ?? Number.NaN) - 1) * 100,
    );
    return { what, unit: "%", ...spreadOf(pairs) };
  };
  const unwatched = loss("more CPU, attached and nobody looks", "unwatched");
  const met = unwatched.median < UNWATCHED_LOSS_MAX * 100;
  return {
    title: `Inspection: ${rounds} rounds of ${events.toLocaleString("en")} events`,
    lines: [
      line("no inspector", "none"),
      line("attached, nobody looks", "unwatched"),
      line("attached, one viewer", "watched"),
      { ...unwatched, goal: { text: "< 2", met } },
      loss("more CPU, one viewer", "watched"),
    ],
  };
}

async function viewer(url: string): Promise<Disposable> {
  const child = fork(new URL("./viewer.ts", import.meta.url), [url]);
  await once(child, "message");
  return { [Symbol.dispose]: () => void child.kill() };
}
