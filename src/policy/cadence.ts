import type { Cadence } from "../../machines/index.ts";
import { calendar } from "./calendar.ts";

/** One look at a schedule that is due. All times in milliseconds since the Unix epoch. */
export interface Tick {
  /** The newest moment that is over. */
  readonly tickAtMs: number;
  /** Moments before it that nobody was there for. One tick makes up for them all. */
  readonly missed: number;
  /** The first moment to come; null when there is none. */
  readonly nextAtMs: number | null;
}

/** Missed moments of a cron expression are counted up to here: after ten years' sleep nobody needs the exact number. */
export const MISSED_MAX = 1_000;

/** The first moment after `afterMs`; null when there is none. */
export const nextAt = (cadence: Cadence, afterMs: number): number | null => momentsOf(cadence)(afterMs);

/** The same for many questions: a cron expression is read once. */
function momentsOf(cadence: Cadence): (afterMs: number) => number | null {
  switch (cadence.kind) {
    case "every": {
      const { everyMs, phaseMs } = cadence;
      return (afterMs) => phaseMs + (Math.floor((afterMs - phaseMs) / everyMs) + 1) * everyMs;
    }
    case "cron": {
      const times = calendar(cadence.cron, cadence.zone);
      return (afterMs) => times.next(afterMs);
    }
    case "at":
      return (afterMs) => (cadence.atMs > afterMs ? cadence.atMs : null);
  }
}

/** What is due by `nowMs`, of a schedule whose next moment was `dueAtMs`. */
export function tickOf(cadence: Cadence, dueAtMs: number, nowMs: number): Tick {
  switch (cadence.kind) {
    case "every": {
      const missed = Math.floor((nowMs - dueAtMs) / cadence.everyMs);
      return {
        tickAtMs: dueAtMs + missed * cadence.everyMs,
        missed,
        nextAtMs: nextAt(cadence, nowMs),
      };
    }
    case "cron": {
      const next = momentsOf(cadence);
      let tickAtMs = dueAtMs;
      let missed = 0;
      for (; missed < MISSED_MAX; missed++) {
        const following = next(tickAtMs);
        if (following === null || following > nowMs) return { tickAtMs, missed, nextAtMs: following };
        tickAtMs = following;
      }
      return { tickAtMs, missed, nextAtMs: next(nowMs) };
    }
    case "at":
      return { tickAtMs: dueAtMs, missed: 0, nextAtMs: null };
  }
}

/** A clock that was set back by more than this was wrong before; by less, and what has ticked is not ticked again. */
const SET_BACK_MS_MAX = 26 * 3_600_000;

/**
 * The next moment once the wall clock may have been set back to `nowMs`. A moment that has ticked does not tick again after a
 * correction of up to a day; but a clock that had been years ahead must not silence a schedule for years, nor a cadence of before
 * the one of today.
 */
export function nextAtAfterSetBack(
  cadence: Cadence,
  { lastTickAtMs, nextAtMs = Infinity, nowMs }: TickTimes,
): number | null {
  // A newest tick that is later than the next one, or at no moment of this cadence, was by hand, by the other clock or by another cadence.
  const known =
    lastTickAtMs !== null &&
    lastTickAtMs < (nextAtMs ?? Infinity) &&
    nextAt(cadence, lastTickAtMs - 1) === lastTickAtMs;
  const ticked = known && lastTickAtMs - nowMs <= SET_BACK_MS_MAX ? lastTickAtMs : nowMs;
  return nextAt(cadence, Math.max(nowMs, ticked));
}

interface TickTimes {
  readonly lastTickAtMs: number | null;
  /** The next one, as it was known so far. */
  readonly nextAtMs?: number | null;
  readonly nowMs: number;
}

/** The next `count` moments after `afterMs`. */
export function upcoming(cadence: Cadence, afterMs: number, count: number): readonly number[] {
  const next = momentsOf(cadence);
  const moments: number[] = [];
  for (let at = next(afterMs); at !== null && moments.length < count; at = next(at)) moments.push(at);
  return moments;
}

/**
 * Where in its interval a schedule ticks: anchored to its name, so that a restart does not move it and schedules of one interval do
 * not tick together (#59977, #85885). FNV-1a, 32 bits.
 */
export function phaseOf(scheduleId: string, everyMs: number): number {
  let hash = 0x81_1c_9d_c5;
  for (let at = 0; at < scheduleId.length; at++) {
    hash = Math.imul(hash ^ scheduleId.charCodeAt(at), 0x01_00_01_93);
  }
  return (hash >>> 0) % everyMs;
}
