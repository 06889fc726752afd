import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cadence } from "../../machines/index.ts";
import {
  MISSED_MAX,
  nextAt,
  nextAtAfterSetBack,
  phaseOf,
  tickOf,
  upcoming,
} from "../../src/policy/cadence.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const NOW_MS = Date.parse("2026-11-24T12:00:00Z");
const hourly: Cadence = { kind: "every", everyMs: HOUR_MS, phaseMs: 7 * MINUTE_MS };
const nine: Cadence = { kind: "cron", cron: "0 9 * * *", zone: "Europe/Berlin" };

describe("every so often", () => {
  test("ticks are a whole number of intervals from the phase, wherever one begins to count", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 10 * DAY_MS }),
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        fc.string(),
        (everyMs, afterMs, id) => {
          const phaseMs = phaseOf(id, everyMs);
          const next = nextAt({ kind: "every", everyMs, phaseMs }, afterMs) as number;
          expect(next).toBeGreaterThan(afterMs);
          expect(next - afterMs).toBeLessThanOrEqual(everyMs);
          expect((next - phaseMs) % everyMs).toBe(0);
        },
      ),
    );
  });

  test("problem 22: names of the same interval tick at different moments, each always at its own", () => {
    const phases = new Set(
      Array.from({ length: 100 }, (_, at) => phaseOf(`beat:agent-${at}`, 30 * MINUTE_MS)),
    );
    expect(phases.size).toBeGreaterThan(95);
    expect(phaseOf("beat:main", HOUR_MS)).toBe(phaseOf("beat:main", HOUR_MS));
  });

  test("what was missed is counted, and the next tick is the first to come", () => {
    const dueAtMs = nextAt(hourly, NOW_MS) as number;
    expect(tickOf(hourly, dueAtMs, dueAtMs)).toEqual({
      tickAtMs: dueAtMs,
      missed: 0,
      nextAtMs: dueAtMs + HOUR_MS,
    });
    const late = tickOf(hourly, dueAtMs, dueAtMs + 5 * HOUR_MS + 1);
    expect(late).toEqual({ tickAtMs: dueAtMs + 5 * HOUR_MS, missed: 5, nextAtMs: dueAtMs + 6 * HOUR_MS });
  });

  test("problem 23: ten years forward are one tick", () => {
    const dueAtMs = nextAt(hourly, NOW_MS) as number;
    const tenYearsOn = dueAtMs + 3_650 * DAY_MS;
    expect(tickOf(hourly, dueAtMs, tenYearsOn)).toMatchObject({
      missed: 87_600,
      nextAtMs: tenYearsOn + HOUR_MS,
    });
  });
});

describe("a cron expression", () => {
  test("what was missed is counted, up to a limit", () => {
    const dueAtMs = nextAt(nine, NOW_MS) as number;
    expect(tickOf(nine, dueAtMs, dueAtMs + 3 * DAY_MS)).toMatchObject({
      missed: 3,
      tickAtMs: dueAtMs + 3 * DAY_MS,
    });
    const everyMinute: Cadence = { kind: "cron", cron: "* * * * *", zone: "UTC" };
    const far = tickOf(everyMinute, NOW_MS, NOW_MS + 3_650 * DAY_MS);
    expect(far).toMatchObject({ missed: MISSED_MAX, nextAtMs: NOW_MS + 3_650 * DAY_MS + MINUTE_MS });
  });

  test("a clock set back by a day does not tick again what has ticked", () => {
    const lastTickAtMs = nextAt(nine, NOW_MS) as number;
    const nowMs = lastTickAtMs - DAY_MS + HOUR_MS;
    expect(nextAtAfterSetBack(nine, { lastTickAtMs, nowMs })).toBe(lastTickAtMs + DAY_MS);
  });

  test("a clock that had been ten years ahead does not silence it for ten years", () => {
    const lastTickAtMs = NOW_MS + 3_650 * DAY_MS;
    expect(nextAtAfterSetBack(nine, { lastTickAtMs, nowMs: NOW_MS })).toBe(nextAt(nine, NOW_MS));
  });

  test("a tick of another cadence does not silence it when the clock is set back by hours", () => {
    const everyQuarter: Cadence = { kind: "cron", cron: "*/15 * * * *", zone: "UTC" };
    const lastTickAtMs = (nextAt(everyQuarter, NOW_MS) as number) + 15 * MINUTE_MS;
    const nowMs = lastTickAtMs - 5 * HOUR_MS;
    const atFive: Cadence = { kind: "cron", cron: "5 * * * *", zone: "UTC" };
    expect(nextAtAfterSetBack(atFive, { lastTickAtMs, nowMs })).toBe(nextAt(atFive, nowMs));
  });
});

