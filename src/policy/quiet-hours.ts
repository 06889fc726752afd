import { LubdubError, shown } from "../errors.ts";
import { calendar } from "./calendar.ts";
import { compilePattern } from "./pattern.ts";

/** Days of the week, as they stand in a window. */
export const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** When some sessions are to be left in peace: urgent wakes pass, all others wait until it is over. */
export interface QuietHours {
  /** The time of day at which it begins, `HH:MM`. */
  readonly from: string;
  /** The time of day at which it ends, `HH:MM` or `24:00`. Not later than `from` means: on the next day. */
  readonly to: string;
  /** Whose clock counts: an IANA name, e.g. `Europe/Berlin`. */
  readonly zone: string;
  /** Days on which it begins. @default every day */
  readonly days?: readonly (typeof WEEKDAYS)[number][] | undefined;
  /** Session keys that it is for; each `*` stands for any characters. @default all */
  readonly match?: string | undefined;
  /** `true`: `immediate` waits too, only `manual` passes. @default false */
  readonly strict?: boolean | undefined;
}

/** The end of the quiet hours that a session is in; null when it is in none. */
export type QuietUntil = (sessionKey: string, urgent: boolean, nowMs: number) => number | null;

/** Windows that follow each other for longer than this leave no time in which anything could run. */
const QUIET_MS_MAX = 8 * 86_400_000;
/** An ordinary week, to look for windows that never end. */
const SOME_WEEK_MS = 1_767_571_200_000; // 2026-01-05, a Monday

/**
 * Quiet hours on the wall clocks of their places. Inside iff the next end comes before the next begin. An edge that a clock
 * change leaves out falls on the end of the gap; one that comes twice counts the first time.
 *
 * @throws LubdubError `LUBDUB_SCHEDULE_INVALID`: a time or a zone that does not exist, a window of zero width, or windows
 * that together never end
 */
export function quietHours(windows: readonly QuietHours[]): QuietUntil {
  const compiled = windows.map((window) => ({
    matches: compilePattern(window.match ?? "*"),
    strict: window.strict ?? false,
    endOf: windowEnd(window),
  }));
  refuseEndless(windows);
  return (sessionKey, urgent, nowMs) => {
    const mine = compiled.filter(({ matches, strict }) => (strict || !urgent) && matches(sessionKey));
    const untilMs = endOfAll(
      mine.map(({ endOf }) => endOf),
      nowMs,
    );
    return untilMs === nowMs ? null : untilMs;
  };
}

type EndOf = (nowMs: number) => number | null;

/** Windows may follow each other: the end of one may lie in the next. */
function endOfAll(windows: readonly EndOf[], nowMs: number): number {
  let untilMs = nowMs;
  for (let longer = true; longer && untilMs - nowMs <= QUIET_MS_MAX;) {
    longer = false;
    for (const endOf of windows) {
      const endMs = endOf(untilMs);
      if (endMs === null) continue;
      untilMs = endMs;
      longer = true;
    }
  }
  return untilMs;
}

/** When the window ends that is open now. Between two edges the answer is the same, so it is remembered. */
function windowEnd({ from, to, zone, days }: QuietHours): EndOf {
  const [begin, end] = [minutesOf("from", from), minutesOf("to", to)];
  if (begin === end) throw invalid("two different times", `${from} to ${to}`);
  const begins = calendar(cron(begin, days, 0), zone);
  const ends = calendar(cron(end % DAY_MINUTES, days, end <= begin || end === DAY_MINUTES ? 1 : 0), zone);
  let known = { sinceMs: Infinity, beginMs: 0, endMs: 0 };
  return (nowMs) => {
    if (nowMs < known.sinceMs || nowMs >= Math.min(known.beginMs, known.endMs)) {
      const [beginMs, endMs] = [begins.next(nowMs) ?? Infinity, ends.next(nowMs) ?? Infinity];
      known = { sinceMs: nowMs, beginMs, endMs };
    }
    return known.endMs < known.beginMs ? known.endMs : null;
  };
}

const DAY_MINUTES = 1_440;
const TIME_OF_DAY = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/;

function minutesOf(name: "from" | "to", time: string): number {
  const [whole, hours, minutes] = TIME_OF_DAY.exec(time) ?? [];
  if (whole === undefined || (name === "from" && hours === undefined)) {
    throw invalid(`\`${name}\` as HH:MM, from 00:00 to ${name === "from" ? "23:59" : "24:00"}`, time);
  }
  return hours === undefined ? DAY_MINUTES : Number(hours) * 60 + Number(minutes);
}

function cron(minutes: number, days: QuietHours["days"], laterDays: number): string {
  const named = days?.map((day) => (WEEKDAYS.indexOf(day) + laterDays) % 7).join(",") ?? "*";
  if (named === "") throw invalid("at least one day", "none");
  return `${minutes % 60} ${Math.floor(minutes / 60)} * * ${named}`;
}

/** Windows for the same sessions that leave no open moment would hold them for ever. */
function refuseEndless(windows: readonly QuietHours[]): void {
  for (const { match = "*" } of windows) {
    const together = windows.filter(
      (other) => (other.match ?? "*") === match || (other.match ?? "*") === "*",
    );
    if (endOfAll(together.map(windowEnd), SOME_WEEK_MS) - SOME_WEEK_MS <= QUIET_MS_MAX) continue;
    const got = together.map(({ from, to, zone }) => `${from} to ${to} ${zone}`).join(", ");
    throw invalid(`quiet hours for ${shown(match)} that end`, got);
  }
}

const invalid = (expected: string, got: string): LubdubError =>
  new LubdubError("LUBDUB_SCHEDULE_INVALID", {
    expected,
    got: shown(got),
    fix: 'Example: { from: "22:00", to: "07:00", zone: "Europe/Berlin" }.',
  });
