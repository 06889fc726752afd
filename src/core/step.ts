import {
  merge,
  type HeartbeatEvent,
  type QueuedEvent,
  type SessionContext,
  type SessionEvent,
  type Wake,
} from "../../machines/index.ts";
import {
  isDeliveryRecord,
  isScheduleRecord,
  type DeliveryRecord,
  type EventQueued,
  type LogRecord,
  type RunSkipped,
  type ScheduleRecord,
  type WakeRequested,
} from "./records.ts";
import { wakeIdOfBatch } from "./batch.ts";
import { agentOf, countOf, spentOf, stepAgent } from "./step-agent.ts";
import { endDeliveries, stepDelivery } from "./step-delivery.ts";
import { endSchedules, stepSchedule } from "./step-schedule.ts";
import type { AnyEntry, HeartbeatEntry, SessionEntry, World } from "./world.ts";

/** What an onlooker is told: which actor handled what. */
export type Watch = (entry: AnyEntry, event: { readonly type: string }) => void;

/** What moves a session or its lane. */
type LaneRecord = Exclude<LogRecord, ScheduleRecord | DeliveryRecord>;

/**
 * Moves the world by one record: (snapshots, record) -> (snapshots, effects). Live operation and replay both go through
 * here and only here, so that replay equals live. One record may move two actors, the session first: what is still
 * queued after it decides whether the lane must go on.
 */
export function step(world: World, record: LogRecord, watch?: Watch): void {
  const session = world.session(record.sessionKey);
  session.previous = record.position;
  session.dirty = true;
  if (isScheduleRecord(record)) return stepSchedule(world, record, watch);
  if (isDeliveryRecord(record)) return stepDelivery(world, record, session, watch);
  if (record.type === "session.forgotten") {
    endSchedules(world, record, watch);
    endDeliveries(world, record, watch);
  }

  const toSession = sessionEventOf(record, session.actor.context);
  if (toSession !== null) {
    session.actor.send(toSession);
    watch?.(session, toSession);
  }
  stepAgent(world, record, watch);
  const toHeartbeat = heartbeatEventOf(record, session.actor.context);
  if (toHeartbeat !== null) {
    const heartbeat = world.heartbeat(laneOf(record, session));
    if (changesNothing(toHeartbeat, heartbeat)) return;
    heartbeat.dirty = true;
    heartbeat.actor.send(toHeartbeat);
    watch?.(heartbeat, toHeartbeat);
  }
}

/** Under load most wakes find one of the same kind pending: the machine need not be asked, and a send is what costs most. */
function changesNothing(event: HeartbeatEvent, { actor }: HeartbeatEntry): boolean {
  if (event.type !== "wake.requested") return false;
  const pending = actor.context.pending.get(event.wake.sessionKey);
  return pending !== undefined && merge(pending, event.wake) === pending;
}

/** A lane, a schedule or a delivery. */
export interface Place {
  readonly kind: "heartbeat" | "schedule" | "delivery";
  readonly key: string;
}

/** What must be looked at once a record is folded: what it concerns first, then what ends with a session that is forgotten. */
export function placesOf(
  record: LogRecord,
  session: Pick<SessionEntry, "lane">,
): readonly [Place, ...Place[]] {
  if (isScheduleRecord(record)) return [{ kind: "schedule", key: record.facts.scheduleId }];
  if (isDeliveryRecord(record)) return [{ kind: "delivery", key: record.facts.deliveryId }];
  const lane: Place = { kind: "heartbeat", key: laneOf(record, session) };
  if (record.type !== "session.forgotten") return [lane];
  const { schedules = [], deliveries = [] } = record.facts;
  return [
    lane,
    ...schedules.map((key): Place => ({ kind: "schedule", key })),
    ...deliveries.map((key): Place => ({ kind: "delivery", key })),
  ];
}

interface Moved {
  readonly session: SessionEntry;
  readonly places: readonly Place[];
  /** All that it moves: the session, what stands at its places, the agent whose limits it counts for. */
  readonly entries: readonly AnyEntry[];
}

/**
 * Brings to life all that a record moves, before it is folded: taking an actor from a damaged store throws, and then nothing
 * must have changed yet.
 */
export function actorsOf(world: World, record: LogRecord): Moved {
  const session = world.session(record.sessionKey);
  const places = placesOf(record, session);
  const entries: AnyEntry[] = [session];
  for (const place of places) entries.push(entryAt(world, place));
  const agentId = agentOf(record);
  if (agentId !== undefined) entries.push(world.agents.get(agentId));
  return { session, places, entries };
}

function entryAt(world: World, { kind, key }: Place): AnyEntry {
  if (kind === "heartbeat") return world.heartbeat(key);
  return kind === "schedule" ? world.schedules.get(key) : world.deliveries.get(key);
}

function skippedEvent({ facts: { runId, dueAtMs, gate } }: RunSkipped): HeartbeatEvent {
  const shut = gate === "closed" || gate === "failed-closed" ? { gate } : {};
  return { type: "run.skipped", runId, dueAtMs, ...shut };
}

