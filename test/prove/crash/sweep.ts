import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyStore } from "../../../src/log/sqlite/index.ts";
import { checkHistory } from "./check-history.ts";
import { dataFolder, readHistory } from "./history.ts";
import { runChild, type ChildEnd } from "./spawn.ts";

export const KINDS = ["signal=KILL", "error=EIO", "error=ENOSPC"] as const;
const CALLS = "trace=pwrite64,fsync,fdatasync,ftruncate";

/** One call of a process, and what happens to it. */
export interface Point {
  /** Counts all writes and syncs from 1. */
  readonly number: number;
  readonly call: string;
  /** Counts the calls of this name from 1. */
  readonly nth: number;
  readonly kind: (typeof KINDS)[number];
}

type Outcome = "killed" | "refused" | "went on";

/** The writes and syncs of a process that starts in an empty folder, in order, by name. */
export async function callsOfLoad(bursts: number): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "lubdub-calls-"));
  try {
    const trace = join(folder, "trace");
    await traced(folder, { process: 1, mode: bursts, trace });
    return [...readFileSync(trace, "utf8").matchAll(/^\d+ +(\w+)\(/gm)].map(([, name = ""]) => name);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One process after another over one folder, each with its fault; then one that ends the work, and the judgement. */
export async function sweepFolder(
  points: readonly Point[],
  bursts: number,
): Promise<{ readonly outcomes: readonly Outcome[]; readonly violations: readonly string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "lubdub-syscall-"));
  try {
    const outcomes: Outcome[] = [];
    for (const { call, kind, nth } of points) {
      const process = outcomes.length + 1;
      const inject = `inject=${call}:${kind}:when=${nth}`;
      outcomes.push(
        outcomeOf(await traced(folder, { process, mode: bursts, inject, trace: join(folder, "trace") })),
      );
    }
    const last = await runChild(folder, { process: points.length + 1, mode: "drain" });
    const violations = [...checkHistory(readHistory(folder)).violations];
    if (last.code !== 0) violations.push(`L6 did not start again: ${last.code} ${last.stderr}`);
    violations.push(...verifyStore(dataFolder(folder)).problems.map(({ detail }) => `S15 doctor: ${detail}`));
    return { outcomes, violations };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function traced(
  folder: string,
  { trace, inject, ...options }: { process: number; mode: number; trace: string; inject?: string },
): Promise<ChildEnd> {
  const faults = inject === undefined ? [] : ["-e", inject];
  return runChild(folder, { ...options, wrapper: ["strace", "-f", "-o", trace, "-e", CALLS, ...faults] });
}

/** strace ends as what it traces has ended. */
const outcomeOf = ({ code, signal }: ChildEnd): Outcome =>
  signal === "SIGKILL" ? "killed" : code === 0 ? "went on" : "refused";
