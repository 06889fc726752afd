import type { EventQueued, LogRecord } from "../../src/core/records.ts";
import type { Erasure, Snapshot, Store } from "../../src/log/store.ts";

export const START_MS = 1_700_000_000_000;

export function queued(
  position: number,
  sessionKey: string,
  body: object = { text: `event ${position}` },
): EventQueued {
  const facts = {
    wakeId: `w-${position}`,
    eventId: `e-${position}`,
    source: "exec-event",
    intent: "event",
    reason: "exec",
    dueAtMs: START_MS + position + 250,
    trust: "untrusted",
  };
  return { ...envelope(position, sessionKey), type: "event.queued", facts, body } as EventQueued;
}

/** Of one session: its records at these positions, and its snapshots. */
export const erasure = (
  sessionKey: string,
  positions: readonly number[],
  redact: (state: string) => string,
): Erasure => ({
  sessionKey,
  positions,
  actors: [{ kind: "session", key: sessionKey }],
  redact: (_kind, state) => redact(state),
});

export function session(key: string, position: number, facts: Partial<Snapshot> = {}): Snapshot {
  const state = JSON.stringify({ value: "waiting", context: { key, position } });
  return {
    kind: "session",
    key,
    position,
    machine: "session@1",
    previous: 1,
    dueAtMs: null,
    queued: 0,
    dead: 0,
    state,
    ...facts,
  };
}

export function lane(key: string, position: number, dueAtMs: number | null): Snapshot {
  return { ...session(key, position), kind: "heartbeat", machine: "heartbeat@1", previous: 0, dueAtMs };
}

export function checkpoint(
  store: Store,
  records: readonly LogRecord[],
  snapshots: readonly Snapshot[],
): void {
  const position = store.head().position + records.length;
  store.append({ records, dedupe: [], checkpoint: { position, snapshots, isFirst: true, isLast: true } });
}

/** Appends so many events in groups of 100. */
export function fill(store: Store, count: number, sessionKey = "agent:main:main"): void {
  const from = store.head().position;
  for (let done = 0; done < count; done += 100) {
    const group = range(from + done + 1, from + Math.min(count, done + 100));
    store.append({ records: group.map((position) => queued(position, sessionKey)), dedupe: [] });
  }
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

export function ran(position: number, sessionKey: string, previous: number): LogRecord {
  const facts = { wakeId: "w-1", runId: "r-1", eventIds: ["e-1"], durationMs: 12 };
  return { ...envelope(position, sessionKey, previous), type: "run.ran", facts, body: { reply: "ok" } };
}

export function skipped(position: number, sessionKey: string): LogRecord {
  const facts = { wakeId: "w-1", runId: "r-1", reason: "requests-in-flight", dueAtMs: null };
  return { ...envelope(position, sessionKey), type: "run.skipped", facts, body: null };
}

export function forgotten(position: number, sessionKey: string, previous: number): LogRecord {
  return { ...envelope(position, sessionKey, previous), type: "session.forgotten", facts: {}, body: null };
}

function envelope(position: number, sessionKey: string, previous = 0) {
  return { position, previous, atMs: START_MS + position, sessionKey };
}

export function positions(records: Iterable<LogRecord>): number[] {
  return Array.from(records, ({ position }) => position);
}

export function schedule(key: string, position: number, facts: Partial<Snapshot> = {}): Snapshot {
  const state = JSON.stringify({ value: "active", context: { key, position } });
  return {
    kind: "schedule",
    key,
    position,
    machine: "schedule@1",
    previous: position,
    dueAtMs: 1_000 + position,
    queued: 0,
    dead: 0,
    state,
    ...facts,
  };
}
