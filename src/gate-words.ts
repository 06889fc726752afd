/**
 * What the gate before the run said, where that is worth a note: it was closed, or it could not be asked and counted as open
 * or closed (`onError`).
 */
export type GateVerdict = "closed" | "failed-open" | "failed-closed";

/** Noted with the end of a run; `withChecks` says it. */
export interface Gated {
  readonly gate?: {
    readonly verdict: GateVerdict;
    /** Why it could not be asked: up to 4_096 characters. */
    readonly error?: string;
  };
}
