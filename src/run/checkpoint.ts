import { encode, MACHINE_IDS } from "../core/actor.ts";
import { deliveryDeadlineOf, scheduleDeadlineOf, storedDeadlineOf } from "../core/deadline.ts";
import type { AnyEntry, World } from "../core/world.ts";
import { ENDED, type Snapshot } from "../log/store.ts";

/** Whether so many actors are live that idle ones should go back to rest. */
/** The live actors of every kind. */
const kindsOf = ({ sessions, heartbeats, schedules, agents, deliveries }: World) =>
  [sessions, heartbeats, schedules.live, agents.live, deliveries.live] as const;

export function isCrowded(world: World, max: number): boolean {
  return kindsOf(world).some(({ size }) => size > 2 * max);
}

/** Every actor changed since the last checkpoint, as of this position. */
export function snapshotsOf(world: World, position: number): Snapshot[] {
  const snapshots: Snapshot[] = [];
  for (const live of kindsOf(world)) {
    for (const entry of live.values()) if (entry.dirty) snapshots.push(snapshotOf(entry, position));
  }
  return snapshots;
}

function snapshotOf(entry: AnyEntry, position: number): Snapshot {
  const { kind, key } = entry;
  const stored = { kind, key, position, machine: MACHINE_IDS[kind], state: encode(entry.actor) };
  switch (entry.kind) {
    case "session": {
      const { queue, dead } = entry.actor.context;
      const { previous } = entry;
      return { ...stored, previous, dueAtMs: null, queued: queue.length, dead: dead.length };
    }
    case "heartbeat": {
      const dueAtMs = storedDeadlineOf(entry.actor);
      return { ...stored, previous: 0, dueAtMs, queued: entry.actor.context.pending.size, dead: 0 };
    }
    case "agent":
      return { ...stored, previous: 0, dueAtMs: null, queued: 0, dead: entry.actor.context.breaker ? 1 : 0 };
    case "schedule": {
      const { previous, actor } = entry;
      const ended = actor.value === "ended" ? ENDED : {};
      return { ...stored, previous, dueAtMs: scheduleDeadlineOf(actor), queued: 0, dead: 0, ...ended };
    }
    case "delivery": {
      const { previous, actor } = entry;
      const ended = actor.value === "ended" ? ENDED : {};
      const dead = actor.value === "dead" ? 1 : 0;
      return { ...stored, previous, dueAtMs: deliveryDeadlineOf(actor), queued: 0, dead, ...ended };
    }
  }
}

/**
 * After a checkpoint every actor is on disk as it is. Beyond the limit, those brought to life first go back to rest there,
 * down to half of it, so that this is seldom.
 */
export function rest(world: World, max: number): void {
  restSome(world.sessions, max, ({ key, actor }) => {
    if (actor.value !== "offered") world.evictSession(key);
  });
  restSome(world.heartbeats, max, ({ lane, actor }) => {
    if (actor.value !== "running") world.evictHeartbeat(lane);
  });
  restSome(world.schedules.live, max, ({ key }) => world.schedules.evict(key));
  restSome(world.agents.live, max, ({ key }) => world.agents.evict(key));
  restSome(world.deliveries.live, max, ({ key, actor }) => {
    if (actor.value !== "sending") world.deliveries.evict(key);
  });
}

function restSome<Entry extends { dirty: boolean }>(
  live: ReadonlyMap<string, Entry>,
  max: number,
  evict: (entry: Entry) => void,
): void {
  const crowded = live.size > max;
  for (const entry of live.values()) {
    entry.dirty = false;
    if (crowded && live.size > max / 2) evict(entry);
  }
}
