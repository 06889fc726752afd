import { offeredEvents, ownWakeId } from "../core/batch.ts";
import { positionOf } from "../core/ids.ts";
import { isRunEnd, type LogRecord, type RunEnd, type RunRan } from "../core/records.ts";
import { LubdubError, shown } from "../errors.ts";
import type { Outcome, Receipt } from "../vocabulary.ts";
import type { Host } from "./host.ts";

/** Records of one session looked at, newest first, to find how an event ended. */
const HISTORY_RECORDS_MAX = 10_000;

/** How far an event or a wake has come, found by the position that its id carries: no index is kept for it. */
export function receiptOf(host: Host, id: string): Receipt {
  return follow(host, id)();
}

/** Asked again, it reads on from where it was. */
type Follower = () => Receipt;

function follow(host: Host, id: string): Follower {
  const made = madeOrRefused(host, id);
  return made.type === "event.queued" ? () => eventReceipt(host, made) : wakeFollower(host, made, id);
}

/** The record that made an event or a wake. @throws LubdubError `LUBDUB_NOT_FOUND` */
export function madeOrRefused(host: Host, id: string): Maker {
  const made = madeBy(host, id);
  if (made === undefined) {
    throw new LubdubError("LUBDUB_NOT_FOUND", {
      expected: "the id of an event or a wake in the log",
      got: shown(id),
      fix: "Ids are answered when an event is accepted; records that were compacted away are not found any more.",
    });
  }
  return made;
}

export type Maker = Extract<LogRecord, { type: "event.queued" | "wake.requested" | "events.requeued" }>;

export function madeBy({ store }: Host, id: string): Maker | undefined {
  const position = positionOf(id);
  const record = position === undefined ? undefined : store.recordAt(position);
  if (record === undefined) return undefined;
  if (record.type !== "event.queued" && record.type !== "wake.requested" && record.type !== "events.requeued")
    return undefined;
  const names: string[] = [record.facts.wakeId];
  if (record.type === "event.queued") names.push(record.facts.eventId, ownWakeId(record.facts.eventId));
  return names.includes(id) ? record : undefined;
}

function eventReceipt(
  host: Host,
  { sessionKey, facts, position }: Extract<Maker, { type: "event.queued" }>,
): Receipt {
  const { eventId, wakeId } = facts;
  const base = { sessionKey, eventId, wakeId };
  const session = host.world.peekSession(sessionKey).actor.context;
  if (offeredEvents(session).some((event) => event.eventId === eventId)) {
    const { runId = "", attempt = 1 } = session.offer ?? {};
    return { ...base, state: "started", runId, attempts: attempt };
  }
  if (session.queue.some((event) => event.eventId === eventId)) {
    const wake = host.world
      .peekHeartbeat(host.world.laneOf(sessionKey))
      .actor.context.pending.get(sessionKey);
    return {
      ...base,
      state: "accepted",
      attempts: session.retry?.eventIds.includes(eventId) ? (wake?.attempts ?? 0) : 0,
    };
  }
  const dead = session.dead.find(({ event }) => event.eventId === eventId);
  if (dead !== undefined) {
    return { ...base, state: "settled", settlement: "dead", attempts: dead.attempts, error: dead.error };
  }
  for (const record of history(host, sessionKey, position)) {
    if (record.type === "session.forgotten")
      return { ...base, state: "settled", settlement: "forgotten", attempts: 0 };
    if (!("eventIds" in record.facts) || !record.facts.eventIds.includes(eventId)) continue;
    if (record.type === "run.started" && isAhead(host, sessionKey))
      return { ...base, state: "started", runId: record.facts.runId, attempts: record.facts.attempt };
    if (record.type === "run.ran")
      return { ...base, state: "settled", settlement: "acked", ...triedBy(host, record) };
    if (record.type === "events.drained")
      return { ...base, state: "settled", settlement: "drained", attempts: 0 };
    if (record.type === "events.dismissed")
      return { ...base, state: "settled", settlement: "dismissed", attempts: 0 };
  }
  return { ...base, state: isAhead(host, sessionKey) ? "accepted" : "settled", attempts: 0 };
}

/** Something of the session is not on the disk yet. What ends with it is told after the commit, and not a moment earlier. */
const isAhead = ({ store, world }: Host, sessionKey: string): boolean =>
  world.peekSession(sessionKey).previous > store.head().position;

/**
 * A wake may have merged with another, under whose id it then runs. So the log tells: the session's first run that started
 * after the request carries it, with all further tries of that run's wake; what ends those, ends it.
 */
