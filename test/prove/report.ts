import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Finding, Tier } from "./part.ts";

export type Verdict = "passed" | "failed" | "incomplete";

/** What one part did, or why it did not. */
export interface PartReport {
  readonly part: string;
  readonly invariants: readonly string[];
  readonly verdict: "passed" | "failed" | "skipped";
  /** What is missing, when skipped. */
  readonly missing?: string;
  readonly wallMs: number;
  /** It stopped because its share of the tier's time was over: `counts` says how far it came. */
  readonly timeWasOver?: true;
  readonly counts: Readonly<Record<string, number>>;
  readonly failures: readonly Finding[];
  /** What of it was not done. */
  readonly incomplete?: string;
  readonly details?: unknown;
}

export interface RunReport {
  readonly startedAt: string;
  readonly commit: string;
  readonly node: string;
  readonly cores: number;
  readonly tier: Tier;
  readonly seed: number | null;
  readonly verdict: Verdict;
  readonly wallMs: number;
  readonly parts: readonly PartReport[];
}

export function createReport(
  { tier, seed, startedAt }: { tier: Tier; seed: number | null; startedAt: Date },
  parts: readonly PartReport[],
): RunReport {
  return {
    startedAt: startedAt.toISOString(),
    commit: commit(),
    node: process.version,
    cores: availableParallelism(),
    tier,
    seed,
    verdict: verdictOf(parts),
    wallMs: Date.now() - startedAt.getTime(),
    parts,
  };
}

/** @returns the file */
export function writeReport(report: RunReport, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `prove-${report.startedAt.replaceAll(":", "-")}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

export function table({ parts, verdict, wallMs, tier }: RunReport): string {
  const rows = parts.map(({ part, verdict: of, wallMs: ms, counts, missing, incomplete, timeWasOver }) => [
    part,
    incomplete === undefined ? of : `${of}, incomplete`,
    timeWasOver === true ? `${seconds(ms)}, then its time was over` : seconds(ms),
    missing ??
      Object.entries(counts)
        .map(([name, count]) => `${count.toLocaleString("en")} ${name}`)
        .join(", "),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  const findings = parts.flatMap(({ part, failures }) =>
    failures.slice(0, FINDINGS_SHOWN).map(({ message, reproduce }) => `${part}: ${message}\n  ${reproduce}`),
  );
  return [...lines, ...findings, `${verdict} (tier ${tier}, ${seconds(wallMs)})`].join("\n");
}

const FINDINGS_SHOWN = 10;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function verdictOf(parts: readonly PartReport[]): Verdict {
  if (parts.some(({ verdict }) => verdict === "failed")) return "failed";
  return parts.some(({ verdict }) => verdict === "skipped") ? "incomplete" : "passed";
}

/** The commit that was proven; "-dirty" when the checkout differs from it. */
function commit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty", "--abbrev=12"], {
      encoding: "utf8",
    }).trim();
  } catch {
    return "unknown";
  }
}
