import type { Effect } from "../../src/core/effects.ts";
import type { LogRecord } from "../../src/core/records.ts";
import { step } from "../../src/core/step.ts";
import { createWorld, type World } from "../../src/core/world.ts";

export const KEY = "agent:main:discord:channel:42";
export const LANE = "lane";
export const NOW_MS = 1_000;

type DraftOf<Record> = Record extends LogRecord
  ? Pick<Record, "type" | "facts"> & Partial<Pick<Record, "sessionKey" | "atMs" | "body">>
  : never;
/** A record to be: it is of `KEY`, at `NOW_MS` and without a body, unless it says otherwise. */
export type Draft = DraftOf<LogRecord>;

export function log(...drafts: readonly Draft[]): readonly LogRecord[] {
  const base = { sessionKey: KEY, atMs: NOW_MS, body: null, previous: 0 };
  return drafts.map((draft, index) => ({ ...base, ...draft, position: index + 1 }) as LogRecord);
}

export interface Played {
  readonly world: World;
  readonly effects: readonly Effect[];
  /** What the last record moved, in order: `session event.queued`. */
  readonly moved: readonly string[];
  /** What it told them, in the same order. */
  readonly told: readonly { readonly type: string }[];
}

/** A world, all sessions in one lane, after these records. */
export function played(...drafts: readonly Draft[]): Played {
  const effects: Effect[] = [];
  const world = createWorld({ laneOf: () => LANE, perform: (effect) => effects.push(effect) });
  let moved: string[] = [];
  let told: { readonly type: string }[] = [];
  for (const record of log(...drafts)) {
    moved = [];
    told = [];
    step(world, record, ({ kind }, event) => {
      moved.push(`${kind} ${event.type}`);
      told.push(event);
    });
  }
  return { world, effects, moved, told };
}

const WAKE = { source: "exec-event", intent: "event", reason: "npm test ended", dueAtMs: 1_250 } as const;

/** An event for `KEY`; `changes` to its facts. */
export const queued = (eventId: string, changes: object = {}): Draft => ({
  type: "event.queued",
  facts: { ...WAKE, eventId, wakeId: `w-${eventId}`, trust: "untrusted", ...changes },
  body: { text: `text of ${eventId}`, data: { exitCode: 1 } },
});
export const requested = (changes: object = {}): Draft => ({
  type: "wake.requested",
  facts: { ...WAKE, wakeId: "w-request", ...changes },
});
export const runStarted = (eventIds: readonly string[], changes: object = {}): Draft => ({
  type: "run.started",
  atMs: 2_000,
  facts: { wakeId: "w-run", runId: "r1", attempt: 1, eventIds, idle: false, ...changes },
});
export const runRan = (changes: object = {}): Draft => ({
  type: "run.ran",
  atMs: 3_000,
  facts: { wakeId: "w-run", runId: "r1", eventIds: [], durationMs: 5, ...changes },
});
export const runSkipped = (changes: object = {}): Draft => ({
  type: "run.skipped",
  atMs: 3_000,
  facts: { wakeId: "w-run", runId: "r1", reason: "requests-in-flight", dueAtMs: 4_000, ...changes },
});
export const runFailed = (changes: object = {}): Draft => ({
  type: "run.failed",
  atMs: 3_000,
  facts: { wakeId: "w-run", runId: "r1", code: "LUBDUB_RUN_FAILED", dueAtMs: 4_000, ...changes },
  body: { error: "no luck" },
});
