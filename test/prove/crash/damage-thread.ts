import { answerJobs } from "../threads.ts";
import { damage, pictures, type DamageReport } from "./damage.ts";

export interface DamageJob {
  readonly seed: number;
  /** On each of the two pictures of the seed's folder. */
  readonly damages: number;
}

answerJobs(async ({ seed, damages }: DamageJob): Promise<DamageReport[]> => {
  return (await pictures(seed)).map((picture) => damage(picture, seed, damages));
});
