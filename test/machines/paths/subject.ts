import { expect } from "vitest";
import { encode } from "../../../src/core/actor.ts";
import { deadlineOf } from "../../../src/core/deadline.ts";
import { fold } from "../../../src/core/fold.ts";
import type { LogRecord } from "../../../src/core/records.ts";
import type { World } from "../../../src/core/world.ts";
import { createHost } from "../../../src/hosts/embedded.ts";
import type { Host } from "../../../src/hosts/host.ts";
import type { Store } from "../../../src/log/store.ts";
import { resolveOptions } from "../../../src/options.ts";
import type { Clock } from "../../../src/run/clock.ts";
import type { RecordDraft } from "../../../src/run/journal.ts";

/**
 * The real host over a real store, without a slot for a run and with a clock that stands still: it starts nothing of its
 * own accord, so that the records written here are all that happens.
 */
export interface Subject {
  readonly host: Host;
  write<D extends RecordDraft>(draft: D): Extract<LogRecord, { type: D["type"] }>;
  /** Commits, throws the process state away and opens the store again: what comes back must be what was there. */
  crash(checkpoint: boolean): void;
  /** Folds the log from its start, past all checkpoints: it must give the state that is live. */
  refold(): void;
}

/** Every session of one path works in a lane of its own, so that thousands of paths are walked abreast in one store. */
export const laneOf = (sessionKey: string): string => sessionKey.slice(0, sessionKey.indexOf("|"));

export function createSubject(openStore: () => Store, nowMs: number): Subject & Disposable {
  const clock: Clock = {
    nowMs: () => nowMs,
    setTimer: () => () => {},
    afterTurn: () => {},
    random: () => 0.5,
  };
  const open = (): Host => {
    const run = () => new Promise<never>(() => {});
    const options = resolveOptions({ run, store: openStore(), laneOf, clock, checkpointRecords: 1_000_000 });
    return createHost({ ...options, concurrency: 0 });
  };
  const keys = new Set<string>();
  const deliveryIds = new Set<string>();
  let host = open();
  return {
    get host() {
      return host;
    },
    write(draft) {
      keys.add(draft.sessionKey);
      if (draft.type === "delivery.queued") deliveryIds.add(draft.facts.deliveryId);
      return host.journal.write(draft);
    },
    crash(checkpoint) {
      host.journal.flush();
      if (checkpoint) takeCheckpoint(host);
      const before = look(host.world, keys, deliveryIds);
      host.store.close();
      host = open();
      expectSame(look(host.world, keys, deliveryIds), before);
    },
    refold() {
      const world = fold(host.store.read(), { laneOf });
      expectSame(look(world, keys, deliveryIds), look(host.world, keys, deliveryIds));
    },
    [Symbol.dispose]: () => host.store.close(),
  };
}

/** In a turn of its own: one in which a session is forgotten leaves it to the next. */
function takeCheckpoint({ journal, store }: Host): void {
  journal.flush(true);
  expect(store.checkpoint()).toBe(store.head().position);
}

/** Every actor, live or at rest, as it is stored. */
function look(world: World, keys: Iterable<string>, deliveryIds: Iterable<string>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const key of keys) {
    found[key] = encode(world.peekSession(key).actor);
    found[laneOf(key)] ??= encode(world.peekHeartbeat(laneOf(key)).actor);
  }
  for (const id of deliveryIds) found[id] = encode(world.deliveries.peek(id).actor);
  return found;
}

function expectSame(got: Record<string, string>, wanted: Record<string, string>): void {
  const different = Object.keys({ ...got, ...wanted }).filter((key) => got[key] !== wanted[key]);
  expect(different.map((key) => ({ key, got: got[key], wanted: wanted[key] }))).toEqual([]);
}

/**
 * What must hold in every state of a lane; answers what does not.
 *
 * @param queued - ids of the events that must be queued, by session key
 */
export function brokenRules(
  { world }: Host,
  lane: string,
  queued: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const broken: string[] = [];
  const rule = (holds: boolean, what: string): void => void (holds || broken.push(what));
  const { value, context } = world.peekHeartbeat(lane).actor;
  const { pending, run } = context;
  const sessions = [...queued].map(([key, wanted]) => ({ key, wanted, actor: world.peekSession(key).actor }));

  for (const { key, wanted, actor } of sessions) {
    const { queue, sessionKey } = actor.context;
    const ids = new Set(queue.map(({ eventId }) => eventId));
    rule(sessionKey === key, `${key} calls itself ${sessionKey}`);
    rule(ids.size === queue.length, `${key} has an event twice`);
    const same = ids.size === wanted.size && [...wanted].every((id) => ids.has(id));
    rule(same, `${key} has ${[...ids].join()}, not ${[...wanted].join()}`);
    rule(
      queue.every((event) => event.sessionKey === key),
      `${key} has the event of another session`,
    );
    const wake = pending.get(key) ?? (run?.wake.sessionKey === key ? run.wake : undefined);
    rule(queue.length === 0 || wake?.sessionKey === key, `${key} has events and nothing that wakes it`);
  }
  for (const { sessionKey } of [...pending, ...(run === null ? [] : [run.wake])]) {
    rule(queued.has(sessionKey), `${sessionKey} is nobody's key`);
  }
  const offered = sessions.filter(({ actor }) => actor.value === "offered");
  rule(offered.length <= 1, `${offered.length} runs in one lane`);
  for (const { key, actor } of offered) {
    const holds = actor.context.offer?.runId === run?.runId && key === run?.wake.sessionKey;
    rule(holds, `the events of ${key} are out, but its run is not the lane's`);
  }
  const waits = [...pending].every(({ waitsFor }) => waitsFor === "idle" || waitsFor === "backoff");
  const phase = pending.size === 0 ? "idle" : waits ? "retrying" : "pending";
  rule(value === (run === null ? phase : "running"), `the state is ${value}`);
  const earliest = Math.min(...[...pending].map(({ dueAtMs }) => dueAtMs));
  const dueAtMs = deadlineOf({ value, context });
  rule(dueAtMs === (run !== null || pending.size === 0 ? null : earliest), `the deadline is ${dueAtMs}`);
  return broken;
}
