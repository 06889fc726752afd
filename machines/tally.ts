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

export function counted(
  tally: Tally | undefined,
  { runId, atMs, keepStarts, dayEndsAtMs: endsAtMs }: Count,
): Tally {
  const starts = [...(tally?.starts ?? []), { runId, atMs }].slice(-keepStarts);
  if (endsAtMs === undefined) return { starts };
  const today = tally?.day?.endsAtMs === endsAtMs ? tally.day : { endsAtMs, runs: 0, tokens: 0 };
  return { starts, day: { ...today, runs: today.runs + 1 } };
}

/** The run was skipped, so nothing was done: it does not count. */
export function uncounted(tally: Tally | undefined, runId: string): Tally | undefined {
  if (tally === undefined || !tally.starts.some((start) => start.runId === runId)) return tally;
  const starts = tally.starts.filter((start) => start.runId !== runId);
  const { day } = tally;
  return { starts, ...(day && { day: { ...day, runs: Math.max(0, day.runs - 1) } }) };
}

/** What a run used up counts on the day on which that becomes known. */
export function spent(tally: Tally | undefined, tokens: number): Tally | undefined {
  if (tally?.day === undefined || tokens === 0) return tally;
  return { ...tally, day: { ...tally.day, tokens: tally.day.tokens + tokens } };
}