function wakeFollower(host: Host, { sessionKey, position }: Maker, wakeId: string): Follower {
  const base = { sessionKey, wakeId };
  const dropped = { ...base, state: "settled", settlement: "dropped", attempts: 0 } as const;
  let runId: string | undefined;
  let seen = position;
  const endIn = (record: LogRecord): Receipt | undefined => {
    if (record.type === "run.started") runId = record.facts.runId;
    if (record.type === "session.forgotten") return dropped;
    if (record.type === "wake.dropped" && record.facts.lane === undefined) return dropped;
    if (!isRunEnd(record) || record.facts.runId !== runId) return undefined;
    if (record.type === "run.ran")
      return { ...base, state: "settled", settlement: "acked", ...triedBy(host, record) };
    if (record.facts.dueAtMs !== null) return undefined;
    if (record.type === "run.skipped") return dropped;
    const error = { code: record.facts.code, message: record.body?.error ?? "" };
    return { ...base, state: "settled", settlement: "dead", ...triedBy(host, record), error };
  };
  return () => {
    for (const record of [...history(host, sessionKey, seen)].reverse()) {
      seen = record.position;
      const end = endIn(record);
      if (end !== undefined) return end;
    }
    const { run, pending } = host.world.peekHeartbeat(host.world.laneOf(sessionKey)).actor.context;
    if (run !== null && run.runId === runId)
      return { ...base, state: "started", runId, attempts: run.wake.attempts + 1 };
    const wake = pending.get(sessionKey);
    if (wake === undefined && !isAhead(host, sessionKey)) return dropped;
    return { ...base, state: "accepted", attempts: wake?.attempts ?? 0 };
  };
}

/** The run that settled it, and the how-manieth try that was: its id carries the position of its start. */
function triedBy({ store }: Host, { facts: { runId } }: RunEnd): Pick<Receipt, "runId" | "attempts"> {
  const started = store.recordAt(positionOf(runId) ?? 0);
  return { runId, attempts: started?.type === "run.started" ? started.facts.attempt : 1 };
}

/** A session's committed records after `position`, newest first. */
export function* history(host: Host, sessionKey: string, position = 0): Generator<LogRecord> {
  let seen = 0;
  for (const record of chainFrom(host, host.world.peekSession(sessionKey).previous, position)) {
    if (seen++ === HISTORY_RECORDS_MAX) return;
    yield record;
  }
}

/** The record at `last`, and those of the same session before it, down to `after`, newest first; committed ones only. */
export function* chainFrom({ store, journal }: Host, last: number, after: number): Generator<LogRecord> {
  const { position: newest } = store.head();
  for (let at = last; at > after;) {
    const record = journal.recordAt(at);
    if (record === undefined) return;
    if (at <= newest) yield record;
    at = record.previous;
  }
}

/** Resolves when the event or wake has come this far. */
export function waitFor(
  host: Host,
  id: string,
  state: "started" | "settled",
  signal?: AbortSignal,
): Promise<Receipt> {
  const reached = (receipt: Receipt): boolean => receipt.state === "settled" || receipt.state === state;
  const look = follow(host, id);
  const receipt = look();
  if (reached(receipt)) return Promise.resolve(receipt);
  return untilRecord(host, receipt.sessionKey, signal, () => {
    const now = look();
    return reached(now) ? now : undefined;
  });
}

/** Asks for a run, and answers the outcome of the session's first run that starts after that. */
export async function nextOutcome(
  host: Host,
  sessionKey: string,
  ask: () => Promise<unknown>,
): Promise<Outcome> {
  // Listens first: a run may start in the very commit that accepts the wake.
  const position = host.journal.nextPosition - 1;
  const giveUp = new AbortController();
  const outcome = outcomeAfter(host, sessionKey, position, giveUp.signal);
  ask().catch((error: unknown) => giveUp.abort(error));
  return outcome;
}

function outcomeAfter(
  host: Host,
  sessionKey: string,
  position: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const started = new Set<string>();
  return untilRecord(host, sessionKey, signal, (record) => {
    if (record.position <= position) return undefined;
    if (record.type === "run.started") started.add(record.facts.runId);
    if (record.type === "wake.postponed" || record.type === "wake.held" || record.type === "wake.dropped") {
      return { status: "skipped", reason: record.facts.reason };
    }
    return isRunEnd(record) && started.has(record.facts.runId) ? outcomeOf(record) : undefined;
  });
}

function outcomeOf(record: RunEnd): Outcome {
  switch (record.type) {
    case "run.ran":
      return ranOf(record);
    case "run.skipped":
      return { status: "skipped", reason: record.facts.reason };
    case "run.failed":
      return { status: "failed", reason: record.body?.error ?? record.facts.code };
  }
}

function ranOf({ facts: { usage, marks, noise }, body }: RunRan): Outcome {
  return {
    status: "ran",
    ...(body?.reply === undefined ? {} : { reply: body.reply }),
    ...(usage && { usage }),
    ...(marks && { marks }),
    ...(noise && { noise }),
  };
}

function untilRecord<T>(
  host: Host,
  sessionKey: string,
  signal: AbortSignal | undefined,
  look: (record: LogRecord) => T | undefined,
): Promise<T> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      unsubscribe();
      signal?.removeEventListener("abort", aborted);
    };
    const aborted = (): void => {
      stop();
      reject(signal?.reason as Error);
    };
    const listener = (record: LogRecord): void => {
      if (record.sessionKey !== sessionKey) return;
      const found = look(record);
      if (found === undefined) return;
      stop();
      resolve(found);
    };
    const unsubscribe = host.subscribe(listener, (error) => {
      stop();
      reject(error);
    });
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
