import type { PageOptions, ReadOptions, SessionView, StateAt, Status } from "../api.ts";
import { asEvents } from "../core/batch.ts";
import { deadlineOf } from "../core/deadline.ts";
import type { LogRecord } from "../core/records.ts";
import { step } from "../core/step.ts";
import { whyOf } from "../core/why.ts";
import { createWorld, type SessionEntry } from "../core/world.ts";
import { LubdubError, shown } from "../errors.ts";
import type { DeadLetter, SessionSummary, Why } from "../vocabulary.ts";
import type { Host } from "./host.ts";
import { plain, storedActors } from "./stored.ts";
import { history } from "./receipts.ts";

/** Sessions that `stateAt` answers at most. */
const STATE_SESSIONS_MAX = 100_000;

export function whyNot({ world, clock, leases, runner, state, failure }: Host, sessionKey: string): Why {
  const { actor, lane } = world.peekSession(sessionKey);
  return whyOf(actor.context, lane, world.peekHeartbeat(lane).actor, {
    nowMs: clock.nowMs(),
    userTurn: leases.heldByTurn(lane),
    slotsFree: runner.slotsFree,
    stopping: state === "stopping" || state === "closed",
    failure: failure?.message ?? null,
  });
}

function summaryOf(host: Host, { key, lane, actor }: SessionEntry): SessionSummary {
  const { queue, dead } = actor.context;
  const { context, value } = host.world.peekHeartbeat(lane).actor;
  const wake = context.pending.get(key);
  const running = context.run?.wake.sessionKey === key;
  return {
    sessionKey: key,
    lane,
    state: running
      ? "running"
      : wake === undefined
        ? "idle"
        : wake.waitsFor === "idle" || wake.waitsFor === "backoff"
          ? "retrying"
          : "pending",
    queued: queue.length,
    dead: dead.length,
    oldestQueuedAtMs: queue[0]?.queuedAtMs ?? null,
    dueAtMs: wake === undefined ? null : (deadlineOf({ value, context }) ?? wake.dueAtMs),
  };
}

export function sessionView(host: Host, sessionKey: string): SessionView {
  const entry = host.world.peekSession(sessionKey);
  if (entry.previous === 0) {
    throw new LubdubError("LUBDUB_NOT_FOUND", {
      expected: "a session that was heard of",
      got: shown(sessionKey),
      fix: "Session keys are compared byte for byte. `lubdub sessions` lists them.",
    });
  }
  const { run } = host.world.peekHeartbeat(entry.lane).actor.context;
  const mine = run?.wake.sessionKey === sessionKey ? run : null;
  return {
    ...summaryOf(host, entry),
    events: asEvents(entry.actor.context.queue),
    deadLetters: entry.actor.context.dead as readonly DeadLetter[],
    run:
      mine === null
        ? null
        : {
            runId: mine.runId,
            wakeId: mine.wake.wakeId,
            attempt: mine.wake.attempts + 1,
            startedAtMs: mine.startedAtMs,
          },
    why: whyNot(host, sessionKey),
  };
}

export function listSessions(host: Host, page: PageOptions = {}): readonly SessionSummary[] {
  return entries(host, page, false).map((entry) => summaryOf(host, entry));
}

/** Dead letters of as many sessions as the page holds. */
export function listDeadLetters(host: Host, page: PageOptions = {}): readonly DeadLetter[] {
  return entries(host, page, true).flatMap(({ actor }) => actor.context.dead as readonly DeadLetter[]);
}

/** Stored and live sessions by key, bytewise: a live one is newer than what is stored of it. */
function entries(
  { world, store }: Host,
  { after, limit = 100 }: PageOptions,
  withDeadLetters: boolean,
): SessionEntry[] {
  checkRange("limit", limit, 1, 1_000);
  const keys = new Set<string>();
  for (const { key } of store.snapshots({
    kind: "session",
    limit,
    ...(after === undefined ? {} : { after }),
    withDeadLetters,
  })) {
    keys.add(key);
  }
  for (const { key, actor, previous } of world.sessions.values()) {
    if (previous > 0 && (!withDeadLetters || actor.context.dead.length > 0)) keys.add(key);
  }
  const start = after === undefined ? null : Buffer.from(after);
  return [...keys]
    .map((key) => ({ key, bytes: Buffer.from(key) }))
    .filter(({ bytes }) => start === null || Buffer.compare(bytes, start) > 0)
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .slice(0, limit)
    .map(({ key }) => world.peekSession(key))
    .filter(({ actor }) => !withDeadLetters || actor.context.dead.length > 0);
}

export function readLog(
  host: Host,
  { after = 0, limit = 1_000, sessionKey }: ReadOptions = {},
): readonly LogRecord[] {
  checkRange("limit", limit, 1, 10_000);
  checkRange("after", after, 0, Number.MAX_SAFE_INTEGER);
  if (sessionKey === undefined) return [...host.store.read({ after, limit })];
  return [...history(host, sessionKey, after)].reverse().slice(0, limit);
}

/** Folds from the newest checkpoint at or before `position`. Nothing happens: effects are thrown away. */
export function stateAt({ store, options }: Host, position: number): StateAt {
  const head = store.head();
  if (!Number.isSafeInteger(position) || position < store.base() || position > head.position) {
    throw new LubdubError("LUBDUB_INPUT_INVALID", {
      expected: `a position from ${store.base()} to ${head.position}`,
      got: shown(position),
    });
  }
  const from = store.checkpoint(position);
  const world = createWorld({
    laneOf: options.laneOf,
    ...(from === 0 ? {} : { source: storedActors(store, from) }),
  });
  if (from > 0) {
    const all = { limit: STATE_SESSIONS_MAX, upTo: from };
    for (const { key } of store.snapshots({ kind: "session", ...all })) world.session(key);
    for (const { key } of store.snapshots({ kind: "heartbeat", ...all })) world.heartbeat(key);
    for (const { key } of store.snapshots({ kind: "schedule", ...all })) world.schedules.get(key);
  }
  for (const record of store.read({ after: from, upTo: position })) step(world, record);
  const byKey = <T>(found: Iterable<readonly [string, T]>): Record<string, T> =>
    Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    position,
    atMs: position === 0 ? 0 : (store.recordAt(position)?.atMs ?? 0),
    sessions: byKey([...world.sessions.values()].map((entry) => [entry.key, plain(entry)] as const)),
    heartbeats: byKey([...world.heartbeats.values()].map((entry) => [entry.lane, plain(entry)] as const)),
    schedules: byKey(
      [...world.schedules.live.values()]
        .filter(({ actor }) => actor.value !== "ended")
        .map((entry) => [entry.key, plain(entry)] as const),
    ),
  };
}

export function statusOf({ state, store, world, runner, waker, counts, quarantined, failure }: Host): Status {
  return {
    state,
    store: store.location,
    position: state === "closed" ? 0 : store.head().position,
    liveActors: world.sessions.size + world.heartbeats.size,
    runsInFlight: runner.inFlight,
    lanesDue: waker.size,
    counts: { ...counts },
    ...(quarantined.size === 0
      ? {}
      : { quarantined: [...quarantined].map(([lane, { code, message }]) => ({ lane, code, message })) }),
    ...(failure === null ? {} : { cause: { code: failure.code, message: failure.message } }),
  };
}

export function checkRange(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: `\`${name}\` from ${min} to ${max}`,
    got: shown(value),
  });
}
