import type { QuietHours } from "../../../src/policy/quiet-hours.ts";

/** Places without daylight saving, in minutes east of Greenwich. */
const EAST_MINUTES: Readonly<Record<string, number>> = { UTC: 0, "Asia/Kolkata": 330, "Etc/GMT+8": -480 };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DAYS = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"] as const;

/** The end of the quiet hours that a session is in at this moment of the wall clock, and of those that follow at once. */
export function quietEnd(
  windows: readonly QuietHours[],
  { sessionKey, urgent }: { readonly sessionKey: string; readonly urgent: boolean },
  wallMs: number,
): number | null {
  const mine = windows.filter(
    ({ match = "*", strict = false }) => (strict || !urgent) && isLike(match, sessionKey),
  );
  let endMs = wallMs;
  for (let before = -1; before !== endMs;) {
    before = endMs;
    for (const window of mine) endMs = endOf(window, endMs) ?? endMs;
  }
  return endMs === wallMs ? null : endMs;
}

/** The first midnight of this place that is later. */
export function midnightAfter(wallMs: number, zone: string): number {
  const eastMs = (EAST_MINUTES[zone] ?? Number.NaN) * MINUTE_MS;
  return (Math.floor((wallMs + eastMs) / DAY_MS) + 1) * DAY_MS - eastMs;
}

/** The window may have begun today or yesterday, as its place counts days. */
function endOf({ from, to, zone, days }: QuietHours, wallMs: number): number | null {
  const eastMs = (EAST_MINUTES[zone] ?? Number.NaN) * MINUTE_MS;
  const lengthMs = (msOf(to) - msOf(from) + DAY_MS) % DAY_MS;
  const today = Math.floor((wallMs + eastMs) / DAY_MS);
  for (const day of [today - 1, today]) {
    const beginMs = day * DAY_MS + msOf(from) - eastMs;
    const counts = days === undefined || days.includes(DAYS[day % DAYS.length] ?? "thu");
    if (counts && wallMs >= beginMs && wallMs < beginMs + lengthMs) return beginMs + lengthMs;
  }
  return null;
}

const msOf = (time: string): number => (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) * MINUTE_MS;

/** A pattern has at most one star here. */
function isLike(pattern: string, sessionKey: string): boolean {
  const [head = "", tail] = pattern.split("*");
  if (tail === undefined) return sessionKey === pattern;
  const long = sessionKey.length >= head.length + tail.length;
  return long && sessionKey.startsWith(head) && sessionKey.endsWith(tail);
}
