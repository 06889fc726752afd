import type { Wake } from "../../machines/index.ts";
import { RETRYABLE_SKIPS, type Outcome, type Ran } from "../vocabulary.ts";
import { backoffMs, type Backoff } from "./backoff.ts";

export interface SettlePolicy {
  /** Pause after a busy answer. */
  readonly busyBackoff: Backoff;
  /** Pause after a failure. */
  readonly failedBackoff: Backoff;
  /** Runs that fail before the events are given up. */
  readonly maxAttempts: number;
}

/** How a run ended, as the log will say it. */
export type Settlement =
  | ({ readonly type: "run.ran"; readonly usageRefused?: true } & Omit<Ran, "status">)
  | (Gated & {
      readonly type: "run.skipped";
      readonly reason: string;
      readonly dueAtMs: number | null;
      readonly aborted?: true;
    })
  | (Gated & {
      readonly type: "run.failed";
      readonly code: string;
      readonly error: string;
      readonly dueAtMs: number | null;
      /** Set when the agent rests for it: then no attempt is used up. */
      readonly class?: "auth" | "quota";
    });

type Gated = Pick<Outcome, "gate">;

const RETRYABLE: ReadonlySet<string> = new Set(RETRYABLE_SKIPS);

/**
 * What an outcome means for the wake. Pure. Busy is not failure: it uses up no attempt. A skip never loses an event;
 * a skipped wake without events is over unless the reason says "ask again".
 */
export function settlement(
  outcome: Outcome & { readonly code?: string; readonly usageRefused?: true; readonly aborted?: true },
  { wake, events, nowMs, random, policy, restUntilMs = null }: SettleFacts,
): Settlement {
  const gated = outcome.gate === undefined ? {} : { gate: outcome.gate };
  switch (outcome.status) {
    case "ran": {
      const { status: _ran, code: _code, ...said } = outcome;
      return { type: "run.ran", ...said };
    }
    case "skipped": {
      const over = events === 0 && !RETRYABLE.has(outcome.reason);
      const delayMs = outcome.retryAfterMs ?? backoffMs(wake.postponements + 1, policy.busyBackoff, random);
      return {
        type: "run.skipped",
        reason: outcome.reason,
        dueAtMs: over ? null : nowMs + delayMs,
        ...(outcome.aborted && { aborted: true }),
        ...gated,
      };
    }
    case "failed": {
      const { code = "LUBDUB_RUN_FAILED", reason: error, class: refusal } = outcome;
      if (refusal !== undefined && restUntilMs !== null)
        return { type: "run.failed", code, error, dueAtMs: restUntilMs, class: refusal, ...gated };
      const tries = wake.attempts + 1;
      const givenUp = outcome.retryable === false || tries >= policy.maxAttempts;
      const dueAtMs = givenUp ? null : nowMs + backoffMs(tries, policy.failedBackoff, random);
      return { type: "run.failed", code, error, dueAtMs, ...gated };
    }
  }
}

interface SettleFacts {
  readonly wake: Wake;
  /** How many events the run held. */
  readonly events: number;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: number;
  readonly policy: SettlePolicy;
  /** Until when the agent rests if its provider refused; null: it does not, and a refusal is a failure like any other. */
  readonly restUntilMs?: number | null;
}
