import { answerJobs } from "../threads.ts";
import { recordLoad, type Writing } from "./recording.ts";
import { replay, type ReplayReport } from "./replay.ts";

export interface PowerLossJob {
  readonly seed: number;
  readonly states: number;
  readonly writing: Writing;
  /** false: the disk says "synced" and does nothing. */
  readonly isHonest: boolean;
}

const BURSTS = 20;

answerJobs(async ({ seed, states, writing, isHonest }: PowerLossJob): Promise<ReplayReport> => {
  return replay(await recordLoad(seed, BURSTS, writing), { seed, states, isHonest });
});
