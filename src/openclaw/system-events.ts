import type { QueuedEvent } from "../../machines/index.ts";
import { sessionActor, type SessionActor } from "../core/actor.ts";
import { LubdubError, shown } from "../errors.ts";
import { isSameRoute, merged, normalized, type DeliveryContext } from "./delivery-context.ts";
import { sharedState } from "./shared-state.ts";

export type { DeliveryContext } from "./delivery-context.ts";

/** An event as the queue shows it. */
export interface SystemEvent {
  readonly text: string;
  /** When it was queued: milliseconds since the Unix epoch. */
  readonly ts: number;
  /** Trimmed, in lower case; null when none was given. */
  readonly contextKey?: string | null | undefined;
  readonly deliveryContext?: DeliveryContext | undefined;
  /** @default true */
  readonly trusted?: boolean | undefined;
}

/** What is said about a system event. */
export interface SystemEventOptions {
  /** Not blank; surrounding white space is removed. */
  readonly sessionKey: string;
  /** Groups events of one matter. */
  readonly contextKey?: string | null | undefined;
  readonly deliveryContext?: DeliveryContext | undefined;
  /** Whether the text may be trusted like the operator's own words. @default true */
  readonly trusted?: boolean | undefined;
}

/** An event as the machine carries it. */
interface Queued extends QueuedEvent {
  readonly contextKey: string | null;
  readonly deliveryContext: DeliveryContext | undefined;
}

/** A session's machine holds the queue; the last context key is kept beside it, because a duplicate that is not queued sets it too. */
interface Session {
  readonly actor: SessionActor;
  lastContextKey: string | null;
}

interface State {
  /** Only sessions with something queued. */
  readonly sessions: Map<string, Session>;
  count: number;
}

/** The next event evicts the oldest. */
const QUEUE_MAX = 20;

const state = sharedState<State>("lubdub.openclaw.system-events@1", () => ({
  sessions: new Map(),
  count: 0,
}));

/**
 * Queues one event for a session, in memory, at most 20: one more evicts the oldest.
 *
 * @param text - for the agent; trimmed.
 * @returns false when nothing was queued: the text is blank, or the same as the last one queued.
 * @throws LubdubError `LUBDUB_SESSION_KEY_INVALID`, `LUBDUB_TEXT_INVALID`
 * @example enqueueSystemEvent("Exec finished (code 0)", { sessionKey: "agent:main:discord:channel:42" });
 */
export function enqueueSystemEvent(text: string, options: SystemEventOptions): boolean {
  const sessionKey = required(options?.sessionKey);
  const cleaned = checked(text).trim();
  if (cleaned === "") return false;
  const session = state.sessions.get(sessionKey) ?? opened(sessionKey);
  const contextKey = contextKeyOf(options.contextKey);
  session.lastContextKey = contextKey;
  if (queueOf(session).at(-1)?.text === cleaned) return false;
  const eventId = `e-${(state.count += 1)}`;
  const event: Queued = {
    eventId,
    wakeId: eventId,
    sessionKey,
    text: cleaned,
    source: "system-event",
    intent: "event",
    reason: "system-event",
    trust: options.trusted === false ? "untrusted" : "trusted",
    queuedAtMs: Date.now(),
    contextKey,
    deliveryContext: normalized(options.deliveryContext),
  };
  session.actor.send({ type: "event.queued", event });
  const queue = queueOf(session);
  if (queue.length > QUEUE_MAX) take(session, queue.slice(0, queue.length - QUEUE_MAX));
  return true;
}

/** Takes all that is queued for the session, oldest first, and forgets its last text and context. */
export function drainSystemEventEntries(sessionKey: string): SystemEvent[] {
  const key = required(sessionKey);
  const queue = queueOf(state.sessions.get(key));
  state.sessions.delete(key);
  return queue.map(shownEvent);
}

/** The texts of `drainSystemEventEntries`. */
export function drainSystemEvents(sessionKey: string): string[] {
  return drainSystemEventEntries(sessionKey).map(({ text }) => text);
}

/**
 * Takes the events that were inspected with `peekSystemEventEntries`; what was queued since then stays.
 *
 * @returns what was taken; nothing when `inspected` is no longer the head of the queue.
 */
