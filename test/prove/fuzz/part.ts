import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";
import { overCores } from "../threads.ts";
import type { Chunk, TargetName } from "./thread.ts";

type Sizes = Readonly<Record<TargetName, number>>;

/** Cases of each target. */
const SIZES: Readonly<Record<Tier, Sizes>> = {
  pr: { http: 30_000, sockets: 3_000, library: 60_000, prompt: 40_000, config: 25_000, "command line": 12_000, rows: 330_000 },
  deep: {
    http: 1_200_000, sockets: 120_000, library: 2_400_000, prompt: 1_600_000, config: 1_000_000, "command line": 480_000,
    rows: 13_200_000,
  },
}; // prettier-ignore
const CHUNK = 500;
/** A chunk takes some seconds, on a crowded machine a minute: one that takes this long has a case that does not end. */
const CHUNK_MS_MAX = 600_000;

/** Anything at every door: no crash, no 5xx but 503 and 507, no hang, no text that leaves its envelope. */
export const fuzz: Part = fuzzPart(SIZES);

/** @param chunkMsMax - how long a chunk of cases may take, in milliseconds */
export function fuzzPart(sizes: Readonly<Record<Tier, Sizes>>, chunkMsMax = CHUNK_MS_MAX): Part {
  return {
    name: "fuzz",
    invariants: ["S3", "S15", "S19", "S20"],
    minutes: { pr: 2, deep: 4 },
    run: (request) => run(sizes[request.tier], request, chunkMsMax),
  };
}

async function run(sizes: Sizes, request: PartRequest, chunkMsMax: number): Promise<PartResult> {
  const names = Object.keys(sizes) as TargetName[];
  const counts = Object.fromEntries(names.map((name) => [name, 0])) as Record<TargetName, number>;
  const failures: Finding[] = [];
  const failed = new Set<TargetName>();
  const all = names.reduce((sum, name) => sum + sizes[name], 0);
  await overCores<Chunk, string | null>({
    script: new URL("thread.ts", import.meta.url),
    jobs: chunks(sizes, request, failed),
    watchdog: { jobMsMax: chunkMsMax, result: `L2 hangs: more than ${chunkMsMax} ms` },
    onResult(found, { target, seed, runs }) {
      counts[target] += runs;
      request.progress(
        Object.values(counts).reduce((sum, count) => sum + count, 0),
        all,
      );
      if (found === null || failed.has(target)) return;
      failed.add(target);
      failures.push({
        seed,
        message: `${target}, seed ${seed}: ${found}`,
        reproduce: `npm run prove -- --only fuzz --seed ${seed}`,
      });
    },
  });
  return { counts, failures };
}

/** The targets by turns, so that each has its share when the time is over. */
function* chunks(
  sizes: Sizes,
  { seed, isOver }: PartRequest,
  failed: ReadonlySet<TargetName>,
): Generator<Chunk> {
  const left = { ...sizes };
  for (let at = seed ?? 1; isOver?.() !== true; at++) {
    const open = (Object.keys(left) as TargetName[]).filter((name) => left[name] > 0 && !failed.has(name));
    if (open.length === 0) return;
    for (const target of open) {
      const runs = Math.min(CHUNK, left[target]);
      left[target] -= runs;
      yield { target, seed: at, runs };
    }
    if (seed !== undefined) return;
  }
}
