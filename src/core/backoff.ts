/**
 * How long to wait before the next try: exponential, with jitter so that many sessions do not come back in step. Pure.
 *
 * @param tries - tries so far, 1 or more.
 * @param random - in [0, 1), drawn by the host; the result is logged, so that a replay draws nothing.
 * @returns whole milliseconds: min(cap, base * 2^(tries - 1)), times 0.5 to 1.5, at least 1.
 * @example backoffMs(3, { baseMs: 1_000, capMs: 60_000 }, 0.5) // 4000
 */
export function backoffMs(tries: number, { baseMs, capMs }: Backoff, random: number): number {
  const plain = Math.min(capMs, baseMs * 2 ** Math.min(tries - 1, 52));
  return Math.max(1, Math.round(plain * (0.5 + random)));
}

export interface Backoff {
  /** Delay after the first try, in milliseconds. */
  readonly baseMs: number;
  /** Largest delay before jitter, in milliseconds. */
  readonly capMs: number;
}
