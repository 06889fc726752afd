import type { DamageJob } from "../crash/damage-thread.ts";
import type { DamageReport } from "../crash/damage.ts";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";
import { overCores, seeds } from "../threads.ts";

/** One in ten cuts a file off, so that the others are at least 1,000 and 100,000 flipped bits. */
const DAMAGES: Readonly<Record<Tier, number>> = { pr: 1_200, deep: 112_000 };
/** So many on one picture of a folder; then another load makes another. */
const PER_PICTURE = 200;

/** Flipped bits and cut files in the database and in the WAL that `kill -9` leaves. */
export const corruption: Part = corruptionPart(DAMAGES);

function corruptionPart(damages: Readonly<Record<Tier, number>>): Part {
  return {
    name: "corruption",
    invariants: ["S15"],
    minutes: { pr: 0.5, deep: 2 },
    run: (request) => run(damages[request.tier], request),
  };
}

async function run(all: number, request: PartRequest): Promise<PartResult> {
  const counts: Record<string, number> = {};
  const failures: Finding[] = [];
  let begun = 0;
  let done = 0;
  const jobs = seeds(request, (seed): DamageJob | undefined => {
    const damages = Math.min(PER_PICTURE, Math.ceil((all - begun) / 2));
    begun += 2 * damages;
    return damages <= 0 ? undefined : { seed, damages };
  });
  const script = new URL("../crash/damage-thread.ts", import.meta.url);
  await overCores<DamageJob, DamageReport[]>({
    script,
    jobs,
    onResult(reports, { seed, damages }) {
      for (const report of reports) {
        for (const [name, count] of Object.entries(report.counts)) counts[name] = (counts[name] ?? 0) + count;
        for (const message of report.violations) failures.push({ seed, message, reproduce: reproduce(seed) });
      }
      progress(damages);
    },
  });
  return { counts, failures };

  function progress(damages: number): void {
    done += 2 * damages;
    request.progress(done, all);
  }
}

const reproduce = (seed: number): string => `npm run prove -- --only corruption --seed ${seed}`;
