import { LubdubError, shown } from "../errors.ts";
import { durationMs } from "../policy/duration.ts";

/**
 * A moment as people write it, in milliseconds since the Unix epoch: `+2h` from now, or a date and time, which is that of this
 * machine's time zone unless it names one.
 *
 * @throws LubdubError `LUBDUB_SCHEDULE_INVALID`
 * @example momentMs("2026-12-24T18:00", Date.now())
 */
export function momentMs(text: string, nowMs: number): number {
  if (text.startsWith("+")) return nowMs + durationMs(text.slice(1));
  const atMs = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new LubdubError("LUBDUB_SCHEDULE_INVALID", {
    expected: "a time like 2026-12-24T18:00, or +2h from now",
    got: shown(text),
  });
}
