import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";
import { overCores } from "../threads.ts";
import type { Chunk, Kind } from "./thread.ts";

type Sizes = Readonly<Record<Kind, number>>;

/** How many orders or sequences of each kind. */
const SIZES: Readonly<Record<Tier, Sizes>> = {
  pr: { leases: 160_000, intake: 30_000, commands: 10_000 },
  deep: { leases: 9_000_000, intake: 800_000, commands: 200_000 },
};
const KINDS = ["commands", "intake", "leases"] as const;
/** Between two looks at the progress. */
const CHUNK = 1_000;

/** fast-check chooses the order in which leases, runner and intake go on, and sequences of calls. */
export const interleavings: Part = interleavingsPart(SIZES);

export function interleavingsPart(sizes: Readonly<Record<Tier, Sizes>>): Part {
  return {
    name: "interleavings",
    invariants: ["S1", "S3", "S4", "S5", "S7", "S8", "S9", "S10", "L1", "L6"],
    minutes: { pr: 1.5, deep: 3 },
    run: (request) => run(sizes[request.tier], request),
  };
}

async function run(sizes: Sizes, request: PartRequest): Promise<PartResult> {
  const counts = { leases: 0, intake: 0, commands: 0 };
  const failures: Finding[] = [];
  const all = KINDS.reduce((sum, kind) => sum + sizes[kind], 0);
  await overCores<Chunk, string | null>({
    script: new URL("thread.ts", import.meta.url),
    jobs: chunks(sizes, request, (kind) => failures.some(({ message }) => message.startsWith(`${kind},`))),
    onResult(found, { kind, seed, runs }) {
      counts[kind] += runs;
      if (found !== null) failures.push(finding(kind, seed, found));
      request.progress(counts.leases + counts.intake + counts.commands, all);
    },
  });
  return { counts, failures };
}

/** The kinds by turns, so that each has its share when the time is over. */
function* chunks(
  sizes: Sizes,
  { seed, isOver }: PartRequest,
  hasFailed: (kind: Kind) => boolean,
): Generator<Chunk> {
  const left = { ...sizes };
  for (let at = seed ?? 1; isOver?.() !== true; at++) {
    const open = KINDS.filter((kind) => left[kind] > 0 && !hasFailed(kind));
    if (open.length === 0) return;
    for (const kind of open) {
      const runs = Math.min(CHUNK, left[kind]);
      left[kind] -= runs;
      yield { kind, seed: at, runs };
    }
    if (seed !== undefined) return;
  }
}

const finding = (kind: Kind, seed: number, message: string): Finding => ({
  seed,
  message: `${kind}, seed ${seed}: ${message}`,
  reproduce: `npm run prove -- --only interleavings --seed ${seed}`,
});