export function consumeSystemEventEntries(
  sessionKey: string,
  inspected: readonly SystemEvent[],
): SystemEvent[] {
  const key = required(sessionKey);
  const session = state.sessions.get(key);
  if (session === undefined || inspected.length === 0) return [];
  const head = queueOf(session).slice(0, inspected.length);
  const isHead = head.length === inspected.length && head.every((event, at) => isSame(event, inspected[at]));
  if (!isHead) return [];
  take(session, head);
  const last = queueOf(session).at(-1);
  if (last === undefined) state.sessions.delete(key);
  else session.lastContextKey = last.contextKey;
  return head.map(shownEvent);
}

/** What is queued for the session, oldest first: copies. */
export function peekSystemEventEntries(sessionKey: string): SystemEvent[] {
  return queueOf(state.sessions.get(required(sessionKey))).map(shownEvent);
}

/** The texts of `peekSystemEventEntries`. */
export function peekSystemEvents(sessionKey: string): string[] {
  return peekSystemEventEntries(sessionKey).map(({ text }) => text);
}

/** Whether anything is queued for the session. */
export function hasSystemEvents(sessionKey: string): boolean {
  return state.sessions.has(required(sessionKey));
}

/** Whether the last event of the session, queued or a duplicate, had another context key than this. */
export function isSystemEventContextChanged(sessionKey: string, contextKey?: string | null): boolean {
  return contextKeyOf(contextKey) !== (state.sessions.get(required(sessionKey))?.lastContextKey ?? null);
}

/** Where the reply to these events goes: of each field the newest that is not empty. `undefined`: none says. */
export function resolveSystemEventDeliveryContext(
  events: readonly SystemEvent[],
): DeliveryContext | undefined {
  let route: DeliveryContext | undefined;
  for (const { deliveryContext } of events) route = merged(route, normalized(deliveryContext));
  return route;
}

/** Forgets all sessions. For tests. */
export function resetSystemEventsForTest(): void {
  state.sessions.clear();
}

function opened(sessionKey: string): Session {
  const session = { actor: sessionActor(sessionKey), lastContextKey: null };
  state.sessions.set(sessionKey, session);
  return session;
}

/** The machine reads its own fields only; what it carries is what `enqueueSystemEvent` put in. */
const queueOf = (session: Session | undefined): readonly Queued[] =>
  (session?.actor.context.queue ?? []) as readonly Queued[];

function take({ actor }: Session, events: readonly Queued[]): void {
  actor.send({ type: "events.drained", eventIds: events.map(({ eventId }) => eventId) });
}

/** A fresh object each time: nobody can reach into the queue. */
function shownEvent({ text, queuedAtMs, contextKey, deliveryContext, trust }: Queued): SystemEvent {
  return {
    text,
    ts: queuedAtMs,
    contextKey,
    ...(deliveryContext === undefined ? {} : { deliveryContext: { ...deliveryContext } }),
    trusted: trust === "trusted",
  };
}

function isSame(queued: Queued, inspected: SystemEvent | undefined): boolean {
  return (
    inspected !== undefined &&
    queued.text === inspected.text &&
    queued.queuedAtMs === inspected.ts &&
    queued.contextKey === (inspected.contextKey ?? null) &&
    (queued.trust === "trusted") === (inspected.trusted ?? true) &&
    isSameRoute(queued.deliveryContext, inspected.deliveryContext)
  );
}

function contextKeyOf(key: string | null | undefined): string | null {
  const cleaned = typeof key === "string" ? key.trim().toLowerCase() : "";
  return cleaned === "" ? null : cleaned;
}

function required(sessionKey: unknown): string {
  const key = typeof sessionKey === "string" ? sessionKey.trim() : "";
  if (key !== "") return key;
  throw new LubdubError("LUBDUB_SESSION_KEY_INVALID", {
    expected: "a session key that is not blank, because system events require a sessionKey",
    got: shown(sessionKey),
    fix: 'Name the session, e.g. "agent:main:main".',
  });
}

function checked(text: unknown): string {
  if (typeof text === "string") return text;
  throw new LubdubError("LUBDUB_TEXT_INVALID", { expected: "the event's text, a string", got: shown(text) });
}
