import type { StateAt, StateOptions } from "../past.ts";
import type { ActorKind } from "../core/actor.ts";
import type { LogRecord } from "../core/records.ts";
import { agentOf, stepAgent } from "../core/step-agent.ts";
import { step, type Watch } from "../core/step.ts";
import { createWorld, type DeliveryEntry, type ScheduleEntry, type World } from "../core/world.ts";
import type { Registry } from "../core/registry.ts";
import type { AnyEntry } from "../core/world.ts";
import { LubdubError, shown } from "../errors.ts";
import type { RecordHead } from "../log/store.ts";
import { unlessDamaged } from "./damage.ts";
import type { Host } from "./host.ts";
import { eachInSteps, readInSteps } from "./in-steps.ts";
import { plain, storedActors } from "./stored.ts";

/** Sessions that a whole state answers at most. */
const STATE_SESSIONS_MAX = 100_000;

type Damaged = NonNullable<StateAt["damaged"]>[number];
type PastHost = Pick<Host, "store" | "options" | "scheduleIndex" | "guardRead">;

/** The state as it was. Nothing happens: effects are thrown away. */
export async function stateAt(
  host: PastHost,
  position: number,
  { sessionKey }: StateOptions = {},
): Promise<StateAt> {
  checkPosition(host, position);
  if (sessionKey === undefined) return await wholeState(host, position);
  const { world, lane, agentId, damaged } = await pastOf(host, position, sessionKey);
  return {
    ...answerOf(host, position, {
      sessions: [world.session(sessionKey)],
      heartbeats: [world.heartbeat(lane)],
      agents: agentId === null ? [] : [world.agents.get(agentId)],
      schedules: ofSession(world.schedules, ({ actor }) => actor.context.spec?.sessionKey === sessionKey),
      deliveries: ofSession(world.deliveries, ({ actor }) => actor.context.letter?.sessionKey === sessionKey),
    }),
    newest: world.session(sessionKey).previous,
    ...(damaged.length === 0 ? {} : { damaged }),
  };
}

const ofSession = <Entry extends { readonly key: string }>(
  { live }: Registry<Entry>,
  isIts: (entry: Entry) => boolean,
): readonly Entry[] => [...live.values()].filter(isIts);

/** Folds everything from the newest checkpoint at or before `position`. */
async function wholeState(host: PastHost, position: number): Promise<StateAt> {
  const { store, options } = host;
  const from = store.checkpoint(position);
  const world = createWorld({
    laneOf: options.laneOf,
    ...(from === 0 ? {} : { source: storedActors(store, from) }),
  });
  const damaged: Damaged[] = [];
  const revive = (kind: ActorKind, bring: (key: string) => unknown): Promise<void> =>
    eachInSteps(store.keys({ kind, limit: STATE_SESSIONS_MAX, upTo: from }), (key) => {
      isHeld(host, position);
      unlessDamaged(
        () => bring(key),
        ({ message }) => damaged.push({ kind, key, message }),
      );
    });
  if (from > 0) {
    await revive("session", (key) => world.session(key));
    await revive("heartbeat", (key) => world.heartbeat(key));
    await revive("schedule", (key) => world.schedules.get(key));
    await revive("agent", (key) => world.agents.get(key));
    await revive("delivery", (key) => world.deliveries.get(key));
  }
  for await (const records of readInSteps(store, { after: from, upTo: position }, (at) => isHeld(host, at))) {
    for (const record of records) {
      // What cannot be moved was named above.
      unlessDamaged(
        () => step(world, record),
        () => {},
      );
    }
  }
  return {
    ...answerOf({ store }, position, {
      sessions: world.sessions.values(),
      heartbeats: world.heartbeats.values(),
      agents: world.agents.live.values(),
      schedules: world.schedules.live.values(),
      deliveries: world.deliveries.live.values(),
    }),
    ...(damaged.length === 0 ? {} : { damaged }),
  };
}

/** What belongs to one session, as it was at a position. */
export interface Past {
  readonly world: World;
  readonly lane: string;
  /** Whose limits count it; null without limits. */
  readonly agentId: string | null;
  /** Whether a record can move what belongs to the session. */
  readonly concerns: (head: RecordHead) => boolean;
  /** Moves it on by a record that concerns it. */
  readonly fold: (record: LogRecord) => void;
  readonly damaged: readonly Damaged[];
}

interface PastOptions {
  readonly onLive?: (entry: AnyEntry) => void;
  readonly watch?: Watch;
  /** An agent is moved by the runs of all its sessions: that may be most of the log. @default true */
  readonly withAgent?: boolean;
}

