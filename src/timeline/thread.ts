import type { LogRecord } from "../core/records.ts";
import { duration } from "../words/time.ts";
import type { TimelineEntry, WaitReason } from "./entry.ts";

/** So much later than its time is worth a word. */
const LATE_MS = 1_000;

const WAITED: Readonly<Record<WaitReason, string>> = {
  coalescing: "for what comes close together",
  "behind-run": "for the run before it",
  busy: "because the agent was busy",
  "backing-off": "after the failure",
  "quiet-hours": "for the end of the quiet hours",
  cooldown: "for the end of the cooldown",
  flood: "because too many runs had started (flood guard)",
  budget: "because the day's budget was spent",
  "self-wake": "because its own runs had woken it again and again",
  "circuit-open": "because the agent refuses every call (key or quota)",
};

interface Wait {
  readonly sinceMs: number;
  readonly reason: WaitReason;
  /** When it is over at the latest, where the log says so. */
  readonly untilMs: number | null;
  readonly position: number;
}

interface OpenRun {
  readonly runId: string;
  readonly wakeId: string;
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly eventIds: readonly string[];
  readonly position: number;
}

/** What is going on in one session as far as its records have been read. What is over is not kept. */
export class Thread {
  readonly sessionKey: string;
  /** When each queued event came. */
  readonly queuedAtMs = new Map<string, number>();
  run: OpenRun | null = null;
  #wait: Wait | null = null;

  constructor(sessionKey: string) {
    this.sessionKey = sessionKey;
  }

  get isOver(): boolean {
    return this.queuedAtMs.size === 0 && this.run === null && this.#wait === null;
  }

  /** It waits from now on, unless it does already. */
  wait({ atMs, position }: LogRecord, reason: WaitReason, untilMs: number | null): void {
    this.#wait ??= { sinceMs: atMs, reason, untilMs, position };
  }

  /** The wait is over, or goes on for another reason. @returns what there is to say about it */
  endWait(record: LogRecord): TimelineEntry[] {
    const wait = this.#wait;
    this.#wait = null;
    if (wait === null || record.atMs === wait.sinceMs) return [];
    const { atMs, position } = record;
    const lateMs = wait.untilMs === null ? 0 : atMs - wait.untilMs;
    const late =
      lateMs < LATE_MS ? "" : `; it was due ${duration(lateMs)} before that, and waited for its turn`;
    const early =
      record.type === "run.started" && record.facts.idle ? "; the agent said that it was idle" : "";
    const words = `${WAITED[wait.reason]}${early}${late}`;
    return [this.#entry({ position, atMs, words, wait })];
  }

  /** The wait does not count: a run was going on meanwhile, and has been told. */
  forgetWait(): void {
    this.#wait = null;
  }

  /** What still goes on at a time. */
  open(atMs: number): TimelineEntry[] {
    const { run, sessionKey } = this;
    const open: TimelineEntry[] = [];
    const wait = this.#wait;
    if (wait !== null) {
      const words = WAITED[wait.reason];
      const entry = this.#entry({ position: wait.position, atMs, words, wait });
      open.push({ ...entry, open: true, ...(wait.untilMs !== null && { untilMs: wait.untilMs }) });
    }
    if (run !== null) {
      const { startedAtMs: fromMs, position, wakeId, runId, attempt } = run;
      const since = { fromMs, sincePosition: position };
      const words = `attempt ${attempt} is going on: run ${runId}`;
      open.push({ position, atMs, sessionKey, kind: "run", words, ...since, open: true, wakeId, runId });
    }
    return open;
  }

  #entry(facts: { position: number; atMs: number; words: string; wait: Wait }): TimelineEntry {
    const { position, atMs, words, wait } = facts;
    const { sinceMs: fromMs, position: sincePosition, reason } = wait;
    const { sessionKey } = this;
    return { position, atMs, sessionKey, kind: "wait", words, fromMs, sincePosition, reason };
  }
}
