import { availableParallelism } from "node:os";
import { programMissing } from "../crash/daemon.ts";
import { killDaemon } from "../crash/kill-daemon.ts";
import { killEmbedded, type KillReport } from "../crash/kill-embedded.ts";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";

type Sizes = Readonly<Record<Tier, number>>;
type Kill = (seed: number, cycles: number, onCycle: () => void) => Promise<KillReport>;

/** Over one folder; then the next begins with an empty one. */
const PER_FOLDER = 25;
const INVARIANTS = ["S1", "S2", "S3", "S4", "S5", "S8", "S9", "S10", "S15", "L1", "L6"];

/** `kill -9` at random moments under load, over and over. The seed gives the load and the moments, not what the machine does in them. */
export const kill: Part = killPart({ pr: 400, deep: 20_000 }, { pr: 1, deep: 4 });
/** The same of the shipped daemon, with producers and an agent over HTTP. */
export const killDaemonPart: Part = daemonPart({ pr: 600, deep: 30_000 }, { pr: 1, deep: 4 });

export function killPart(cycles: Sizes, minutes?: Sizes): Part {
  return part("kill", killEmbedded, { cycles, minutes });
}

export function daemonPart(cycles: Sizes, minutes?: Sizes): Part {
  return { ...part("kill-daemon", killDaemon, { cycles, minutes }), missing: programMissing };
}

function part(
  name: string,
  killing: Kill,
  { cycles, minutes }: { readonly cycles: Sizes; readonly minutes?: Sizes | undefined },
): Part {
  return {
    name,
    invariants: INVARIANTS,
    ...(minutes && { minutes }),
    run: (request) => run({ name, killing, all: cycles[request.tier] }, request),
  };
}

async function run(
  { name, killing, all }: { name: string; killing: Kill; all: number },
  { seed: only, progress, isOver }: PartRequest,
): Promise<PartResult> {
  const counts: Record<string, number> = {};
  const failures: Finding[] = [];
  const startedMs = performance.now();
  let next = only ?? 1;
  let begun = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (begun < all && isOver?.() !== true) {
      const seed = next++;
      const cycles = Math.min(PER_FOLDER, all - begun);
      begun = only === undefined ? begun + cycles : all;
      const report = await killing(seed, cycles, () => progress(++done, all));
      for (const [what, count] of Object.entries(report.counts)) counts[what] = (counts[what] ?? 0) + count;
      for (const message of report.violations)
        failures.push({ seed, message, reproduce: `npm run prove -- --only ${name} --seed ${seed}` });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  const perMinute = Math.round((60_000 * done) / (performance.now() - startedMs));
  return { counts: { ...counts, "cycles a minute": perMinute }, failures };
}
