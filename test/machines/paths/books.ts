import { newId } from "../../../src/core/ids.ts";
import type { HeartbeatContext, Hold, Intent, OutboxEvent, SessionContext } from "../../../machines/index.ts";
import type { Subject } from "./subject.ts";

/** Writes the records of one lane as the runner and the intake do, and keeps the books of what must be queued. */
export interface Books {
  /** Ids of the queued events by session key. */
  readonly queued: ReadonlyMap<string, ReadonlySet<string>>;
  session(sessionKey: string): SessionContext;
  heartbeat(): HeartbeatContext;
  queue(sessionKey: string, text: string, dueAtMs: number): string;
  request(sessionKey: string, intent: Intent, dueAtMs: number): void;
  start(sessionKey: string, batch: readonly string[], idle: boolean, counts?: boolean): void;
  ran(sessionKey: string, runId: string, marks?: Readonly<Record<string, number>>): void;
  skipped(sessionKey: string, runId: string, dueAtMs: number | null, aborted?: true): void;
  failed(sessionKey: string, runId: string, dueAtMs: number | null): void;
  drain(sessionKey: string, eventIds: readonly string[]): void;
  requeue(sessionKey: string, eventIds: readonly string[], dueAtMs: number): void;
  postpone(sessionKey: string, dueAtMs: number): void;
  hold(sessionKey: string, reason: Hold, dueAtMs: number): void;
  drop(sessionKey: string): void;
  dismiss(sessionKey: string, eventIds: readonly string[]): void;
  forget(sessionKey: string): void;
  /** A record about its replies. */
  reply(sessionKey: string, event: OutboxEvent): void;
}

