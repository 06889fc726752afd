import { availableParallelism } from "node:os";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";
import { runPool } from "./pool.ts";
import { CASES, tally, unreached } from "./tally.ts";
import { HEALING_MS_MAX } from "./simulate.ts";
import type { Job } from "./job.ts";

interface Size {
  readonly seeds: number;
  readonly steps: number;
}

/** Chosen by measurement, so that the tier keeps its time on two cores. */
const SIZE: Readonly<Record<Tier, Size>> = {
  pr: { seeds: 10_000, steps: 500 },
  deep: { seeds: 40_000, steps: 500 },
};
/** One seed in so many runs twice, and must leave the same trace. */
const TWICE_EVERY = 20;
const SEED_MS_MAX = 30_000;
const FAILURES_MAX = 20;
/** From so many seeds on, every case must have been reached: fewer may miss one by chance. */
const SEEDS_FOR_ALL_CASES = 5_000;

/** The machines, core, log and runner under every fault, against the reference model. */
export const simulator: Part = simulatorPart(SIZE);

/** The same with other sizes, for tests. */
export function simulatorPart(size: Readonly<Record<Tier, Size>>): Part {
  return {
    name: "simulator",
    invariants: [
      ..."S1 S2 S3 S4 S5 S6 S7 S8 S9 S10 S11 S12 S15 S16 S17 S19 S20".split(" "),
      ..."L1 L2 L4 L7 L8 L9".split(" "),
    ],
    minutes: { pr: 3, deep: 10 },
    run: (request) => run(size[request.tier], request),
  };
}

async function run({ seeds, steps }: Size, { seed, progress, isOver }: PartRequest): Promise<PartResult> {
  const failures: Finding[] = [];
  const total = tally();
  let twice = 0;
  const all = seed === undefined ? seeds : 1;
  await runPool(jobs(seed ?? 0, all, steps), {
    children: Math.min(all, availableParallelism()),
    seedMsMax: SEED_MS_MAX,
    onResult(result) {
      if ("report" in result) total.add(result.report);
      else failures.push(finding(result.seed, result.message));
      if (all === 1 || result.seed % TWICE_EVERY === 0) twice++;
      progress(total.counts.seeds + failures.length, all);
      return failures.length < FAILURES_MAX && isOver?.() !== true;
    },
  });
  const { counts, looks, reached, healingMs } = total;
  if (failures.length === 0 && total.counts.seeds >= SEEDS_FOR_ALL_CASES)
    failures.push(...unreached(reached).map(notReached));
  return {
    counts: { ...counts, "run twice": twice },
    failures,
    details: {
      counted:
        "Events of the heartbeat are counted as `events`; `records` are the lines of its log: each was folded by the machines, applied to the model and hashed.",
      firstSeed: seed ?? 0,
      steps,
      "healing, longest, simulated ms": healingMs,
      "healing, bound of L1, simulated ms": HEALING_MS_MAX,
      looks,
      reached: { ...Object.fromEntries(CASES.map((name) => [name, 0])), ...reached },
    },
  };
}

function* jobs(first: number, count: number, steps: number): Iterator<Job> {
  for (let seed = first; seed < first + count; seed++) {
    yield { seed, steps, twice: count === 1 || seed % TWICE_EVERY === 0 };
  }
}

const finding = (seed: number, message: string): Finding => ({
  seed,
  message: `seed ${seed}: ${message}`,
  reproduce: `npm run prove -- --only simulator --seed ${seed}`,
});

const notReached = (name: string): Finding => ({
  seed: 0,
  message: `the generator never reached "${name}": nothing is proven of it`,
  reproduce: "npm run prove -- --only simulator",
});
