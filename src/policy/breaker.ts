import type { AgentContext } from "../../machines/index.ts";

interface BreakerFacts {
  readonly nowMs: number;
  /** In [0, 1): spreads those that wait, so that they do not come back in step. */
  readonly random: number;
  /** How long they are spread over, in milliseconds. */
  readonly baseMs: number;
  /** After this time a probe is given up, in milliseconds. */
  readonly probeMs: number;
}

/** Until when an agent that refuses is not called; null when it may be: it does not refuse, or one call is to be tried. */
export function circuitUntil(
  agent: AgentContext | undefined,
  { nowMs, random, baseMs, probeMs }: BreakerFacts,
): number | null {
  const breaker = agent?.breaker;
  if (breaker === undefined || breaker === null) return null;
  const { untilMs, probe } = breaker;
  const isTried = probe !== null && nowMs < probe.atMs + probeMs;
  if (untilMs <= nowMs && !isTried) return null;
  return Math.max(untilMs, nowMs) + Math.max(1, Math.round(random * baseMs));
}