export function createBooks(subject: Subject, lane: string, keys: readonly string[]): Books {
  const queued = new Map(keys.map((key) => [key, new Set<string>()]));
  const gone = (key: string, ids: readonly string[]) => ids.forEach((id) => queued.get(key)?.delete(id));
  const heartbeat = () => subject.host.world.peekHeartbeat(lane).actor.context;
  const session = (key: string) => subject.host.world.peekSession(key).actor.context;
  const idFor = (kind: "e" | "w" | "r") => newId(kind, subject.host.journal.nextPosition, subject.host.clock);
  /** That of the wake that is pending for the session, or a new one. */
  const wakeId = (key: string) => heartbeat().pending.get(key)?.wakeId ?? idFor("w");
  const wake = (key: string, intent: Intent, dueAtMs: number) => ({
    wakeId: wakeId(key),
    source: "test",
    reason: "test",
    intent,
    dueAtMs,
  });
  /** What the run holds, if it is the one whose events are out. */
  const held = (key: string, runId: string) => {
    const { offer } = session(key);
    return offer?.runId === runId ? offer.eventIds : [];
  };
  const runWakeId = () => heartbeat().run?.wake.wakeId ?? "w-1-00000000";

  return {
    queued,
    session,
    heartbeat,
    queue(sessionKey, text, dueAtMs) {
      const eventId = idFor("e");
      const facts = { eventId, trust: "untrusted" as const, ...wake(sessionKey, "event", dueAtMs) };
      subject.write({ type: "event.queued", sessionKey, facts, body: { text } });
      queued.get(sessionKey)?.add(eventId);
      return eventId;
    },
    request(sessionKey, intent, dueAtMs) {
      subject.write({
        type: "wake.requested",
        sessionKey,
        facts: wake(sessionKey, intent, dueAtMs),
        body: null,
      });
    },
    start(sessionKey, eventIds, idle, counts = false) {
      const pending = heartbeat().pending.get(sessionKey);
      if (pending === undefined) throw new Error(`${sessionKey} has no wake to start`);
      const { queue, retry } = session(sessionKey);
      const oldest = queue.find(({ eventId }) => eventId === eventIds[0]);
      const facts = {
        wakeId: retry?.wakeId ?? oldest?.wakeId ?? pending.wakeId,
        runId: idFor("r"),
        attempt: pending.attempts + 1,
        eventIds,
        idle,
        ...(counts && { limits: { agent: "agent", keepStarts: 1 } }),
      };
      subject.write({ type: "run.started", sessionKey, facts, body: null });
    },
    ran(sessionKey, runId, marks) {
      const eventIds = held(sessionKey, runId);
      const facts = { wakeId: runWakeId(), runId, eventIds, durationMs: 0, ...(marks && { marks }) };
      subject.write({ type: "run.ran", sessionKey, facts, body: null });
      gone(sessionKey, eventIds);
    },
    skipped(sessionKey, runId, dueAtMs, aborted) {
      const why = aborted === true ? { reason: "preempted", aborted } : { reason: "requests-in-flight" };
      const facts = { wakeId: runWakeId(), runId, ...why, dueAtMs };
      subject.write({ type: "run.skipped", sessionKey, facts, body: null });
    },
    failed(sessionKey, runId, dueAtMs) {
      const eventIds = held(sessionKey, runId);
      const facts = { wakeId: runWakeId(), runId, code: "LUBDUB_RUN_FAILED", dueAtMs };
      subject.write({ type: "run.failed", sessionKey, facts, body: { error: "no luck" } });
      if (dueAtMs === null) gone(sessionKey, eventIds);
    },
    drain(sessionKey, eventIds) {
      if (eventIds.length === 0) return;
      subject.write({ type: "events.drained", sessionKey, facts: { eventIds }, body: null });
      gone(sessionKey, eventIds);
    },
    requeue(sessionKey, eventIds, dueAtMs) {
      const facts = { eventIds, wakeId: wakeId(sessionKey), dueAtMs };
      subject.write({ type: "events.requeued", sessionKey, facts, body: null });
      for (const eventId of eventIds) queued.get(sessionKey)?.add(eventId);
    },
    postpone(sessionKey, dueAtMs) {
      const facts = { wakeId: wakeId(sessionKey), reason: "requests-in-flight", dueAtMs };
      subject.write({ type: "wake.postponed", sessionKey, facts, body: null });
    },
    hold(sessionKey, reason, dueAtMs) {
      const facts = { wakeId: wakeId(sessionKey), reason, dueAtMs };
      subject.write({ type: "wake.held", sessionKey, facts, body: null });
    },
    drop(sessionKey) {
      const facts = { wakeId: wakeId(sessionKey), reason: "no-pending-event" };
      subject.write({ type: "wake.dropped", sessionKey, facts, body: null });
    },
    dismiss(sessionKey, eventIds) {
      subject.write({ type: "events.dismissed", sessionKey, facts: { eventIds }, body: null });
    },
    forget(sessionKey) {
      subject.write({ type: "session.forgotten", sessionKey, facts: {}, body: null });
      queued.get(sessionKey)?.clear();
    },
    reply(sessionKey, event) {
      const facts = { deliveryId: `d-${lane}`, attempt: 1 };
      switch (event.type) {
        case "route.noted":
          return void subject.write({
            type: event.type,
            sessionKey,
            facts: { route: { to: "42" } },
            body: null,
          });
        case "delivery.queued": {
          const letter = {
            runId: "run",
            wakeId: "wake",
            route: { to: "42" },
            destination: "42",
            expiresAtMs: 9e15,
          };
          const whole = { deliveryId: facts.deliveryId, ...letter };
          return void subject.write({ type: event.type, sessionKey, facts: whole, body: { text: "said" } });
        }
        case "delivery.sent":
          return void subject.write({
            type: event.type,
            sessionKey,
            facts: { ...facts, durationMs: 0 },
            body: null,
          });
        case "delivery.died": {
          const died = { ...facts, code: "LUBDUB_DELIVERY_FAILED", dueAtMs: null };
          return void subject.write({
            type: "delivery.failed",
            sessionKey,
            facts: died,
            body: { error: "no luck" },
          });
        }
        case "delivery.dismissed":
          return void subject.write({
            type: event.type,
            sessionKey,
            facts: { deliveryId: facts.deliveryId },
            body: null,
          });
      }
    },
  };
}

/** The queued events that no run holds: what `drainSystemEvents` takes. */
export function unoffered({ queue, offer }: SessionContext): string[] {
  return queue.map(({ eventId }) => eventId).filter((eventId) => offer?.eventIds.includes(eventId) !== true);
}
