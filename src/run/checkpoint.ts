import { encode, MACHINE_IDS } from "../core/actor.ts";
import { deliveryDeadlineOf, scheduleDeadlineOf, storedDeadlineOf } from "../core/deadline.ts";
import type { AnyEntry, World } from "../core/world.ts";
import { ENDED, type CheckpointSlice, type Snapshot } from "../log/store.ts";

/** The live actors of every kind. */
const kindsOf = ({ sessions, heartbeats, schedules, agents, deliveries }: World) =>
  [sessions, heartbeats, schedules.live, agents.live, deliveries.live] as const;

/** Whether so many actors are live that idle ones should go back to rest. */
export function isCrowded(world: World, max: number): boolean {
  return kindsOf(world).some(({ size }) => size > 2 * max);
}

/**
 * Every actor changed since the checkpoint before, as of one position. What costs is to write them, so that may take many turns: their
 * states are values, and stay as they were while the actors go on.
 */
export class Checkpoint {
  readonly position: number;
  readonly #changed: readonly { readonly entry: AnyEntry; readonly asOf: AnyEntry }[];
  #written = 0;

  constructor(world: World, position: number) {
    this.position = position;
    this.#changed = kindsOf(world).flatMap((live) => {
      const changed = [...(live.values() as Iterable<AnyEntry>)].filter(({ dirty }) => dirty);
      return changed.map((entry) => {
        entry.dirty = false;
        return { entry, asOf: frozen(entry) };
      });
    });
  }

  /** The next part to write, of so many actors. */
  slice(actors: number): CheckpointSlice {
    const { position } = this;
    const from = this.#written;
    const part = this.#changed.slice(from, from + actors);
    this.#written += part.length;
    const snapshots = part.map(({ asOf }) => snapshotOf(asOf, position));
    return { position, snapshots, isFirst: from === 0, isLast: this.#written === this.#changed.length };
  }

  /** Another one takes its place, and writes what this one would have. */
  abandon(): void {
    for (const { entry } of this.#changed) entry.dirty = true;
  }
}

/** The copy of an actor's snapshot is a value that the live actor no longer moves. */
function frozen<Entry extends AnyEntry>(entry: Entry): Entry {
  return { ...entry, actor: { ...entry.actor } };
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
 * After a checkpoint actors that have not changed since it began are on disk as they are. Beyond the limit, of these those brought to
 * life first go back to rest there, down to half of it, so that this is seldom.
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
  if (live.size <= max) return;
  for (const entry of live.values()) {
    if (live.size <= max / 2) return;
    if (!entry.dirty) evict(entry);
  }
}
