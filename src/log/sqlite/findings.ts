import type { LubdubError } from "../../errors.ts";
import type { StoreProblem } from "../store.ts";
import { asStoreError } from "./failures.ts";

export interface VerifyProgress {
  readonly step: "structure" | "records" | "snapshots";
  /** Rows of this step looked at so far; 0 when it begins. */
  readonly done: number;
  /** How many there are, where that is known. */
  readonly total?: number;
}

/** Where the checks of `verifyStore` report what they find. */
export interface Findings {
  readonly file: string;
  readonly problems: readonly StoreProblem[];
  readonly problem: (problem: StoreProblem) => void;
  readonly progress: (progress: VerifyProgress) => void;
  /** Runs one check; what it throws is a problem and no reason to stop. */
  readonly check: <T>(work: () => T) => T | undefined;
}

export function createFindings(file: string, progress: Findings["progress"]): Findings {
  const problems: StoreProblem[] = [];
  return {
    file,
    problems,
    progress,
    problem: (problem) => problems.push(problem),
    check(work) {
      try {
        return work();
      } catch (error) {
        problems.push(asProblem(asStoreError(error, file)));
        return undefined;
      }
    },
  };
}

export function asProblem(error: LubdubError, place: Partial<StoreProblem> = {}): StoreProblem {
  return { code: error.code, ...place, detail: error.got };
}
