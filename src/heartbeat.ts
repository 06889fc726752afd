import type { Heartbeat, TurnLease, TurnOptions } from "./api.ts";
import { newId, positionOf } from "./core/ids.ts";
import { LubdubError, shown } from "./errors.ts";
import { createHost, type Host } from "./hosts/embedded.ts";
import { nextOutcome, receiptOf, waitFor } from "./hosts/receipts.ts";
import {
  listDeadLetters,
  listSessions,
  readLog,
  sessionView,
  stateAt,
  statusOf,
  whyNot,
} from "./hosts/views.ts";
import { parseSessionKey } from "./intake/parse.ts";
import { resolveOptions, type HeartbeatOptions } from "./options.ts";
import type { Accepted, SystemEvent } from "./vocabulary.ts";
import { asEvents } from "./core/batch.ts";
import type { RecordDraft } from "./run/journal.ts";

/** How long `close` lets runs end before it aborts them, in milliseconds. */
const GRACE_MS = 10_000;

/**
 * Starts a heartbeat in this process. It is running when this returns: what the store holds is folded, and what was
 * waiting when the last process ended goes on under the same session key and wake id.
 *
 * @throws LubdubError `LUBDUB_OPTION_INVALID`, or the store's error when its log cannot be folded.
 * @example
 * await using heartbeat = createHeartbeat({
 *   store: sqliteStore({ folder: "./data" }),
 *   run: async ({ sessionKey, events }) => {
 *     await agent(sessionKey, events.map(({ text }) => text).join("\n"));
 *     return { status: "ran" };
 *   },
 * });
 * await heartbeat.wake("npm test ended with exit code 0", { sessionKey: "agent:main:discord:channel:42" });
 */
export function createHeartbeat(options: HeartbeatOptions): Heartbeat {
  const host = createHost(resolveOptions(options));
  const { world, leases, runner, intake, store } = host;

  const requestHeartbeat: Heartbeat["requestHeartbeat"] = (wake) => intake.wake(wake);
  const acquireTurn = (key: string, turn: TurnOptions = {}): Promise<TurnLease> => turnLease(host, key, turn);
  const close: Heartbeat["close"] = ({ graceMs = GRACE_MS } = {}) => host.stop(graceMs);

  return {
    enqueueSystemEvent: (text, event) => intake.event(text, event, false),
    wake: (text, event) => intake.event(text, event, true),
    requestHeartbeat,
    requestHeartbeatNow: (wake) => requestHeartbeat({ ...wake, intent: "immediate" }),
    async runHeartbeatOnce(wake) {
      const key = parseSessionKey(wake.sessionKey);
      if (leases.isHeld(world.laneOf(key))) return { status: "skipped", reason: "requests-in-flight" };
      return nextOutcome(host, key, () => intake.wake({ ...wake, intent: "manual", coalesceMs: 0 }));
    },
    async peekSystemEvents(key) {
      host.guardRead();
      return asEvents(world.peekSession(parseSessionKey(key)).actor.context.queue);
    },
    drainSystemEvents: (key) => drain(host, key),
    async withTurn(key, fn, turn) {
      const lane = world.laneOf(parseSessionKey(key));
      if (leases.isInside(lane)) return fn();
      await using _lease = await acquireTurn(key, turn);
      return await leases.inside(lane, fn);
    },
    acquireTurn,
    isBusy: async (key) => leases.isHeld(world.laneOf(parseSessionKey(key))),
    onIdle(key, callback) {
      const lane = world.laneOf(parseSessionKey(key));
      if (leases.isHeld(lane)) return leases.onIdle(lane, callback);
      callback();
      return () => {};
    },
    why: async (key) => whyNot(host, parseSessionKey(key)),
    receipt: async (id) => receiptOf(host, id),
    waitFor: async (id, state, { signal } = {}) => waitFor(host, id, state, signal),
    sessions: async (page) => listSessions(host, page),
    session: async (key) => sessionView(host, parseSessionKey(key)),
    deadLetters: async (page) => listDeadLetters(host, page),
    requeue: (eventId) => revive(host, eventId, "events.requeued"),
    dismiss: (eventId) => revive(host, eventId, "events.dismissed"),
    read: async (read) => readLog(host, read),
    subscribe: (listener) => host.subscribe(listener),
    stateAt: async (position) => stateAt(host, position),
    async forget(key) {
      const sessionKey = parseSessionKey(key);
      return write(host, { type: "session.forgotten", sessionKey, facts: {}, body: null });
    },
    async backup(file) {
      host.guard();
      host.journal.flush();
      store.backup(file);
    },
    status: async () => statusOf(host),
    close,
    [Symbol.asyncDispose]: () => close(),
  };

  async function turnLease(
    of: Host,
    key: string,
    { preempt = true, signal }: TurnOptions,
  ): Promise<TurnLease> {
    of.guardRead();
    const sessionKey = parseSessionKey(key);
    const lane = world.laneOf(sessionKey);
    const granted = leases.take(lane, signal);
    if (preempt) runner.abort("a user's turn goes first", lane);
    const giveBack = await granted;
    const release = (): void => {
      giveBack();
      runner.idle(lane, sessionKey);
    };
    return { sessionKey, lane, release, [Symbol.asyncDispose]: async () => release() };
  }
}

async function write(host: Host, draft: RecordDraft): Promise<Accepted> {
  host.guard();
  const { sessionKey, position } = host.journal.write(draft);
  await host.journal.committed();
  return { sessionKey, wakeId: "", position, deduplicated: false };
}

async function drain(host: Host, key: string): Promise<readonly SystemEvent[]> {
  host.guard();
  const sessionKey = parseSessionKey(key);
  const { queue, offer } = host.world.peekSession(sessionKey).actor.context;
  const held = new Set(offer?.eventIds);
  const taken = asEvents(queue).filter(({ eventId }) => !held.has(eventId));
  if (taken.length === 0) return [];
  const eventIds = taken.map(({ eventId }) => eventId);
  await write(host, { type: "events.drained", sessionKey, facts: { eventIds }, body: null });
  return taken;
}

/** Requeues or dismisses one dead letter. */
async function revive(
  host: Host,
  eventId: string,
  type: "events.requeued" | "events.dismissed",
): Promise<Accepted> {
  host.guard();
  const { clock, journal, world } = host;
  const queued = host.store.recordAt(positionOf(eventId) ?? 0);
  const letter =
    queued?.type === "event.queued" && queued.facts.eventId === eventId
      ? world.peekSession(queued.sessionKey).actor.context.dead.find(({ event }) => event.eventId === eventId)
      : undefined;
  if (letter === undefined) {
    throw new LubdubError("LUBDUB_NOT_FOUND", {
      expected: "the event id of a dead letter",
      got: shown(eventId),
      fix: "`lubdub dead ls` lists them.",
    });
  }
  const { sessionKey } = letter.event;
  const eventIds = [eventId];
  if (type === "events.dismissed") {
    return { ...(await write(host, { type, sessionKey, facts: { eventIds }, body: null })), eventId };
  }
  const pending = world.heartbeat(world.laneOf(sessionKey)).actor.context.pending.get(sessionKey);
  const wakeId = pending?.wakeId ?? newId("w", journal.nextPosition, clock);
  const facts = { eventIds, wakeId, dueAtMs: clock.nowMs() };
  return { ...(await write(host, { type, sessionKey, facts, body: null })), eventId, wakeId };
}
