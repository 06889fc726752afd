import type { QuietHours } from "../../src/policy/quiet-hours.ts";

/** Half hours, quarter hours, both hemispheres, changes at midnight, a fast with two more changes a year, and none at all. */
export const ZONES = [
  "Europe/Berlin",
  "Europe/London",
  "America/New_York",
  "America/St_Johns",
  "America/Sao_Paulo",
  "Australia/Lord_Howe",
  "Pacific/Chatham",
  "Asia/Beirut",
  "Africa/Casablanca",
  "Asia/Kathmandu",
] as const;

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(1996, 0, 1);
const YEARS = 40;

/** What must be answered at a moment: the end of the window that is open, or null. */
export interface Look {
  readonly atMs: number;
  readonly endMs: number | null;
}

/**
 * What a wall clock shows that somebody watches minute by minute: the window opens when it first shows `from` or later on
 * a date, and closes when it first shows `to` or later. Around every change of the clock, and on two other days a year.
 */
export function* expectedEdges({ from, to }: QuietHours, zone: string): Iterable<Look> {
  const clock = clocks.get(zone) ?? wallClock(zone);
  clocks.set(zone, clock);
  for (const dayMs of daysToWatch(clock)) {
    const edges = watched(clock, dayMs, minutesOf(from), minutesOf(to));
    for (const [index, { atMs, opens }] of edges.entries()) {
      // A moment of two edges belongs to the later one: a window that falls into a gap is not open at all.
      const next = edges.slice(index + 1).find((edge) => edge.atMs > atMs);
      if (next === undefined || edges[index + 1]?.atMs === atMs) continue;
      const endMs = opens ? next.atMs : null;
      yield { atMs, endMs };
      yield { atMs: next.atMs - 1, endMs };
      yield { atMs: Math.floor((atMs + next.atMs) / 2), endMs };
    }
  }
}

const clocks = new Map<string, WallClock>();

interface Edge {
  readonly atMs: number;
  readonly opens: boolean;
}

type WallClock = (atMs: number) => number;

/** The edges of three days, in order. */
function watched(clock: WallClock, dayMs: number, from: number, to: number): Edge[] {
  const edges: Edge[] = [];
  let [opened, closed] = [-1, -1];
  for (let atMs = dayMs; atMs < dayMs + 3 * DAY_MS; atMs += MINUTE_MS) {
    const wallMs = clock(atMs);
    const date = Math.floor(wallMs / DAY_MS);
    const minute = Math.floor((wallMs % DAY_MS) / MINUTE_MS);
    // What was past when the watch began is not an edge.
    if (minute >= to && closed !== date) {
      closed = date;
      if (atMs > dayMs) edges.push({ atMs, opens: false });
    }
    if (minute >= from && opened !== date) {
      opened = date;
      if (atMs > dayMs) edges.push({ atMs, opens: true });
    }
  }
  // At one moment the closing edge is the later: such a window is not open.
  return edges.sort((a, b) => a.atMs - b.atMs || Number(b.opens) - Number(a.opens));
}

/** Each day on which the clock of the place changes, and one other in half a year. */
function* daysToWatch(clock: WallClock): Iterable<number> {
  for (let day = 0; day < YEARS * 365.25; day++) {
    const dayMs = FIRST_MS + day * DAY_MS;
    const offset = (atMs: number): number => clock(atMs) - atMs;
    if (offset(dayMs) !== offset(dayMs + DAY_MS) || day % 183 === 0) yield dayMs - DAY_MS;
  }
}

/** The instant that the clock of a place would show in UTC. `Intl` is asked every quarter of an hour, and every minute around a change. */
function wallClock(zone: string): WallClock {
  const fields = {
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  } as const;
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...fields });
  const offsets = new Map<number, number>();
  const offsetAt = (atMs: number): number => {
    let offset = offsets.get(atMs);
    if (offset === undefined) {
      const parts = format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]);
      const {
        year = 0,
        month = 1,
        day = 1,
        hour = 0,
        minute = 0,
      } = Object.fromEntries(parts) as Record<string, number>;
      offset = Date.UTC(year, month - 1, day, hour, minute) - atMs;
      offsets.set(atMs, offset);
    }
    return offset;
  };
  return (atMs) => {
    const quarterMs = Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
    const offset = offsetAt(quarterMs);
    return (
      atMs +
      (offset === offsetAt(quarterMs + QUARTER_MS)
        ? offset
        : offsetAt(Math.floor(atMs / MINUTE_MS) * MINUTE_MS))
    );
  };
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}
