import fc from "fast-check";
import { answerJobs } from "../threads.ts";
import { commandProperty } from "./commands.ts";
import { intakeProperty } from "./intake.ts";
import { leaseProperty } from "./leases.ts";

export type Kind = "leases" | "intake" | "commands";

export interface Chunk {
  readonly kind: Kind;
  readonly seed: number;
  readonly runs: number;
}

const CHECKS: Readonly<Record<Kind, (seed: number, runs: number) => Promise<string | null>>> = {
  leases: (seed, runs) => check(leaseProperty, seed, runs),
  intake: (seed, runs) => check(intakeProperty, seed, runs),
  commands: (seed, runs) => check(commandProperty, seed, runs),
};

answerJobs(({ kind, seed, runs }: Chunk) => CHECKS[kind](seed, runs));

/** @returns what was found, if anything */
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