/** The lane that a record concerns. */
function laneOf({ facts }: LogRecord, session: Pick<SessionEntry, "lane">): string {
  return "lane" in facts && facts.lane !== undefined ? facts.lane : session.lane;
}

function sessionEventOf(record: LaneRecord, { offer, tally }: SessionContext): SessionEvent | null {
  switch (record.type) {
    case "event.queued":
      return { type: "event.queued", event: queuedEvent(record) };
    case "run.started":
      return { type: "run.started", ...record.facts, ...countOf(record) };
    case "run.ran": {
      const { runId, marks } = record.facts;
      return offer === null && marks === undefined && tally === undefined
        ? null
        : { type: record.type, runId, ...(marks && { marks }), ...(tally && spentOf(record)) };
    }
    case "run.skipped":
      if (offer === null && tally === undefined) return null;
      return { type: record.type, runId: record.facts.runId, ...(record.facts.aborted && { aborted: true }) };
    case "run.failed":
      return {
        type: "run.failed",
        runId: record.facts.runId,
        givenUp: record.facts.dueAtMs === null,
        error: { code: record.facts.code, message: record.body?.error ?? "" },
        atMs: record.atMs,
      };
    case "events.drained":
    case "events.dismissed":
      return { type: record.type, eventIds: record.facts.eventIds };
    case "events.requeued":
      return { type: record.type, eventIds: record.facts.eventIds, wakeId: record.facts.wakeId };
    case "session.forgotten":
      return { type: record.type };
    case "route.noted":
      return { type: record.type, route: record.facts.route };
    case "wake.requested":
    case "wake.postponed":
    case "wake.held":
    case "wake.dropped":
      return null;
  }
}

function heartbeatEventOf(record: LaneRecord, session: SessionContext): HeartbeatEvent | null {
  const { sessionKey, atMs } = record;
  switch (record.type) {
    case "event.queued":
    case "wake.requested":
      return { type: "wake.requested", wake: requestedWake(record) };
    case "events.requeued": {
      // An operator's decision: it does not wait for a backoff.
      const wake = newWake(session, record.facts.wakeId, record.facts.dueAtMs, atMs);
      return { type: "wake.requested", wake: { ...wake, intent: "manual", reason: "requeued" } };
    }
    case "wake.postponed":
      return { type: "wake.postponed", sessionKey, dueAtMs: record.facts.dueAtMs };
    case "wake.held":
      return { type: record.type, sessionKey, hold: record.facts.reason, dueAtMs: record.facts.dueAtMs };
    case "wake.dropped":
    case "session.forgotten":
      return { type: record.type, sessionKey };
    case "run.started": {
      const { wakeId, runId, attempt, idle } = record.facts;
      return { type: "run.started", sessionKey, wakeId, runId, atMs, attempt, idle };
    }
    case "run.ran":
      return { type: "run.ran", runId: record.facts.runId, next: nextWake(session, atMs) };
    case "run.skipped":
      return skippedEvent(record);
    case "run.failed": {
      const { runId, dueAtMs, class: refusal } = record.facts;
      const refused = refusal === undefined ? {} : { refused: true };
      return { type: "run.failed", runId, dueAtMs, next: nextWake(session, atMs), ...refused };
    }
    case "route.noted":
    case "events.drained":
    case "events.dismissed":
      return null;
  }
}

function queuedEvent({ sessionKey, atMs, facts, body }: EventQueued): QueuedEvent {
  const { dueAtMs: _dueAtMs, dedupeKey: _dedupeKey, overrides: _overrides, ...kept } = facts;
  return { ...kept, sessionKey, queuedAtMs: atMs, text: body?.text ?? "", ...dataOf(body) };
}

const dataOf = (body: EventQueued["body"]): object => (body?.data === undefined ? {} : { data: body.data });

function requestedWake({ sessionKey, atMs, facts }: EventQueued | WakeRequested): Wake {
  const { wakeId, source, intent, reason, dueAtMs, overrides, cause } = facts;
  const { attempts = 0, postponements = 0 }: Partial<WakeRequested["facts"]> = facts;
  return {
    sessionKey,
    wakeId,
    source,
    intent,
    reason,
    dueAtMs,
    requestedAtMs: atMs,
    waitsFor: "window",
    attempts,
    postponements,
    ...(overrides && { overrides }),
    ...(cause && { cause }),
  };
}

/** The wake for what a run left in the queue: due at once, under the id of the run that its oldest event begins. */
function nextWake(session: SessionContext, atMs: number): Wake | null {
  const oldest = session.queue[0];
  return oldest === undefined ? null : newWake(session, wakeIdOfBatch(oldest), atMs, atMs);
}

function newWake(session: SessionContext, wakeId: string, dueAtMs: number, atMs: number): Wake {
  const oldest = session.queue[0];
  return {
    sessionKey: session.sessionKey,
    wakeId,
    source: oldest?.source ?? "other",
    intent: oldest?.intent ?? "event",
    reason: oldest?.reason ?? "queued",
    requestedAtMs: oldest?.queuedAtMs ?? atMs,
    dueAtMs,
    waitsFor: "window",
    attempts: 0,
    postponements: 0,
    ...(oldest?.cause && { cause: oldest.cause }),
  };
}
