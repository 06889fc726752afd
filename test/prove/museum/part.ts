import { availableParallelism } from "node:os";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";
import { runPool } from "../simulator/pool.ts";
import type { Job } from "../simulator/job.ts";
import type { Bug } from "./bug.ts";
import { BUGS, planted } from "./planted.ts";

const SEEDS: Readonly<Record<Tier, number>> = { pr: 5_000, deep: 20_000 };
const STEPS = 100;
const SEED_MS_MAX = 30_000;
const PLANT = new URL("plant.ts", import.meta.url).href;

/** What the simulator said about one bug. */
interface Exhibit {
  readonly id: string;
  readonly seen: string;
  /** Seeds simulated until it was found; null when it was not. */
  readonly seeds: number | null;
  /** The number of the invariant that it broke, with what was said. */
  readonly broke: string;
}

/** Real bugs, planted one at a time: the simulator must find each of them. */
export const museum: Part = museumPart(BUGS);

export function museumPart(bugs: readonly Bug[]): Part {
  return {
    name: "museum",
    invariants: ["S1", "S2", "S3", "S7", "S8", "S9", "S10", "S16", "L1", "L2", "L4", "L7", "L8"],
    run: (request) => run(bugs, request),
  };
}

async function run(bugs: readonly Bug[], { tier, seed, progress }: PartRequest): Promise<PartResult> {
  for (const bug of bugs) planted(bug);
  const exhibits: Exhibit[] = [];
  const waiting = [...bugs];
  const visitor = async (): Promise<void> => {
    for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
      exhibits.push(await visit(bug, seed ?? 1, SEEDS[tier]));
      progress(exhibits.length, bugs.length);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, visitor));
  const controls = await control(exhibits, seed ?? 1);
  const found = exhibits.filter(({ seeds }) => seeds !== null).map(({ seeds }) => seeds as number);
  return {
    counts: { bugs: bugs.length, found: found.length, "seeds for the hardest": Math.max(0, ...found) },
    failures: [
      ...exhibits.filter(({ seeds }) => seeds === null).map((exhibit) => missed(exhibit, seed ?? 1)),
      ...controls,
    ],
    details: exhibits.sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

/** Without the bugs, the same seeds must find nothing: or what they found was not the bug. */
async function control(exhibits: readonly Exhibit[], firstSeed: number): Promise<Finding[]> {
  const seeds = new Set(
    exhibits.flatMap(({ seeds: needed }) => (needed === null ? [] : [firstSeed + needed - 1])),
  );
  const failures: Finding[] = [];
  await runPool([...seeds].map((seed) => ({ seed, steps: STEPS, twice: false })).values(), {
    children: availableParallelism(),
    seedMsMax: SEED_MS_MAX,
    onResult(result) {
      if ("message" in result) failures.push(notTheBug(result.seed, result.message));
      return true;
    },
  });
  return failures;
}

async function visit({ id, seen }: Bug, firstSeed: number, seedsMax: number): Promise<Exhibit> {
  let seeds = 0;
  let broke = "nothing";
  let found = false;
  await runPool(jobs(firstSeed, seedsMax), {
    children: 1,
    seedMsMax: SEED_MS_MAX,
    execArgv: ["--import", PLANT],
    env: { LUBDUB_BUG: id },
    onResult(result) {
      seeds++;
      if ("report" in result) return true;
      broke = result.message.slice(0, BROKE_CHARS_MAX);
      // A crash of the simulator itself is no finding.
      found = /^[SL]\d/.test(broke);
      return false;
    },
  });
  return { id, seen, seeds: found ? seeds : null, broke };
}

function* jobs(first: number, count: number): Iterator<Job> {
  for (let seed = first; seed < first + count; seed++) yield { seed, steps: STEPS, twice: false };
}

const missed = ({ id, broke }: Exhibit, seed: number): Finding => ({
  seed,
  message: `the simulator did not find "${id}" (${broke})`,
  reproduce: "npm run prove -- --only museum",
});

const notTheBug = (seed: number, message: string): Finding => ({
  seed,
  message: `seed ${seed} fails without any bug: ${message}`,
  reproduce: "npm run prove -- --only museum",
});

const BROKE_CHARS_MAX = 300;
