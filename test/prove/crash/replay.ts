import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LubdubError } from "../../../src/errors.ts";
import { sqliteStore, verifyStore } from "../../../src/log/sqlite/index.ts";
import { mulberry32 } from "../../support/simulated-clock.ts";
import { Disk } from "./disk.ts";
import type { Operation } from "./recording.ts";

export interface ReplayReport {
  readonly states: number;
  /** States without something that was acknowledged. */
  readonly lost: number;
  /** States that do not open, or that doctor finds fault with. */
  readonly unreadable: number;
  readonly examples: readonly string[];
}

/** In memory, where there is a file system for it: the states are not what is being synced. */
const PLACE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const EXAMPLES_MAX = 5;
const FILE_MODE = 0o600;
/** One outage in so many comes within so many operations after the second process began. */
const AIMED_EVERY = 4;
const AIMED_WITHIN = 25;
/** A quarter of the outages lose all that was not synced, an eighth loses nothing, the rest some of it. */
const KEEP = [0, 0, 1, 0.05, 0.5, 0.5, 0.9, 0.98] as const;

/** Lets the power go so many times at random moments of a recording, and opens what may be left. */
export function replay(
  operations: readonly Operation[],
  {
    seed,
    states,
    isHonest = true,
  }: { readonly seed: number; readonly states: number; readonly isHonest?: boolean },
): ReplayReport {
  const random = mulberry32(seed);
  const cuts = Array.from({ length: states }, (_, state) => cutAt(operations, state, random)).sort(
    (a, b) => a - b,
  );
  const disk = new Disk(isHonest);
  const report = { states: 0, lost: 0, unreadable: 0, examples: [] as string[] };
  let promised = 0;
  let done = 0;
  for (const cut of cuts) {
    for (; done < cut; done++) {
      const operation = operations[done] as Operation;
      disk.apply(operation);
      if (operation.op === "promise") promised = Math.max(promised, operation.position);
    }
    const keep = KEEP[Math.floor(random() * KEEP.length)] ?? 0;
    const verdict = judge(disk.afterOutage({ keep, random }), promised);
    report.states++;
    if (verdict === undefined) continue;
    report[verdict.kind]++;
    if (report.examples.length < EXAMPLES_MAX)
      report.examples.push(
        `power lost after operation ${cut}, keeping ${keep} of the unsynced sectors: ${verdict.what}`,
      );
  }
  return report;
}

/** After how many operations the power goes: anywhere, or soon after a process has begun on what a killed one left. */
function cutAt(operations: readonly Operation[], state: number, random: () => number): number {
  if (state % AIMED_EVERY > 0) return Math.floor(random() * (operations.length + 1));
  const begun = operations.findLastIndex(({ op }) => op === "begin");
  return Math.min(operations.length, begun + 1 + Math.floor(random() * AIMED_WITHIN));
}

type Verdict = { readonly kind: "lost" | "unreadable"; readonly what: string } | undefined;

function judge(files: Iterable<readonly [string, Buffer]>, promised: number): Verdict {
  const folder = mkdtempSync(join(PLACE, "lubdub-outage-"));
  try {
    for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes, { mode: FILE_MODE });
    return judgeFolder(folder, promised);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function judgeFolder(folder: string, promised: number): Verdict {
  try {
    using store = sqliteStore({ folder });
    const { position } = store.head();
    if (position < promised)
      return { kind: "lost", what: `S2 record ${promised} was acknowledged; the log ends at ${position}` };
  } catch (error) {
    if (!(error instanceof LubdubError)) throw error;
    return { kind: "unreadable", what: `S15 ${error.message}` };
  }
  const problem = verifyStore(folder).problems[0];
  return problem === undefined ? undefined : { kind: "unreadable", what: `S15 doctor: ${problem.detail}` };
}
