import { passes, type AgentContext, type Hold, type Intent, type Tally } from "../../machines/index.ts";
import { circuitUntil } from "./breaker.ts";
import { budgetUntil } from "./budgets.ts";
import { calendar } from "./calendar.ts";
import { cooldownUntil, floodUntil, selfWakeUntil } from "./cooldown.ts";
import type { Limits } from "./limits.ts";
import { quietHours } from "./quiet-hours.ts";

/** What the policies are told about a wake that would start now. */
export interface HoldFacts {
  readonly sessionKey: string;
  readonly intent: Intent;
  readonly nowMs: number;
  /** What the wall clock shows: `nowMs`, unless it was set back. */
  readonly wallMs: number;
  /** In [0, 1), drawn by the host. */
  readonly random: number;
  /** How many runs in a row have caused each other up to this wake; 0 when something from outside did. */
  readonly depth: number;
  readonly session: Tally | undefined;
  readonly agent: AgentContext | undefined;
  /** The longest that a run may take, in milliseconds. */
  readonly runMs: number;
}

/** Which policy holds a wake back, and until when. */
export interface Held {
  readonly reason: Hold;
  readonly untilMs: number;
}

type Times = Pick<HoldFacts, "nowMs" | "wallMs">;

/** All limits, ready to be asked. Pure. */
export interface Policies {
  /** Asked right before a wake would start. */
  hold(facts: HoldFacts): Held | null;
  /**
   * What is written down with a run that starts, so that it counts; undefined when nothing counts.
   * @param begunDay - when the day ends that its agent has begun: it keeps its length when the wall clock is set back, and is
   * not begun anew. Asked only where days count
   */
  counts(
    times: Times,
    begunDay?: () => number | undefined,
  ): { readonly keepStarts: number; readonly dayEndsAtMs?: number } | undefined;
}

/**
 * All policies in one. When several hold a wake back, the longest is told: what it is looked at for before that would only
 * be held again. Which intents pass which policy is a table in `machines/intents.ts`.
 *
 * @param concurrency - runs at a time: as many of the newest starts may turn out not to count, and must leave the others known
 * @throws LubdubError `LUBDUB_SCHEDULE_INVALID`
 */
export function policiesOf(limits: Limits, concurrency: number): Policies {
  const quietUntil = quietHours(limits.quietHours ?? []);
  const midnight = calendar("0 0 * * *", limits.zone ?? "UTC");
  const { session = {}, agent = {}, selfWakes = false, breaker = false } = limits;
  const floods = [session.flood, agent.flood].map((flood) => (flood ? flood.runs : 1));
  const keepStarts = Math.max(...floods) + concurrency;
  const counting = [session, agent, selfWakes, breaker].some(
    (limit) => limit && Object.keys(limit).length > 0,
  );
  const daily = session.daily !== undefined || agent.daily !== undefined;
  return {
    hold({ sessionKey, intent, nowMs, wallMs, random, depth, runMs, ...known }) {
      const ofAgent = known.agent?.tally;
      const quietMs = quietUntil(sessionKey, passes(intent, "quiet-hours"), wallMs);
      const untilMs: Readonly<Record<Hold, readonly (number | null)[]>> = {
        "quiet-hours": [onSteady(quietMs, { nowMs, wallMs })],
        cooldown: [cooldownUntil(known.session, session, nowMs), cooldownUntil(ofAgent, agent, nowMs)],
        flood: [floodUntil(known.session, session, nowMs), floodUntil(ofAgent, agent, nowMs)],
        budget: [budgetUntil(known.session, session, nowMs), budgetUntil(ofAgent, agent, nowMs)],
        "self-wake": [selfWakeUntil(known.session, depth, selfWakes, nowMs)],
        "circuit-open": breaker
          ? [circuitUntil(known.agent, { nowMs, random, baseMs: breaker.baseMs, probeMs: runMs })]
          : [],
      };
      return longest(intent, untilMs);
    },
    counts(times, begunDay) {
      if (!counting) return undefined;
      if (!daily) return { keepStarts };
      const begunMs = begunDay?.() ?? -Infinity;
      const dayEndsAtMs = begunMs > times.nowMs ? begunMs : onSteady(midnight.next(times.wallMs), times);
      return { keepStarts, ...(dayEndsAtMs === null ? {} : { dayEndsAtMs }) };
    },
  };
}

/** A moment of the wall clock on the clock that deadlines are on, which never goes back. */
const onSteady = (atMs: number | null, { nowMs, wallMs }: Times): number | null =>
  atMs === null ? null : nowMs + (atMs - wallMs);

/** Quiet hours know themselves whether an urgent wake passes: it depends on the window. */
function longest(intent: Intent, untilMs: Readonly<Record<Hold, readonly (number | null)[]>>): Held | null {
  let held: Held | null = null;
  for (const reason of Object.keys(untilMs) as Hold[]) {
    if (intent === "manual" || (reason !== "quiet-hours" && passes(intent, reason))) continue;
    for (const until of untilMs[reason]) {
      if (until !== null && (held === null || until > held.untilMs)) held = { reason, untilMs: until };
    }
  }
  return held;
}
