import { planOf } from "./plan.ts";
import { Violation } from "./promise.ts";
import { simulate, type SimulationReport } from "./simulate.ts";

/** What the parent asks for. */
export interface Job {
  readonly seed: number;
  readonly steps: number;
  /** Runs it twice: both traces must be the same. */
  readonly twice: boolean;
}

/** What a child answers, one per job. */
export type JobResult =
  | { readonly seed: number; readonly report: SimulationReport }
  | { readonly seed: number; readonly message: string };

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
