import type { Tally } from "../../machines/index.ts";
import type { RunLimits, SelfWakes } from "./limits.ts";

/** When the cooldown after the newest run is over; null when it is, or there is none. */
export function cooldownUntil(
  tally: Tally | undefined,
  { spacingMs }: RunLimits = {},
  nowMs: number,
): number | null {
  return spacingMs === undefined ? null : later(newestMs(tally) + spacingMs, nowMs);
}

/** When there is room for one more start in the window of the flood guard. */
export function floodUntil(
  tally: Tally | undefined,
  { flood = false }: RunLimits = {},
  nowMs: number,
): number | null {
  if (flood === false) return null;
  const start = tally?.starts.at(-flood.runs);
  return start === undefined ? null : later(start.atMs + flood.windowMs, nowMs);
}

/** A chain of runs that cause each other: once it is too long, one run in a long while. */
export function selfWakeUntil(
  tally: Tally | undefined,
  depth: number,
  selfWakes: SelfWakes | false | undefined,
  nowMs: number,
): number | null {
  if (selfWakes === undefined || selfWakes === false || depth < selfWakes.depth) return null;
  return later(newestMs(tally) + selfWakes.spacingMs, nowMs);
}

const newestMs = (tally: Tally | undefined): number => tally?.starts.at(-1)?.atMs ?? -Infinity;
const later = (untilMs: number, nowMs: number): number | null => (untilMs > nowMs ? untilMs : null);
