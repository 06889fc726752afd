import fc from "fast-check";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";
import { commandProperty } from "./commands.ts";
import { intakeProperty } from "./intake.ts";
import { leaseProperty } from "./leases.ts";

type Sizes = Readonly<Record<"leases" | "intake" | "commands", number>>;

/** How many orders or sequences of each kind; chosen by measurement. */
const SIZES: Readonly<Record<Tier, Sizes>> = {
  pr: { leases: 170_000, intake: 30_000, commands: 10_000 },
  deep: { leases: 4_000_000, intake: 400_000, commands: 100_000 },
};
/** Between two looks at the progress. */
const CHUNK = 1_000;

/** fast-check chooses the order in which leases, runner and intake go on, and sequences of calls. */
export const interleavings: Part = interleavingsPart(SIZES);

export function interleavingsPart(sizes: Readonly<Record<Tier, Sizes>>): Part {
  return {
    name: "interleavings",
    invariants: ["S1", "S3", "S4", "S5", "S7", "S8", "S9", "S10", "L1", "L6"],
    run: (request) => run(sizes[request.tier], request),
  };
}

const CHECKS: Readonly<Record<keyof Sizes, (seed: number, runs: number) => Promise<string | null>>> = {
  leases: (seed, runs) => check(leaseProperty, seed, runs),
  intake: (seed, runs) => check(intakeProperty, seed, runs),
  commands: (seed, runs) => check(commandProperty, seed, runs),
};

async function run(sizes: Sizes, { seed, progress }: PartRequest): Promise<PartResult> {
  const first = seed ?? 1;
  const counts = { leases: 0, intake: 0, commands: 0 };
  const failures: Finding[] = [];
  const all = Object.values(sizes).reduce((sum, size) => sum + size, 0);
  for (const name of ["leases", "intake", "commands"] as const) {
    const runs = Math.min(CHUNK, sizes[name]);
    const wanted = seed === undefined ? sizes[name] : runs;
    for (let chunk = 0; counts[name] < wanted; chunk++) {
      const found = await CHECKS[name](first + chunk, runs);
      counts[name] += runs;
      if (found !== null) {
        failures.push(finding(name, first + chunk, found));
        break;
      }
      progress(counts.leases + counts.intake + counts.commands, all);
    }
  }
  return { counts, failures };
}

async function check<T>(
  property: fc.IAsyncProperty<T>,
  seed: number,
  numRuns: number,
): Promise<string | null> {
  const result = await fc.check(property, { seed, numRuns, endOnFailure: false });
  if (!result.failed) return null;
  const error =
    result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
  return `${error}; smallest case: ${fc.stringify(result.counterexample)}`;
}

const finding = (name: string, seed: number, message: string): Finding => ({
  seed,
  message: `${name}, seed ${seed}: ${message}`,
  reproduce: `npm run prove -- --only interleavings --seed ${seed}`,
});
