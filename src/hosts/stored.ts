import type { HeartbeatContext, ScheduleContext, Wake } from "../../machines/index.ts";
import { encode, MACHINE_IDS, redacted } from "../core/actor.ts";
import type { SessionForgotten } from "../core/records.ts";
import type { AnyEntry, Source, World } from "../core/world.ts";
import { LubdubError } from "../errors.ts";
import { unlessDamaged } from "./damage.ts";
import { ENDED, type ActorKind, type Store } from "../log/store.ts";
import { SCHEDULES_MAX } from "../options.ts";
import type { ScheduleIndex } from "../run/schedule-index.ts";

/**
 * Erases what `session.forgotten` promised, right after its commit; again at a start for those since the last checkpoint,
 * which is always older (see the journal), so that a crash in between leaves no text behind.
 */
export function eraseSession(store: Store, { sessionKey, previous, facts }: SessionForgotten): void {
  const positions: number[] = [];
  const schedules = new Set(facts.schedules);
  const deliveries = new Set(facts.deliveries);
  for (let at = previous; at > store.base();) {
    const record = store.recordAt(at);
    if (record === undefined) break;
    positions.push(at);
    // Those that are over already may stand in older snapshots.
    if (record.type === "delivery.queued") deliveries.add(record.facts.deliveryId);
    if (record.type === "schedule.set") schedules.add(record.facts.scheduleId);
    at = record.previous;
  }
  const actors = [
    { kind: "session", key: sessionKey } as const,
    ...[...schedules].map((key) => ({ kind: "schedule", key }) as const),
    ...[...deliveries].map((key) => ({ kind: "delivery", key }) as const),
  ];
  const redact = (kind: ActorKind, state: string): string => redacted(kind, state, sessionKey);
  store.erase({ sessionKey, positions, actors, redact });
}

/**
 * Actors that are not live, from their newest snapshots.
 * @param upTo - as of this position; @default the newest
 */
export function storedActors(store: Store, upTo?: number): Source {
  return (kind, key) => {
    const snapshot = store.snapshot(kind, key, upTo);
    if (snapshot === undefined || snapshot.machine === ENDED.machine) return undefined;
    if (snapshot.machine !== MACHINE_IDS[kind]) {
      throw new LubdubError("LUBDUB_STORE_NEWER", {
        expected: `a snapshot of ${MACHINE_IDS[kind]}`,
        got: snapshot.machine,
        fix: "Start the version of Lubdub that wrote it, or a newer one.",
      });
    }
    return snapshot;
  };
}

/** What is kept in memory of the schedules at rest, as of the newest checkpoint. */
export function indexSchedules(
  index: ScheduleIndex,
  store: Store,
  onDamage: (scheduleId: string, error: LubdubError) => void,
): void {
  index.clear();
  for (const key of store.keys({ kind: "schedule", limit: SCHEDULES_MAX })) {
    const snapshot = unlessDamaged(
      () => store.snapshot("schedule", key),
      (error) => onDamage(key, error),
    );
    if (snapshot === undefined) continue;
    const { state, dueAtMs } = snapshot;
    const { spec } = (JSON.parse(state) as { context: ScheduleContext }).context;
    if (spec === null) continue;
    index.set(key, { sessionKey: spec.sessionKey, kind: spec.cadence.kind, alarmAtMs: dueAtMs });
  }
}

/** The wakes of a lane at rest, that of its run first: as plain data, which costs a tenth of bringing the lane to life. */
export function storedWakes(store: Store, lane: string): readonly Wake[] {
  const stored = storedActors(store)("heartbeat", lane);
  if (stored === undefined) return [];
  const { pending, run } = (JSON.parse(stored.state) as { readonly context: StoredLane }).context;
  return run === null ? pending : [run.wake, ...pending];
}

interface StoredLane extends Pick<HeartbeatContext, "run"> {
  readonly pending: readonly Wake[];
}

/** An actor as plain data. */
export function plain({ actor }: AnyEntry): unknown {
  return JSON.parse(encode(actor));
}

/** Deliveries that are on their way: stored ones, and those that came after the checkpoint. */
export function openDeliveries(store: Store, { deliveries }: World): ReadonlySet<string> {
  const stored = [...store.deadlines("delivery")].map(({ key }) => key);
  return new Set([...stored, ...deliveries.live.keys()]);
}
