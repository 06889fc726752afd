import type { SimulationReport } from "./simulate.ts";

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

/** What a child says once, before its first job: its start is over, and counts as no seed's time. */
export const READY = "ready";
