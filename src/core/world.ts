import {
  agentActor,
  deliveryActors,
  heartbeatActors,
  scheduleActor,
  sessionActor,
  type ActorKind,
  type AgentActor,
  type DeliveryActor,
  type HeartbeatActor,
  type ScheduleActor,
  type SessionActor,
} from "./actor.ts";
import type { Effect } from "./effects.ts";
import { Registry } from "./registry.ts";

/** One live actor. */
interface Entry<Kind extends ActorKind, Actor> {
  readonly kind: Kind;
  readonly key: string;
  readonly actor: Actor;
  /** Changed since the last checkpoint began. */
  dirty: boolean;
}

export interface SessionEntry extends Entry<"session", SessionActor> {
  readonly lane: string;
  /** Position of its newest record: where its chain of records ends. */
  previous: number;
}

export interface HeartbeatEntry extends Entry<"heartbeat", HeartbeatActor> {
  /** The same as its key. */
  readonly lane: string;
  /** The deadline that the host is set to look at this lane; null if none. */
  alarmAtMs: number | null;
}

export interface ScheduleEntry extends Entry<"schedule", ScheduleActor> {
  /** Position of its newest record. */
  previous: number;
}

export type AgentEntry = Entry<"agent", AgentActor>;

export interface DeliveryEntry extends Entry<"delivery", DeliveryActor> {
  /** Position of its newest record. */
  previous: number;
}

export type AnyEntry = SessionEntry | HeartbeatEntry | ScheduleEntry | AgentEntry | DeliveryEntry;

/** Where actors that are not live come from. */
export type Source = (
  kind: ActorKind,
  key: string,
) => { readonly state: string; readonly previous: number } | undefined;

/** All live actors: sessions by key, heartbeats by lane, schedules and deliveries by id. An actor that is not live is brought to life. */
export interface World {
  readonly sessions: ReadonlyMap<string, SessionEntry>;
  readonly heartbeats: ReadonlyMap<string, HeartbeatEntry>;
  readonly schedules: Registry<ScheduleEntry>;
  /** Agents that have limits, by id. */
  readonly agents: Registry<AgentEntry>;
  readonly deliveries: Registry<DeliveryEntry>;
  laneOf(sessionKey: string): string;
  session(key: string): SessionEntry;
  heartbeat(lane: string): HeartbeatEntry;
  /** To look at an actor without keeping it live: a question must not cost memory. */
  peekSession(key: string): SessionEntry;
  peekHeartbeat(lane: string): HeartbeatEntry;
  /** Forgets live actors; they come back from the source when they are needed. */
  evictSession(key: string): void;
  evictHeartbeat(lane: string): void;
  clear(): void;
  /** @returns what brings live actors back to where they stand now, without asking where they came from */
  mark(entries: readonly AnyEntry[]): () => void;
}

export interface WorldOptions {
  readonly laneOf: (sessionKey: string) => string;
  readonly source?: Source;
  /** Receives effects; a replay leaves it out and nothing happens. */
  readonly perform?: (effect: Effect) => void;
  readonly onLive?: (entry: AnyEntry) => void;
  readonly onEvicted?: (entry: AnyEntry) => void;
}

const nowhere: Source = () => undefined;

export function createWorld(options: WorldOptions): World {
  const { sessions, heartbeats, schedules, agents, deliveries } = registriesOf(options);
  const { laneOf } = options;
  return {
    sessions: sessions.live,
    heartbeats: heartbeats.live,
    schedules,
    agents,
    deliveries,
    laneOf,
    session: (key) => sessions.get(key),
    heartbeat: (lane) => heartbeats.get(lane),
    peekSession: (key) => sessions.peek(key),
    peekHeartbeat: (lane) => heartbeats.peek(lane),
    evictSession: (key) => sessions.evict(key),
    evictHeartbeat: (lane) => heartbeats.evict(lane),
    mark(entries) {
      const backs = entries.map(markOf);
      return () => {
        backs.forEach((back) => back());
        for (const entry of entries) {
          options.onEvicted?.(entry);
          options.onLive?.(entry);
        }
      };
    },
    clear() {
      for (const registry of [sessions, heartbeats, schedules, agents, deliveries]) registry.clear();
    },
  };
}

/** Where the live actors of each kind are kept, and how one comes to life. */
function registriesOf({ laneOf, source = nowhere, perform = () => {}, ...onlooker }: WorldOptions) {
  const heartbeatActor = heartbeatActors(perform);
  const deliveryActor = deliveryActors(perform);
  const sessions = new Registry<SessionEntry>((key) => {
    const stored = source("session", key);
    const actor = sessionActor(key, stored?.state);
    return { kind: "session", key, lane: laneOf(key), actor, previous: stored?.previous ?? 0, dirty: false };
  }, onlooker);
  const heartbeats = new Registry<HeartbeatEntry>((lane) => {
    const actor = heartbeatActor(lane, source("heartbeat", lane)?.state);
    return { kind: "heartbeat", key: lane, lane, actor, dirty: false, alarmAtMs: null };
  }, onlooker);
  const schedules = new Registry<ScheduleEntry>((key) => {
    const stored = source("schedule", key);
    const actor = scheduleActor(key, stored?.state);
    return { kind: "schedule", key, actor, previous: stored?.previous ?? 0, dirty: false };
  }, onlooker);
  const agents = new Registry<AgentEntry>((key) => {
    const actor = agentActor(key, source("agent", key)?.state);
    return { kind: "agent", key, actor, dirty: false };
  }, onlooker);
  const deliveries = new Registry<DeliveryEntry>((key) => {
    const stored = source("delivery", key);
    const actor = deliveryActor(key, stored?.state);
    return { kind: "delivery", key, actor, previous: stored?.previous ?? 0, dirty: false };
  }, onlooker);
  return { sessions, heartbeats, schedules, agents, deliveries };
}

/** The alarm of a lane is the host's, and stays. */
function markOf(entry: AnyEntry): () => void {
  const { dirty } = entry;
  const previous = "previous" in entry ? { previous: entry.previous } : {};
  const goBack = entry.actor.mark();
  return () => {
    goBack();
    Object.assign(entry, previous, { dirty });
  };
}
