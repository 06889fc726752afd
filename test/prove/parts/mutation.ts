import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";

/** Of all changed programs, so many in a hundred must fail a test. */
const SCORE_MIN: Readonly<Record<Tier, number>> = { pr: 90, deep: 97 };

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const STRYKER = fileURLToPath(
  new URL("../../../node_modules/@stryker-mutator/core/bin/stryker.js", import.meta.url),
);
const REPORT = fileURLToPath(new URL("../../../reports/mutation/incremental.json", import.meta.url));
const PROGRESS = /(\d+)\/(\d+) tested/g;
const SAID_CHARS_MAX = 2_000;
const LOOK_EVERY_MS = 500;

/** Changes the machines and the core in one place at a time, and asks the tests that run in memory to notice. What was not changed since the last run here is not tried again. */
export const mutation: Part = {
  name: "mutation",
  invariants: ["S1", "S3", "S7", "S8", "S10", "S11", "S12", "S16", "L1", "L4"],
  minutes: { pr: 2, deep: 12 },
  missing: () => (existsSync(STRYKER) ? undefined : "Stryker is not installed: npm ci"),
  async run({ tier, ...request }: PartRequest): Promise<PartResult> {
    await stryker(request);
    return judge(JSON.parse(readFileSync(REPORT, "utf8")) as MutationReport, SCORE_MIN[tier]);
  },
};

/** The part of Stryker's report (mutation-testing-report-schema) that is read here. */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly mutants: readonly Mutant[] }>>;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: { readonly line: number } };
}

const NOTICED: ReadonlySet<string> = new Set(["Killed", "Timeout"]);
const MISSED: ReadonlySet<string> = new Set(["Survived", "NoCoverage"]);

/** @param scoreMin - percent */
export function judge({ files }: MutationReport, scoreMin: number): PartResult {
  const mutants = Object.entries(files).flatMap(([file, { mutants: of }]) =>
    of.map((mutant) => ({ file, ...mutant })),
  );
  const noticed = mutants.filter(({ status }) => NOTICED.has(status)).length;
  const missed = mutants.filter(({ status }) => MISSED.has(status));
  const score = Math.floor((1_000 * noticed) / Math.max(1, noticed + missed.length)) / 10;
  return {
    counts: { mutants: noticed + missed.length, noticed, survived: missed.length, "% score": score },
    failures:
      score >= scoreMin ? [] : [finding(`${score} % of the mutants are noticed; ${scoreMin} % are wanted`)],
    details: missed.map(({ file, location, mutatorName, replacement = "" }) => ({
      at: `${file}:${location.start.line}`,
      mutatorName,
      replacement,
    })),
  };
}

/** Interrupted when its time is over, it keeps what it has found so far: a later run goes on from there. */
async function stryker({ progress, isOver }: Pick<PartRequest, "progress" | "isOver">): Promise<void> {
  // Tests that sync would wait for the disk at each mutant; what they prove here does not need one.
  const memory = existsSync("/dev/shm") ? { TMPDIR: "/dev/shm" } : {};
  const child = spawn(process.execPath, [STRYKER, "run"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...memory },
  });
  let said = "";
  const take = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-SAID_CHARS_MAX);
    const last = [...said.matchAll(PROGRESS)].at(-1);
    if (last !== undefined) progress(Number(last[1]), Number(last[2]));
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  let isCut = false;
  const watch = setInterval(() => {
    if (isCut || isOver?.() !== true) return;
    isCut = child.kill("SIGINT");
  }, LOOK_EVERY_MS);
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  clearInterval(watch);
  if (code !== 0 && !isCut) throw new Error(`Expected Stryker to end with 0; got ${String(code)}: ${said}`);
}

const finding = (message: string): Finding => ({
  seed: 0,
  message,
  reproduce: "npm run prove -- --only mutation",
});
