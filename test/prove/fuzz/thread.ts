import { answerJobs } from "../threads.ts";
import { TARGETS } from "./targets.ts";

export type TargetName = keyof typeof TARGETS;

export interface Chunk {
  readonly target: TargetName;
  readonly seed: number;
  readonly runs: number;
}

answerJobs(async ({ target, seed, runs }: Chunk) => {
  try {
    return await TARGETS[target](seed, runs);
  } catch (error) {
    return `crashed: ${error instanceof Error ? error.stack : String(error)}`;
  }
});
