import type { PageOptions, SessionView, Status } from "../api.ts";
import { asEvents } from "../core/batch.ts";
import { deadlineOf } from "../core/deadline.ts";
import { whyOf } from "../core/why.ts";
import type { SessionEntry } from "../core/world.ts";
import { LubdubError, shown } from "../errors.ts";
import type { DeadLetter, SessionSummary, Why } from "../vocabulary.ts";
import { unlessDamaged } from "./damage.ts";
import { deliveriesOf } from "./deliveries.ts";
import type { Host } from "./host.ts";
import { restingAgents } from "./resting.ts";

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

export function summaryOf(host: Host, { key, lane, actor }: SessionEntry): SessionSummary {
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
    route: entry.actor.context.outbox?.route ?? null,
    deliveries: deliveriesOf(host, sessionKey),
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

/** A damaged session keeps its place in the list: nothing is left out in silence. */
export function listSessions(host: Host, page: PageOptions = {}): readonly SessionSummary[] {
  const { world } = host;
  return sessionKeys(host, page, false).map(
    (key) =>
      readable(host, key, () => summaryOf(host, world.peekSession(key))) ?? {
        sessionKey: key,
        lane: world.laneOf(key),
        state: "damaged",
        queued: 0,
        dead: 0,
        oldestQueuedAtMs: null,
        dueAtMs: null,
      },
  );
}

/** Dead letters of as many sessions as the page holds; empty only when there are no more. */
export function listDeadLetters(host: Host, page: PageOptions = {}): readonly DeadLetter[] {
  for (let rest = page; ;) {
    const keys = sessionKeys(host, rest, true);
    const letters = keys.flatMap((key) => readable(host, key, () => lettersOf(host, key)) ?? []);
    const after = keys.at(-1);
    if (letters.length > 0 || after === undefined) return letters;
    rest = { ...page, after };
  }
}

const lettersOf = ({ world }: Host, key: string): readonly DeadLetter[] =>
  world.peekSession(key).actor.context.dead as readonly DeadLetter[];

const readable = <T>(host: Host, sessionKey: string, look: () => T): T | undefined =>
  unlessDamaged(look, (error) =>
    host.quarantine({ kind: "heartbeat", key: host.world.laneOf(sessionKey) }, error),
  );

/** Stored and live sessions, bytewise: a live one is newer than what is stored of it. */
function sessionKeys(
  { world, store }: Host,
  { after, limit = 100 }: PageOptions,
  withDeadLetters: boolean,
): string[] {
  checkRange("limit", limit, 1, 1_000);
  const from = after === undefined ? {} : { after };
  const keys = new Set(store.keys({ kind: "session", limit, ...from, withDeadLetters }));
  for (const { key, actor, previous } of world.sessions.values()) {
    if (previous > 0 && (!withDeadLetters || actor.context.dead.length > 0)) keys.add(key);
  }
  const start = after === undefined ? null : Buffer.from(after);
  return [...keys]
    .map((key) => ({ key, bytes: Buffer.from(key) }))
    .filter(({ bytes }) => start === null || Buffer.compare(bytes, start) > 0)
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .slice(0, limit)
    .map(({ key }) => key);
}

export function statusOf(host: Host): Status {
  const { state, store, world, runner, courier, waker, counts, quarantined, failure } = host;
  const resting = state === "closed" ? [] : restingAgents({ world, store });
  return {
    state,
    store: store.location,
    position: state === "closed" ? 0 : store.head().position,
    liveActors: world.sessions.size + world.heartbeats.size,
    runsInFlight: runner.inFlight,
    lanesDue: waker.size,
    deliveriesOpen: courier.open,
    counts: { ...counts },
    ...(resting.length > 0 && { resting }),
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
