import { recorderMissing, recordLoad } from "../crash/recording.ts";
import { replay, type ReplayReport } from "../crash/replay.ts";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";

/** Chosen by measurement: about 100 a second on one core. */
const STATES: Readonly<Record<Tier, number>> = { pr: 20_000, deep: 100_000 };
const PER_RECORDING = 500;
const CONTROL_STATES = 50;
const BURSTS = 20;

/**
 * Records the writes and syncs of the real process and lets the power go anywhere in them. Two negative controls, which must
 * fail: a database at synchronous=NORMAL, and a disk that does not sync.
 */
export const powerLoss: Part = powerLossPart(STATES);

function powerLossPart(states: Readonly<Record<Tier, number>>): Part {
  return {
    name: "power-loss",
    invariants: ["S1", "S2", "S13", "S15"],
    missing: recorderMissing,
    run: (request) => run(states[request.tier], request),
  };
}

async function run(all: number, { seed: only, progress }: PartRequest): Promise<PartResult> {
  const first = only ?? 1;
  const total = { states: 0, lost: 0, unreadable: 0 };
  const failures: Finding[] = [];
  const controls = await runControls(first);
  for (const [name, { lost, unreadable }] of Object.entries(controls)) {
    if (lost + unreadable === 0)
      failures.push(finding(first, `the ${name} control passed: this test cannot be believed`));
  }
  for (let seed = first; total.states < all; seed++) {
    const states = Math.min(PER_RECORDING, all - total.states);
    const report = replay(await recordLoad(seed, BURSTS, "FULL"), { seed, states });
    total.states += report.states;
    total.lost += report.lost;
    total.unreadable += report.unreadable;
    failures.push(...report.examples.map((message) => finding(seed, message)));
    progress(total.states, all);
    if (only !== undefined) break;
  }
  const bad = (report: ReplayReport): number => report.lost + report.unreadable;
  const counts = {
    "NORMAL control, bad": bad(controls.NORMAL),
    "unsynced control, bad": bad(controls.unsynced),
  };
  return { counts: { ...total, "states per control": CONTROL_STATES, ...counts }, failures };
}

async function runControls(seed: number): Promise<Record<"NORMAL" | "unsynced", ReplayReport>> {
  const size = { seed, states: CONTROL_STATES };
  return {
    NORMAL: replay(await recordLoad(seed, BURSTS, "NORMAL"), size),
    unsynced: replay(await recordLoad(seed, BURSTS, "FULL"), { ...size, isHonest: false }),
  };
}

const finding = (seed: number, message: string): Finding => ({
  seed,
  message,
  reproduce: `npm run prove -- --only power-loss --seed ${seed}`,
});
