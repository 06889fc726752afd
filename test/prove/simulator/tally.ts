import type { SimulationReport } from "./simulate.ts";

/** What the generator must reach: a case that never comes up proves nothing. New kinds of trouble are named here. */
export const CASES: readonly string[] = [
  "breakers closed",
  "breakers half open",
  "breakers opened",
  "breakers opened again",
  "changes of laneOf",
  "clock jumps",
  "closed in good order",
  "commits that failed",
  "crashes",
  "dedupe keys free again",
  "dedupe keys free at the very end",
  "days of a budget that were over",
  "days slept until there was a budget again",
  "nights during a run",
  "runs of the day before that were skipped",
  "tokens of a run of the day before",
  "deliveries",
  "deliveries dismissed",
  "deliveries forgotten",
  "deliveries given up",
  "deliveries interrupted",
  "deliveries out of time",
  "deliveries requeued",
  "deliveries sent",
  "deliveries tried again",
  "dismissed",
  "drained",
  "duplicates answered",
  "ends of a forgotten run",
  "forgotten during their run",
  "full disks",
  "events of quiet hours in one run",
  "given up",
  "held by budget",
  "held by circuit-open",
  "held by cooldown",
  "held by flood",
  "held by quiet-hours",
  "held by self-wake",
  "holds ended by a clock",
  "interrupted runs",
  "killed after a commit",
  "killed before a commit",
  "one-shots",
  "pauses",
  "reads that failed: agent",
  "reads that failed: dedupe key",
  "reads that failed: delivery",
  "reads that failed: heartbeat",
  "reads that failed: record",
  "reads that failed: schedule",
  "reads that failed: session",
  "replies by the last route",
  "replies by the route of an event",
  "replies without room",
  "requeued",
  "runs ended in a lane of before",
  "runs pre-empted",
  "schedules forgotten",
  "schedules moved by a clock set back",
  "schedules paused",
  "schedules set again",
  "schedules that go on in the end",
  "second owners refused",
  "sent again",
  "sent at the edge of the window",
  "sleeps of the machine",
  "sessions forgotten that a schedule had left",
  "sessions set aside",
  "slow commits",
  "slow reads",
  "stale commits refused",
  "stale owners that went on",
  "started by an idle signal",
  "starts that could not read",
  "takeovers",
  "ticks",
  "ticks by hand",
  "ticks skipped: missed",
  "ticks skipped: queue-full",
  "ticks skipped: still-queued",
  "ticks that make up for missed ones",
  "turns that say where their user is",
  "wakes caused by a run",
  "wakes handed over",
];

export const unreached = (reached: Readonly<Record<string, number>>): readonly string[] =>
  CASES.filter((name) => (reached[name] ?? 0) === 0);

/** Sums up what many seeds did. */
export function tally() {
  const counts = { seeds: 0, events: 0, records: 0, runs: 0, crashes: 0, inputs: 0 };
  const looks: Record<string, number> = {};
  const reached: Record<string, number> = {};
  return {
    counts,
    /** How often each invariant was looked at, by its number. */
    looks,
    /** How often each case was reached. */
    reached,
    healingMs: 0,
    add(report: SimulationReport): void {
      counts.seeds++;
      counts.events += report.events;
      counts.records += report.records;
      counts.runs += report.runs;
      counts.crashes += report.crashes;
      counts.inputs += report.inputs;
      this.healingMs = Math.max(this.healingMs, report.healingMs);
      sum(looks, report.looks);
      sum(reached, report.reached);
    },
  };
}

function sum(total: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(more)) total[name] = (total[name] ?? 0) + count;
}
