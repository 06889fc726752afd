import { damage, pictures } from "../crash/damage.ts";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";

/** Chosen by measurement: about 100 a second on one core. */
const DAMAGES: Readonly<Record<Tier, number>> = { pr: 1_200, deep: 100_000 };
/** So many on one picture of a folder; then another load makes another. */
const PER_PICTURE = 300;

/** Flipped bits and cut files in the database and in the WAL that `kill -9` leaves. */
export const corruption: Part = corruptionPart(DAMAGES);

function corruptionPart(damages: Readonly<Record<Tier, number>>): Part {
  return { name: "corruption", invariants: ["S15"], run: (request) => run(damages[request.tier], request) };
}

async function run(all: number, { seed: only, progress }: PartRequest): Promise<PartResult> {
  const counts: Record<string, number> = {};
  const failures: Finding[] = [];
  let done = 0;
  for (let seed = only ?? 1; done < all; seed++) {
    for (const picture of await pictures(seed)) {
      const report = damage(picture, seed, Math.min(PER_PICTURE, all - done), () => progress(++done, all));
      for (const [name, count] of Object.entries(report.counts)) counts[name] = (counts[name] ?? 0) + count;
      for (const message of report.violations) failures.push({ seed, message, reproduce: reproduce(seed) });
    }
    if (only !== undefined) break;
  }
  return { counts, failures };
}

const reproduce = (seed: number): string => `npm run prove -- --only corruption --seed ${seed}`;
