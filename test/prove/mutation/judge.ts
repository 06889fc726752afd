import type { Finding, PartResult } from "../part.ts";
import type { Survivor } from "./survivors.ts";

/** The part of Stryker's report (mutation-testing-report-schema) that is read here. */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

interface Place {
  readonly line: number;
  readonly column: number;
}
interface Mutant {
  readonly replacement?: string;
  readonly status: string;
  /** Changed while its module loads, so that no single test covers it. */
  readonly static?: boolean;
  readonly location: { readonly start: Place; readonly end: Place };
}

/** A mutant in words. */
interface Change {
  readonly at: string;
  readonly file: string;
  readonly line: string;
  readonly change: string;
  readonly status: string;
}

export interface Wanted {
  /** Percent of the mutants that were run. */
  readonly scoreMin: number;
  /** No survivor without a reason why it cannot be noticed. */
  readonly allExplained: boolean;
}

const MISSED: ReadonlySet<string> = new Set(["Survived", "NoCoverage"]);

/**
 * The score: of the mutants that were run, so many in a hundred were noticed. A survivor that is explained counts as one all the same.
 *
 * @param all - how many mutants there are; those that are not in the report were not run yet
 */
export function judge(
  { files }: MutationReport,
  { all, explained, wanted }: { all: number; explained: readonly Survivor[]; wanted: Wanted },
): PartResult {
  const known = new Set(explained.flatMap(keysOf));
  const mutants = Object.entries(files).flatMap(([file, { source, mutants: of }]) =>
    of.map((mutant) => inWords(file, source.split("\n"), mutant)),
  );
  const count = (is: string): number => mutants.filter(({ status }) => status === is).length;
  const missed = mutants.filter(({ status }) => MISSED.has(status));
  const open = missed.filter((change) => !known.has(keyOf(change)));
  const noticed = count("Killed") + count("Timeout");
  const score = Math.floor((1_000 * noticed) / Math.max(1, noticed + missed.length)) / 10;
  const unrun = Math.max(0, all - mutants.length);
  return {
    counts: {
      killed: count("Killed"),
      timeout: count("Timeout"),
      survived: open.filter(({ status }) => status === "Survived").length,
      explained: missed.length - open.length,
      "no coverage": open.filter(({ status }) => status === "NoCoverage").length,
      "not yet run": unrun,
      "% score": score,
    },
    ...(unrun === 0 ? {} : { incomplete: `${unrun} mutants were not run yet` }),
    failures: [
      ...(score >= wanted.scoreMin
        ? []
        : [finding(`${score} % of the mutants are noticed; ${wanted.scoreMin} % are wanted`)]),
      ...(wanted.allExplained
        ? open.map(({ at, change }) => finding(`${at}: nothing notices ${change}`))
        : []),
      ...stale(explained, mutants, unrun === 0).map((message) => finding(message)),
    ],
    details: open.map(({ at, change }) => ({ at, change })),
  };
}

/**
 * What a run may take over from the last one. A survivor is tried again once a test that covers it is new; Stryker says of a
 * static one that no test covers it, and so would never see that one of them notices it by now.
 */
export function reusable<Report extends MutationReport>(report: Report): Report {
  const files = Object.entries(report.files).map(([name, file]) => {
    const mutants = file.mutants.filter((mutant) => mutant.static !== true || !MISSED.has(mutant.status));
    return [name, { ...file, mutants }] as const;
  });
  return { ...report, files: Object.fromEntries(files) };
}

/** Explanations that explain nothing any more. */
function stale(
  explained: readonly Survivor[],
  mutants: readonly Change[],
  isComplete: boolean,
): readonly string[] {
  const missed = new Set(mutants.filter(({ status }) => MISSED.has(status)).map(keyOf));
  const run = new Set(mutants.map(keyOf));
  return explained.flatMap(({ file, line, changes }) =>
    changes
      .filter((change) => {
        const key = keyOf({ file, line, change });
        return !missed.has(key) && (isComplete || run.has(key));
      })
      .map((change) => `${file}: an explained survivor is noticed, or gone: ${change} in ${line}`),
  );
}

const keysOf = ({ file, line, changes }: Survivor): string[] =>
  changes.map((change) => keyOf({ file, line, change }));
const keyOf = ({ file, line, change }: Pick<Change, "file" | "line" | "change">): string =>
  JSON.stringify([file, line, change]);

function inWords(file: string, lines: readonly string[], mutant: Mutant): Change {
  const { start, end } = mutant.location;
  const span = lines.slice(start.line - 1, end.line);
  const last = span.length - 1;
  const original = span
    .map((line, index) =>
      line.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : undefined),
    )
    .join(" ");
  return {
    at: `${file}:${start.line}`,
    file,
    line: (span[0] ?? "").trim(),
    change: `${flat(original)} -> ${flat(mutant.replacement ?? "")}`,
    status: mutant.status,
  };
}

const flat = (text: string): string => text.trim().replaceAll(/\s+/g, " ");

const finding = (message: string): Finding => ({
  seed: 0,
  message,
  reproduce: "npm run prove -- --only mutation",
});
