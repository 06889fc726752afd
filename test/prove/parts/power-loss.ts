import type { PowerLossJob } from "../crash/power-loss-thread.ts";
import { eatMyDataMissing, recorderMissing } from "../crash/recording.ts";
import type { ReplayReport } from "../crash/replay.ts";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";
import { overCores, seeds } from "../threads.ts";

const STATES: Readonly<Record<Tier, number>> = { pr: 20_000, deep: 2_000_000 };
const PER_RECORDING = 500;
const CONTROL_STATES = 50;

/** What must fail, or the test is not believed. */
const CONTROLS = {
  "synchronous=NORMAL": { writing: "NORMAL", isHonest: true },
  "a disk that does not sync": { writing: "FULL", isHonest: false },
  libeatmydata: { writing: "eatmydata", isHonest: true },
} as const;

/** Records the writes and syncs of the real process and lets the power go anywhere in them. */
export const powerLoss: Part = powerLossPart(STATES);

function powerLossPart(states: Readonly<Record<Tier, number>>): Part {
  return {
    name: "power-loss",
    invariants: ["S1", "S2", "S13", "S15"],
    minutes: { pr: 1, deep: 5 },
    missing: () => recorderMissing() ?? eatMyDataMissing(),
    run: (request) => run(states[request.tier], request),
  };
}

async function run(all: number, request: PartRequest): Promise<PartResult> {
  const { seed: first = 1, progress } = request;
  const total = { states: 0, lost: 0, unreadable: 0 };
  const failures: Finding[] = [];
  const controls = await runControls(first);
  for (const [name, bad] of Object.entries(controls)) {
    if (bad === 0)
      failures.push(finding(first, `the control "${name}" passed: this test cannot be believed`));
  }
  let begun = 0;
  const jobs = seeds(request, (seed): PowerLossJob | undefined => {
    const states = Math.min(PER_RECORDING, all - begun);
    begun += states;
    return states === 0 ? undefined : { seed, states, writing: "FULL", isHonest: true };
  });
  await onThreads(jobs, (report, { seed }) => {
    total.states += report.states;
    total.lost += report.lost;
    total.unreadable += report.unreadable;
    failures.push(...report.examples.map((message) => finding(seed, message)));
    progress(total.states, all);
  });
  const bad = Object.entries(controls).map(([name, count]) => [`bad with ${name}`, count]);
  return {
    counts: { ...total, "states per control": CONTROL_STATES, ...Object.fromEntries(bad) },
    failures,
  };
}

/** @returns how many states of each were bad */
async function runControls(seed: number): Promise<Record<string, number>> {
  const names = Object.keys(CONTROLS) as (keyof typeof CONTROLS)[];
  const bad: Record<string, number> = {};
  const jobs = names.map((name) => ({ seed, states: CONTROL_STATES, ...CONTROLS[name], name }));
  await onThreads(jobs.values(), ({ lost, unreadable }, { name }) => (bad[name] = lost + unreadable));
  return bad;
}

const onThreads = <Job extends PowerLossJob>(
  jobs: Iterator<Job>,
  onResult: (report: ReplayReport, job: Job) => void,
): Promise<void> =>
  overCores({ script: new URL("../crash/power-loss-thread.ts", import.meta.url), jobs, onResult });

const finding = (seed: number, message: string): Finding => ({
  seed,
  message,
  reproduce: `npm run prove -- --only power-loss --seed ${seed}`,
});
