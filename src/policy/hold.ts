import { passes, type Hold, type Intent } from "../../machines/index.ts";
import type { Limits } from "./limits.ts";
import { quietHours } from "./quiet-hours.ts";

/** What the policies are told about a wake that would start now. */
export interface HoldFacts {
  readonly sessionKey: string;
  readonly intent: Intent;
  readonly nowMs: number;
}

/** Which policy holds a wake back, and until when. */
export interface Held {
  readonly reason: Hold;
  readonly untilMs: number;
}

/** Asked right before a wake would start. Pure. */
export type HoldPolicy = (facts: HoldFacts) => Held | null;

/**
 * All policies in one. When several hold a wake back, the longest is told: what it is looked at for before that would only
 * be held again. Which intents pass which policy is a table in `machines/intents.ts`.
 *
 * @throws LubdubError `LUBDUB_SCHEDULE_INVALID`
 */
export function holdPolicy(limits: Limits): HoldPolicy {
  const quietUntil = quietHours(limits.quietHours ?? []);
  return ({ sessionKey, intent, nowMs }) => {
    const untilMs: Partial<Record<Hold, number | null>> = {
      "quiet-hours":
        intent === "manual" ? null : quietUntil(sessionKey, passes(intent, "quiet-hours"), nowMs),
    };
    return longest(untilMs);
  };
}

function longest(untilMs: Partial<Record<Hold, number | null>>): Held | null {
  let held: Held | null = null;
  for (const [reason, until] of Object.entries(untilMs) as [Hold, number | null][]) {
    if (until !== null && (held === null || until > held.untilMs)) held = { reason, untilMs: until };
  }
  return held;
}
