import { availableParallelism } from "node:os";
import { killEmbedded } from "../crash/kill-embedded.ts";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";

/** Chosen by measurement: about 5 a second on two cores. */
const CYCLES: Readonly<Record<Tier, number>> = { pr: 1_000, deep: 5_000 };
/** Over one folder; then the next begins with an empty one. */
const PER_FOLDER = 25;

/** `kill -9` at random moments under load, over and over. The seed gives the load and the moments, not what the machine does in them. */
export const kill: Part = killPart(CYCLES);

export function killPart(cycles: Readonly<Record<Tier, number>>): Part {
  return {
    name: "kill",
    invariants: ["S1", "S3", "S4", "S5", "S8", "S9", "S10", "S15", "L1", "L6"],
    run: (request) => run(cycles[request.tier], request),
  };
}

async function run(all: number, { seed: only, progress }: PartRequest): Promise<PartResult> {
  const counts: Record<string, number> = {};
  const failures: Finding[] = [];
  let next = only ?? 1;
  let begun = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (begun < all) {
      const seed = next++;
      const cycles = Math.min(PER_FOLDER, all - begun);
      begun = only === undefined ? begun + cycles : all;
      const report = await killEmbedded(seed, cycles, () => progress(++done, all));
      for (const [name, count] of Object.entries(report.counts)) counts[name] = (counts[name] ?? 0) + count;
      for (const message of report.violations) failures.push({ seed, message, reproduce: reproduce(seed) });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return { counts, failures };
}

const reproduce = (seed: number): string => `npm run prove -- --only kill --seed ${seed}`;
