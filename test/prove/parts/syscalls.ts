import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { verifyStore } from "../../../src/log/sqlite/index.ts";
import { checkHistory } from "../crash/check-history.ts";
import { dataFolder, readHistory } from "../crash/history.ts";
import { runChild } from "../crash/spawn.ts";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";

/** Each of the first so many calls of each kind; chosen by measurement. */
const POINTS: Readonly<Record<Tier, number>> = { pr: 60, deep: 300 };
const FAULTS = [
  "pwrite64:signal=KILL",
  "pwrite64:error=EIO",
  "pwrite64:error=ENOSPC",
  "fsync:signal=KILL",
  "fsync:error=EIO",
] as const;
const BURSTS = 6;

/** Dies, or meets an error of the disk, at exactly the Nth write or sync: at the start, while it accepts, acknowledges and compacts. */
export const syscalls: Part = syscallsPart(POINTS);

export function syscallsPart(points: Readonly<Record<Tier, number>>): Part {
  return {
    name: "syscalls",
    invariants: ["S1", "S2", "S3", "S9", "S10", "S13", "S15"],
    missing: straceMissing,
    run: (request) => run(points[request.tier], request),
  };
}

/** Why no fault can be injected here. */
export function straceMissing(): string | undefined {
  try {
    execFileSync("strace", ["-e", "inject=fsync:error=EIO:when=1", "true"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "injecting faults needs strace and the right to trace: apt-get install strace";
  }
}

/** @param request - its seed, if any, is the number of the call */
async function run(points: number, { seed: only, progress }: PartRequest): Promise<PartResult> {
  const counts = { points: 0, killed: 0, "went on or refused": 0, "beyond the last call": 0 };
  const failures: Finding[] = [];
  const numbers = Array.from({ length: points }, (_, index) => index + 1).filter(
    (n) => only === undefined || n === only,
  );
  const all = numbers.length * FAULTS.length;
  const waiting = FAULTS.flatMap((fault) => numbers.map((n) => ({ fault, n })));
  const lane = async (): Promise<void> => {
    for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
      const { outcome, violations } = await inject(at.fault, at.n);
      counts.points++;
      counts[outcome]++;
      for (const violation of violations)
        failures.push(finding(at.n, `${at.fault} at call ${at.n}: ${violation}`));
      progress(counts.points, all);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  if (counts.killed === 0) failures.push(finding(1, "no process was killed: this test cannot be believed"));
  return { counts, failures };
}

type Outcome = "killed" | "went on or refused" | "beyond the last call";

async function inject(
  fault: string,
  n: number,
): Promise<{ outcome: Outcome; violations: readonly string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "lubdub-syscall-"));
  try {
    const wrapper = ["strace", "-f", "-o", join(folder, "trace"), "-e", `inject=${fault}:when=${n}`];
    const name = fault.slice(0, fault.indexOf(":"));
    const faulty = await runChild(folder, {
      process: 1,
      mode: BURSTS,
      wrapper: [...wrapper, "-e", `trace=${name}`],
    });
    const last = await runChild(folder, { process: 2, mode: "drain" });
    const violations = [...checkHistory(readHistory(folder)).violations];
    if (last.code !== 0) violations.push(`L6 did not start again: ${last.code} ${last.stderr}`);
    violations.push(...verifyStore(dataFolder(folder)).problems.map(({ detail }) => `S15 doctor: ${detail}`));
    // strace ends as what it traces has ended.
    if (faulty.signal === "SIGKILL") return { outcome: "killed", violations };
    return { outcome: faulty.code === 0 ? "beyond the last call" : "went on or refused", violations };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const finding = (seed: number, message: string): Finding => ({
  seed,
  message,
  reproduce: `npm run prove -- --only syscalls --seed ${seed}`,
});