test("once is once", () => {
  const once: Cadence = { kind: "at", atMs: NOW_MS };
  expect(nextAt(once, NOW_MS - 1)).toBe(NOW_MS);
  expect(nextAt(once, NOW_MS)).toBeNull();
  expect(tickOf(once, NOW_MS, NOW_MS + DAY_MS)).toEqual({ tickAtMs: NOW_MS, missed: 0, nextAtMs: null });
});

test("the next ones are given in order, as many as there are", () => {
  expect(upcoming(hourly, NOW_MS, 5)).toHaveLength(5);
  expect(upcoming({ kind: "at", atMs: NOW_MS + 1 }, NOW_MS, 5)).toEqual([NOW_MS + 1]);
  const cron = upcoming(nine, NOW_MS, 3).map((ms) => new Date(ms).toISOString());
  expect(cron).toEqual(["2026-11-25T08:00:00.000Z", "2026-11-26T08:00:00.000Z", "2026-11-27T08:00:00.000Z"]);
});

/** S18. The oracle asks `Intl` what the wall clock shows, minute by minute around each change of the clock. */
describe("S18: over changes of the clock no tick is lost or doubled", () => {
  const ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Tehran",
    "Africa/Casablanca",
    "Pacific/Apia",
    "America/St_Johns",
    "Asia/Kolkata",
    "Pacific/Chatham",
  ];
  const FIRST_YEAR = 2000;
  const YEARS = 40;

  test.each(ZONES)("%s, 40 years", (zone) => {
    const wall = wallOf(zone);
    for (const changeMs of changesOf(wall)) {
      const [fromMs, untilMs] = [changeMs - DAY_MS, changeMs + DAY_MS];
      const minutes = Array.from({ length: 2 * 1_440 + 1 }, (_, at) => wall(fromMs + at * MINUTE_MS));
      // Times that the change leaves out or repeats, and some far from it.
      for (const minutesOff of [-90, -30, -1, 0, 1, 30, 90]) {
        const minuteOfDay = (wall(changeMs).minuteOfDay + minutesOff + 1_440) % 1_440;
        const cron = `${minuteOfDay % 60} ${Math.floor(minuteOfDay / 60)} * * *`;
        const cadence: Cadence = { kind: "cron", cron, zone };
        const found = upcoming(cadence, fromMs, 4).filter((at) => at <= untilMs);
        const wanted = expectedTicks(minutes, minuteOfDay).map((minute) => fromMs + minute * MINUTE_MS);
        expect(found, `${cron} around ${new Date(changeMs).toISOString()}`).toEqual(wanted);
      }
    }
  });

  interface Shown {
    readonly day: string;
    readonly minuteOfDay: number;
  }
  type Wall = (ms: number) => Shown;

  function wallOf(zone: string): Wall {
    const format = new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
    return (ms) => {
      const text = format.format(ms);
      return {
        day: text.slice(0, 10),
        minuteOfDay: Number(text.slice(12, 14)) * 60 + Number(text.slice(15, 17)),
      };
    };
  }

  /** The first minute after each change of the zone's offset. */
  function changesOf(wall: Wall): readonly number[] {
    const offset = (ms: number): number => {
      const { day, minuteOfDay } = wall(ms);
      return Date.parse(`${day}T00:00:00Z`) + minuteOfDay * MINUTE_MS - ms;
    };
    const changes: number[] = [];
    const endMs = Date.UTC(FIRST_YEAR + YEARS, 0, 1);
    for (let at = Date.UTC(FIRST_YEAR, 0, 1); at < endMs; at += DAY_MS) {
      if (offset(at) === offset(at + DAY_MS)) continue;
      let [low, high] = [at, at + DAY_MS];
      while (high - low > MINUTE_MS) {
        const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
        if (offset(middle) === offset(at)) low = middle;
        else high = middle;
      }
      changes.push(high);
    }
    return changes;
  }

  /** Each day once: the first minute that shows the time, or the first one after the gap that swallowed it. */
  function expectedTicks(minutes: readonly Shown[], minuteOfDay: number): readonly number[] {
    const ticks: number[] = [];
    let before = minutes[0] as Shown;
    let ticked = before.minuteOfDay >= minuteOfDay ? before.day : "";
    for (const [minute, shown] of minutes.entries()) {
      const swallowed = shown.day > before.day && before.minuteOfDay < minuteOfDay && ticked < before.day;
      if ((shown.minuteOfDay >= minuteOfDay && ticked < shown.day) || swallowed) {
        ticks.push(minute);
        ticked = shown.minuteOfDay >= minuteOfDay ? shown.day : before.day;
      }
      before = shown;
    }
    return ticks;
  }
});
