import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { callsOfLoad, KINDS, sweepFolder, type Point } from "../crash/sweep.ts";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";

interface Size {
  /** Each of the first so many writes and syncs. */
  readonly points: number;
  /** How much is done in one process: so much that it makes as many calls. */
  readonly bursts: number;
  /** 1: the kinds of fault take turns; 3: each point meets each kind. */
  readonly kindsPerPoint: 1 | 3;
}

const SIZE: Readonly<Record<Tier, Size>> = {
  pr: { points: 300, bursts: 6, kindsPerPoint: 1 },
  deep: { points: 3_000, bursts: 70, kindsPerPoint: 3 },
};
/** Processes over one folder, one fault each: all but the first begin by recovering from the one before. */
const PER_FOLDER = 5;

/** Dies, or meets an error of the disk, at exactly the Nth write or sync: while it makes its tables, starts, accepts, acknowledges and compacts. */
export const syscalls: Part = syscallsPart(SIZE);

export function syscallsPart(size: Readonly<Record<Tier, Size>>): Part {
  return {
    name: "syscalls",
    invariants: ["S1", "S2", "S3", "S9", "S10", "S13", "S15"],
    minutes: { pr: 1, deep: 3 },
    missing: straceMissing,
    run: (request) => run(size[request.tier], request),
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

/** @param request - its seed, if any, is the number of the point */
async function run(size: Size, { seed: only, progress, isOver }: PartRequest): Promise<PartResult> {
  const calls = (await callsOfLoad(size.bursts)).slice(0, size.points);
  const folders = foldersOf(pointsOf(calls, size, only));
  const all = folders.reduce((sum, points) => sum + points.length, 0);
  const counts = {
    points: 0,
    killed: 0,
    refused: 0,
    "went on": 0,
    "writes and syncs of a process": calls.length,
  };
  const failures: Finding[] = [];
  const lane = async (): Promise<void> => {
    for (let points = folders.shift(); points !== undefined; points = folders.shift()) {
      const { outcomes, violations } = await sweepFolder(points, size.bursts);
      counts.points += points.length;
      for (const outcome of outcomes) counts[outcome]++;
      failures.push(...violations.map((message) => finding(points, message)));
      progress(counts.points, all);
      if (isOver?.() === true) return;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  for (const outcome of ["killed", "refused"] as const) {
    if (counts[outcome] === 0 && only === undefined)
      failures.push(finding([], `no process was ${outcome}: this test cannot be believed`));
  }
  return { counts, failures };
}

function pointsOf(calls: readonly string[], { kindsPerPoint }: Size, only: number | undefined): Point[] {
  const seen = new Map<string, number>();
  return calls.flatMap((call, index) => {
    const nth = (seen.get(call) ?? 0) + 1;
    seen.set(call, nth);
    const number = index + 1;
    if (only !== undefined && only !== number) return [];
    const turn = KINDS[index % KINDS.length] as (typeof KINDS)[number];
    const kinds = kindsPerPoint === 1 && only === undefined ? [turn] : KINDS;
    return kinds.map((kind) => ({ number, call, nth, kind }));
  });
}

/** The first points, which make the tables, each begin a folder; later ones follow upon them. */
function foldersOf(points: readonly Point[]): Point[][] {
  const folders = Math.ceil(points.length / PER_FOLDER);
  return Array.from({ length: folders }, (_, folder) =>
    points.filter((__, index) => index % folders === folder),
  );
}

const finding = (points: readonly Point[], message: string): Finding => ({
  seed: points[0]?.number ?? 0,
  message: `${points.map(({ kind, call, nth }) => `${kind} at ${call} ${nth}`).join(", then ")}: ${message}`,
  reproduce: "npm run prove -- --only syscalls",
});
