import { Cron } from "croner";
import { LubdubError, shown } from "../errors.ts";

/**
 * Times on the wall clock of a place: the one file that knows time zones. Pure: an instant in, an instant out, both in
 * milliseconds since the Unix epoch; nothing is read from this machine's clock.
 */
export interface Calendar {
  /** The first instant that fits, later than `afterMs`; null when there is none any more. */
  next(afterMs: number): number | null;
}

/** Longest cron expression, in characters. */
const EXPRESSION_CHARS_MAX = 256;

/**
 * A cron expression (five fields; with seconds six) in a time zone. A local time that a clock change leaves out fires once,
 * when the gap ends; one that occurs twice fires once.
 *
 * @param zone - an IANA name, for example `Europe/Berlin`
 * @throws LubdubError `LUBDUB_SCHEDULE_INVALID`
 * @example calendar("0 9 * * 1-5", "Europe/Berlin").next(0) // 9:00 on the first working day of 1970
 */
export function calendar(expression: string, zone: string): Calendar {
  checkZone(zone);
  const cron = compiled(expression, zone);
  return { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() ?? null };
}

/** Zones that exist, by their own names alone: so there is an end to what is remembered. */
const zonesKnown = new Set<string>();

/** @throws LubdubError `LUBDUB_SCHEDULE_INVALID` */
export function checkZone(zone: string): void {
  if (zonesKnown.has(zone)) return;
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions();
    if (timeZone === zone) zonesKnown.add(zone);
  } catch {
    throw new LubdubError("LUBDUB_SCHEDULE_INVALID", {
      expected: "the IANA name of a time zone",
      got: shown(zone),
      fix: "Example: Europe/Berlin, or UTC.",
    });
  }
}

function compiled(expression: string, zone: string): Cron {
  try {
    if (expression.length > EXPRESSION_CHARS_MAX)
      throw new Error(`more than ${EXPRESSION_CHARS_MAX} characters`);
    return new Cron(expression, { timezone: zone, paused: true });
  } catch (error) {
    throw new LubdubError("LUBDUB_SCHEDULE_INVALID", {
      expected: "a cron expression of five fields, or six with seconds",
      got: `${shown(expression)} (${error instanceof Error ? error.message : String(error)})`,
      fix: 'Example: "0 9 * * 1-5" is 9:00 from Monday to Friday.',
    });
  }
}