/** Folds what concerns the session since the newest checkpoint at or before `position`, in steps that let others work. */
export async function pastOf(
  host: PastHost,
  position: number,
  sessionKey: string,
  { watch, onLive, withAgent = true }: PastOptions = {},
): Promise<Past> {
  const { store, options, scheduleIndex } = host;
  const from = store.checkpoint(position);
  const world = createWorld({
    laneOf: options.laneOf,
    ...(from === 0 ? {} : { source: storedActors(store, from) }),
    ...(onLive && { onLive }),
  });
  const lane = options.laneOf(sessionKey);
  const agentId = options.policies === null || !withAgent ? null : options.agentOf(sessionKey);
  const damaged: Damaged[] = [];
  const revive = (kind: ActorKind, key: string, bring: () => unknown): void =>
    void unlessDamaged(bring, ({ message }) => damaged.push({ kind, key, message }));
  revive("session", sessionKey, () => world.session(sessionKey));
  revive("heartbeat", lane, () => world.heartbeat(lane));
  if (damaged.length > 0) throw damagedPast(damaged);
  const { outbox } = world.session(sessionKey).actor.context;
  for (const id of outbox?.deliveryIds ?? []) revive("delivery", id, () => world.deliveries.get(id));
  for (const id of scheduleIndex.ofSession(sessionKey)) revive("schedule", id, () => world.schedules.get(id));
  if (agentId !== null) revive("agent", agentId, () => world.agents.get(agentId));

  const { pending, run } = world.heartbeat(lane).actor.context;
  // Sessions of another lane today whose wakes were in this one when `laneOf` changed: their ends say so.
  const strays = new Set(
    [...pending].map((wake) => wake.sessionKey).filter((key) => options.laneOf(key) !== lane),
  );
  if (run !== null) strays.add(run.wake.sessionKey);
  const isInLane = (key: string): boolean => options.laneOf(key) === lane || strays.has(key);
  const isOfAgent = ({ type, sessionKey: key }: RecordHead): boolean =>
    agentId !== null && RUN_TYPES.has(type) && options.agentOf(key) === agentId;
  const past: Past = {
    world,
    lane,
    agentId,
    damaged,
    concerns: (head) => isInLane(head.sessionKey) || isOfAgent(head),
    fold(record) {
      if (isInLane(record.sessionKey)) step(world, record, watch);
      else if (agentOf(record) === agentId) stepAgent(world, record, watch);
    },
  };
  const range = { after: from, upTo: position, wanted: past.concerns };
  for await (const records of readInSteps(store, range, (at) => isHeld(host, at))) {
    for (const record of records) {
      unlessDamaged(
        () => past.fold(record),
        () => {},
      );
    }
  }
  return past;
}

const RUN_TYPES: ReadonlySet<string> = new Set(["run.started", "run.ran", "run.skipped", "run.failed"]);

interface Entries {
  readonly sessions: Iterable<AnyEntry>;
  readonly heartbeats: Iterable<AnyEntry>;
  readonly agents: Iterable<AnyEntry>;
  readonly schedules: Iterable<ScheduleEntry>;
  readonly deliveries: Iterable<DeliveryEntry>;
}

function answerOf({ store }: Pick<Host, "store">, position: number, entries: Entries): StateAt {
  const byKey = (found: Iterable<AnyEntry>): Record<string, unknown> =>
    Object.fromEntries(
      [...found].map((entry) => [entry.key, plain(entry)] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  return {
    position,
    atMs: timeOf(store, position),
    sessions: byKey(entries.sessions),
    heartbeats: byKey(entries.heartbeats),
    agents: byKey(entries.agents),
    schedules: byKey([...entries.schedules].filter(isUnended)),
    deliveries: byKey([...entries.deliveries].filter(isUnended)),
  };
}

const isUnended = ({ actor }: ScheduleEntry | DeliveryEntry): boolean => actor.value !== "ended";

/** When the record at a position was written; of one that was compacted away, nothing is known. */
export const timeOf = (store: Host["store"], position: number): number =>
  position === 0 ? 0 : (store.recordAt(position)?.atMs ?? 0);

/** Between two turns the log may be compacted, or closed. @throws as a look that begins now would */
export function isHeld(host: PastHost, position: number): void {
  host.guardRead();
  checkPosition(host, position);
}

/** @throws LubdubError `LUBDUB_INPUT_INVALID` */
export function checkPosition({ store }: Pick<Host, "store">, position: number): void {
  const head = store.head();
  if (Number.isSafeInteger(position) && position >= store.base() && position <= head.position) return;
  throw new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: `a position from ${store.base()} to ${head.position}`,
    got: shown(position),
  });
}

function damagedPast([first]: readonly Damaged[]): LubdubError {
  return new LubdubError("LUBDUB_STORE_CORRUPT", {
    expected: "what is stored of the session to be as it was written",
    got: first?.message ?? "damage",
    fix: "`lubdub doctor` says more.",
  });
}
