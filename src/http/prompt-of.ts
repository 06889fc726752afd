import { renderPrompt } from "../agents/prompt.ts";
import type { EventQueued, LogRecord, RunStarted } from "../core/records.ts";
import type { SystemEvent } from "../vocabulary.ts";

/** In the place of a text that was erased. */
const FORGOTTEN = "(forgotten)";

/**
 * What the newest of these runs gave its agent, as far as the log knows it: neither standing instructions and due tasks nor what a
 * gate found are kept. @returns null when there was no run
 */
export function promptOf(records: readonly LogRecord[]): string | null {
  const run = records.findLast((record): record is RunStarted => record.type === "run.started");
  if (run === undefined) return null;
  const { wakeId, runId, attempt, eventIds } = run.facts;
  const made = records.filter((record): record is EventQueued => record.type === "event.queued");
  const events = eventIds.flatMap((id) => made.find(({ facts }) => facts.eventId === id) ?? []).map(asEvent);
  const asked =
    records.find(
      ({ type, facts }) =>
        type !== "run.started" && "intent" in facts && "wakeId" in facts && facts.wakeId === wakeId,
    ) ?? made.find(({ facts }) => facts.eventId === eventIds[0]); // what did not fit into a run before is asked for as its oldest event was
  const {
    source = "other",
    intent = "event",
    reason = source,
  } = (asked?.facts ?? {}) as Partial<EventQueued["facts"]>;
  const { sessionKey, atMs: startedAtMs } = run;
  const names = { sessionKey, lane: sessionKey, transcriptKey: sessionKey, wakeId, runId, attempt };
  const { signal } = new AbortController();
  return renderPrompt({ ...names, source, intent, reason, startedAtMs, events, signal });
}

function asEvent({ sessionKey, atMs: queuedAtMs, facts, body }: EventQueued): SystemEvent {
  const { eventId, wakeId, source, intent, reason, trust, contextKey, route, cause } = facts;
  return {
    eventId,
    wakeId,
    sessionKey,
    text: body?.text ?? FORGOTTEN,
    ...(body?.data !== undefined && { data: body.data }),
    source,
    intent,
    reason,
    trust,
    ...(contextKey !== undefined && { contextKey }),
    ...(route && { route }),
    queuedAtMs,
    ...(cause && { cause }),
  };
}
