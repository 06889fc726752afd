import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { judge, reusable, type MutationReport, type Wanted } from "../mutation/judge.ts";
import { SURVIVORS } from "../mutation/survivors.ts";
import type { Part, PartRequest, PartResult, Tier } from "../part.ts";

const WANTED: Readonly<Record<Tier, Wanted>> = {
  pr: { scoreMin: 90, allExplained: false },
  deep: { scoreMin: 97, allExplained: true },
};

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const STRYKER = fileURLToPath(
  new URL("../../../node_modules/@stryker-mutator/core/bin/stryker.js", import.meta.url),
);
const REPORT = fileURLToPath(new URL("../../../reports/mutation/incremental.json", import.meta.url));
const PROGRESS = /(\d+)\/(\d+) tested/g;
const INSTRUMENTED = /Instrumented \d+ source file\(s\) with (\d+) mutant/;
const SAID_CHARS_MAX = 2_000;
const LOOK_EVERY_MS = 500;

/** Changes the machines and the core in one place at a time, and asks the tests that run in memory to notice. What was not changed since the last run here is not tried again. */
export const mutation: Part = {
  name: "mutation",
  invariants: ["S1", "S3", "S7", "S8", "S10", "S11", "S12", "S16", "L1", "L4"],
  minutes: { pr: 1, deep: 12 },
  missing: () => (existsSync(STRYKER) ? undefined : "Stryker is not installed: npm ci"),
  async run({ tier, ...request }: PartRequest): Promise<PartResult> {
    if (existsSync(REPORT)) writeFileSync(REPORT, JSON.stringify(reusable(lastReport())));
    const all = await stryker(request);
    return judge(lastReport(), { all, explained: SURVIVORS, wanted: WANTED[tier] });
  },
};

const lastReport = (): MutationReport => JSON.parse(readFileSync(REPORT, "utf8")) as MutationReport;

/**
 * Interrupted when its time is over, it keeps what it has found so far: a later run goes on from there.
 *
 * @returns how many mutants there are
 */
async function stryker({ progress, isOver }: Pick<PartRequest, "progress" | "isOver">): Promise<number> {
  // Tests that sync would wait for the disk at each mutant; what they prove here does not need one.
  const memory = existsSync("/dev/shm") ? { TMPDIR: "/dev/shm" } : {};
  const child = spawn(process.execPath, [STRYKER, "run"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...memory },
  });
  let said = "";
  let all = 0;
  const take = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-SAID_CHARS_MAX);
    const instrumented = INSTRUMENTED.exec(said);
    if (instrumented !== null) all = Number(instrumented[1]);
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
  if (all === 0) throw new Error(`Expected Stryker to say how many mutants there are; it said ${said}`);
  return all;
}
