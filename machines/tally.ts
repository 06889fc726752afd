/** What was run of late: what the limits of a session, or of an agent, count. */
export interface Tally {
  /** The newest run starts, oldest first. */
  readonly starts: readonly { readonly runId: string; readonly atMs: number }[];
  /** What was spent on the day that is going on, if anything counts days. */
  readonly day?: { readonly endsAtMs: number; readonly runs: number; readonly tokens: number };
}

/** A run that counts. How much is remembered was decided when it began, so that a replay needs no configuration. */
export interface Count {
  readonly runId: string;
  readonly atMs: number;
  /** How many run starts are remembered. */
  readonly keepStarts: number;
  /** When the day ends that it belongs to. */
  readonly dayEndsAtMs?: number;
}

/** What a run used up, by its own word. */
export interface Spent {
  readonly tokens?: number;
  /** When the day ends on which that became known; undefined in records of before, where it was the newest one that had begun. */
  readonly dayEndsAtMs?: number;
}

export function counted(tally: Tally | undefined, { runId, atMs, keepStarts, dayEndsAtMs }: Count): Tally {
  const starts = [...(tally?.starts ?? []), { runId, atMs }].slice(-keepStarts);
  if (dayEndsAtMs === undefined) return { starts };
  const day = dayOf(tally, dayEndsAtMs);
  return { starts, day: { ...day, runs: day.runs + 1 } };
}

/** The run was skipped, so nothing was done: it does not count. */
export function uncounted(tally: Tally | undefined, runId: string): Tally | undefined {
  if (tally === undefined) return undefined;
  const at = tally.starts.findIndex((start) => start.runId === runId);
  if (at === -1) return tally;
  const starts = tally.starts.toSpliced(at, 1);
  const { day } = tally;
  if (day === undefined) return { starts };
  // The newest starts are those that the day counts: what stands before them began on a day that is over.
  const isOfDay = at >= tally.starts.length - day.runs;
  return { starts, day: isOfDay ? { ...day, runs: day.runs - 1 } : day };
}

/** What a run used up counts for the day on which that becomes known, also when no run has begun on it. */
export function spent(tally: Tally | undefined, { tokens = 0, dayEndsAtMs }: Spent): Tally | undefined {
  if (tally === undefined || tokens === 0) return tally;
  const day = dayEndsAtMs === undefined ? tally.day : dayOf(tally, dayEndsAtMs);
  return day === undefined ? tally : { ...tally, day: { ...day, tokens: day.tokens + tokens } };
}

/** What is spent of the day that ends then. */
const dayOf = (tally: Tally | undefined, endsAtMs: number): NonNullable<Tally["day"]> =>
  tally?.day?.endsAtMs === endsAtMs ? tally.day : { endsAtMs, runs: 0, tokens: 0 };
