/** Several rounds of one measurement: compare medians, and look at the spread before believing a difference. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), min: quantile(sorted, 0), max: quantile(sorted, 1) };
}

/** @param sorted - ascending, not empty @param share - 0 to 1 */
export function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const [below = Number.NaN, above = below] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

/** Work per second and processor time per piece, of some rounds of the same work. */
export interface Round {
  readonly perSecond: number;
  readonly cpuUs: number;
}

/** Measures `work`, which handles `count` pieces. */
export async function timed(count: number, work: () => unknown): Promise<Round> {
  (globalThis as { gc?: () => void }).gc?.();
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await work();
  const elapsedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (count / elapsedMs) * 1_000, cpuUs: (user + system) / count };
}
