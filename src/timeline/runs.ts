import type { RunEnd, RunRan, RunStarted } from "../core/records.ts";
import type { ReplyFate } from "../vocabulary.ts";
import { events } from "../words/excerpt.ts";
import { duration } from "../words/time.ts";
import type { TimelineEntry } from "./entry.ts";
import type { Thread } from "./thread.ts";

export function runStartEntry(thread: Thread, record: RunStarted): TimelineEntry {
  const { position, atMs, sessionKey } = record;
  const { wakeId, runId, attempt, eventIds } = record.facts;
  thread.run = { runId, wakeId, attempt, startedAtMs: atMs, eventIds, position };
  const words = `attempt ${attempt} starts with ${events(eventIds.length)}: run ${runId}, wake ${wakeId}`;
  return { position, atMs, sessionKey, kind: "run", words, wakeId, runId, eventIds };
}

/** How a run ended, what it acknowledged and what it said. */
export function runEndEntries(thread: Thread, record: RunEnd): readonly TimelineEntry[] {
  const { position, atMs, sessionKey } = record;
  const { wakeId, runId } = record.facts;
  const started = thread.run?.runId === runId ? thread.run : null;
  if (started !== null) thread.run = null;
  const base = { position, atMs, sessionKey, wakeId, runId };
  const run = {
    ...base,
    kind: "run",
    ...(started !== null && { fromMs: started.startedAtMs, sincePosition: started.position }),
  } as const;
  if (record.type === "run.ran") {
    const { eventIds, durationMs } = record.facts;
    const entries: TimelineEntry[] = [
      { ...run, words: "ran", ok: true, fromMs: started?.startedAtMs ?? atMs - durationMs },
    ];
    if (eventIds.length > 0) entries.push(ackEntry(thread, record));
    if (thread.queuedAtMs.size > 0) thread.wait(record, "behind-run", null);
    const reply = replyEntry(record);
    return reply === null ? entries : [...entries, reply];
  }
  const { dueAtMs } = record.facts;
  if (dueAtMs === null) {
    if (record.type === "run.failed") for (const id of started?.eventIds ?? []) thread.queuedAtMs.delete(id);
  } else {
    // What came during the run waits, with what the run had, for the next try.
    thread.forgetWait();
    thread.wait(record, record.type === "run.skipped" ? "busy" : "backing-off", dueAtMs);
  }
  if (record.type === "run.skipped") {
    const rest = dueAtMs === null ? "the wake ends" : "no attempt is used up";
    return [{ ...run, words: `not now, ${rest}: ${record.facts.reason}` }];
  }
  const rest = dueAtMs === null ? "; given up: its events are dead letters" : "";
  return [
    { ...run, words: `failed [${record.facts.code}]${rest}`, text: record.body?.error ?? null, ok: false },
  ];
}

function ackEntry(thread: Thread, { position, atMs, sessionKey, facts }: RunRan): TimelineEntry {
  const { wakeId, runId, eventIds, noise = [] } = facts;
  const cameAtMs = eventIds.flatMap((id) => thread.queuedAtMs.get(id) ?? []);
  for (const id of eventIds) thread.queuedAtMs.delete(id);
  const fromMs = cameAtMs.length === 0 ? undefined : Math.min(...cameAtMs);
  const after = fromMs === undefined ? "" : `, ${duration(atMs - fromMs)} after it came`;
  const unseen = noise.length === 0 ? "" : `, ${noise.length} of them noise that was not shown`;
  const words = `${events(eventIds.length)} acknowledged${after}${unseen}`;
  return { position, atMs, sessionKey, kind: "ack", words, ok: true, wakeId, runId, eventIds };
}

const FATES: Readonly<Record<ReplyFate, string>> = {
  queued: "goes out",
  "ok-empty": "nothing to say",
  "ok-token": "an acknowledgement, not sent",
  "no-reply": "said that there is nothing to send",
  "notify-false": "said that nobody needs to be told",
  "alerts-disabled": "not sent: alerts are switched off there",
  duplicate: "not sent: the same was just said there",
  "no-target": "not sent: nobody knows where to",
  "target-none": "not sent: it is to go nowhere",
  "outbox-full": "not sent: too many replies wait",
};

function replyEntry({ position, atMs, sessionKey, facts, body }: RunRan): TimelineEntry | null {
  const { wakeId, runId, delivery } = facts;
  const text = body?.reply;
  if ((text === undefined || text === "") && (delivery === undefined || delivery === "ok-empty")) return null;
  const words = delivery === undefined ? "answered" : FATES[delivery];
  return {
    position,
    atMs,
    sessionKey,
    kind: "reply",
    words,
    wakeId,
    runId,
    ...(text !== undefined && { text }),
  };
}
