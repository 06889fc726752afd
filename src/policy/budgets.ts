import type { Tally } from "../../machines/index.ts";
import type { RunLimits } from "./limits.ts";

/** The end of the day on which everything is spent; null while something is left. */
export function budgetUntil(
  tally: Tally | undefined,
  { daily }: RunLimits = {},
  nowMs: number,
): number | null {
  const day = tally?.day;
  if (daily === undefined || day === undefined || day.endsAtMs <= nowMs) return null;
  const { runs = Infinity, tokens = Infinity } = daily;
  return day.runs >= runs || day.tokens >= tokens ? day.endsAtMs : null;
}
