import { LubdubError, shown } from "../errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * A length of time as people write it, in milliseconds: a whole number with a unit, or several of them.
 *
 * @throws LubdubError `LUBDUB_SCHEDULE_INVALID`
 * @example durationMs("1h30m") // 5400000
 */
export function durationMs(text: string): number {
  const parts = [...text.matchAll(/(\d{1,9})(ms|[smhdw])/g)];
  const whole = parts.map(([part]) => part).join("") === text.trim() && parts.length > 0;
  const ms = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit as string] as number),
    0,
  );
  if (whole && Number.isSafeInteger(ms)) return ms;
  throw new LubdubError("LUBDUB_SCHEDULE_INVALID", {
    expected: "a length of time with a unit: ms, s, m, h, d or w",
    got: shown(text),
    fix: "Example: 30m, or 1h30m.",
  });
}
