import { READY, type Job, type JobResult } from "./job.ts";
import { planOf } from "./plan.ts";
import { Violation } from "./promise.ts";
import { simulate } from "./simulate.ts";

async function work({ seed, steps, twice }: Job): Promise<JobResult> {
  try {
    const report = await simulate(planOf(seed, steps));
    if (twice && (await simulate(planOf(seed, steps))).traceHash !== report.traceHash)
      throw new Violation("S12 the same seed gives the same trace");
    return { seed, report };
  } catch (error) {
    return { seed, message: messageOf(error) };
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Violation
    ? error.message
    : `crashed: ${error instanceof Error ? error.stack : String(error)}`;

let seed = 0;
const fatal = (error: unknown): never => {
  process.send?.({ seed, message: messageOf(error) } satisfies JobResult);
  process.exit(1);
};
process.on("uncaughtException", fatal);
process.on("unhandledRejection", fatal);
process.on("message", (job: Job) => {
  seed = job.seed;
  void work(job).then((result) => process.send?.(result));
});
process.on("disconnect", () => process.exit());
process.send?.(READY);
