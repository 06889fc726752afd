import { parseArguments, UsageError, type ProveArguments } from "./arguments.ts";
import type { Part, PartRequest, PartResult } from "./part.ts";
import { progressBar } from "./progress.ts";
import { createReport, table, writeReport, type PartReport, type Verdict } from "./report.ts";

const EXIT: Readonly<Record<Verdict, number>> = { passed: 0, failed: 1, incomplete: 3 };
const EXIT_USAGE = 2;

export interface Output {
  readonly isTTY: boolean | undefined;
  readonly write: (text: string) => void;
  readonly error: (text: string) => void;
}

/** Runs the proof. @returns 0 passed, 1 failed, 2 wrong arguments, 3 incomplete: a part could not run here */
export async function prove(
  args: readonly string[],
  parts: readonly Part[],
  { reports, output }: { readonly reports: string; readonly output: Output },
): Promise<number> {
  let wanted: ProveArguments;
  try {
    wanted = parseArguments(args, parts);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    output.error(`${error.message}\n`);
    return EXIT_USAGE;
  }
  const startedAt = new Date();
  const done: PartReport[] = [];
  for (const part of wanted.parts) done.push(await runPart(part, wanted, output));
  const report = createReport({ tier: wanted.tier, seed: wanted.seed ?? null, startedAt }, done);
  output.write(`${table(report)}\n${writeReport(report, reports)}\n`);
  return EXIT[report.verdict];
}

async function runPart(
  part: Part,
  { tier, seed, minutes, parts }: ProveArguments,
  output: Output,
): Promise<PartReport> {
  const { name, invariants } = part;
  const missing = part.missing?.();
  const base = { part: name, invariants };
  if (missing !== undefined)
    return { ...base, verdict: "skipped", missing, wallMs: 0, counts: {}, failures: [] };
  const startedMs = Date.now();
  const bar = progressBar(name, output);
  let wasOver = false;
  const share = parts.length === 1 ? Infinity : (part.minutes?.[tier] ?? Infinity);
  const overMs = startedMs + 60_000 * (minutes ?? share);
  const request: PartRequest = {
    tier,
    ...(seed === undefined ? {} : { seed }),
    ...(minutes === undefined ? {} : { minutes }),
    progress: (done, all) => bar.show(done, all),
    isOver: () => (wasOver ||= Date.now() > overMs),
  };
  const result = await part.run(request).catch((error: unknown) => broken(name, error));
  bar.clear();
  const verdict = result.failures.length === 0 ? "passed" : "failed";
  const cut = wasOver ? { timeWasOver: true as const } : {};
  return { ...base, verdict, wallMs: Date.now() - startedMs, ...cut, ...result };
}

/** A part that breaks has proven nothing; the others go on, and the report is written. */
function broken(name: string, error: unknown): PartResult {
  const message = `the part itself broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  return { counts: {}, failures: [{ seed: 0, message, reproduce: `npm run prove -- --only ${name}` }] };
}
