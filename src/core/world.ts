import { heartbeatActors, sessionActor, type HeartbeatActor, type SessionActor } from "./actor.ts";
import type { Effect } from "./effects.ts";

/** One live session, and where its chain of records ends. */
export interface SessionEntry {
  readonly key: string;
  readonly lane: string;
  readonly actor: SessionActor;
  /** Position of its newest record. */
  previous: number;
  /** Changed since the last checkpoint. */
  dirty: boolean;
}

export interface HeartbeatEntry {
  readonly lane: string;
  readonly actor: HeartbeatActor;
  dirty: boolean;
  /** The deadline that the host is set to look at this lane; null if none. */
  alarmAtMs: number | null;
}

/** Where actors that are not live come from. */
export interface Source {
  session(key: string): { readonly state: string; readonly previous: number } | undefined;
  heartbeat(lane: string): { readonly state: string } | undefined;
}

/** The registry of live actors: sessions by key, heartbeats by lane. An actor that is not live is brought to life. */
export interface World {
  readonly sessions: ReadonlyMap<string, SessionEntry>;
  readonly heartbeats: ReadonlyMap<string, HeartbeatEntry>;
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
}

export interface WorldOptions {
  readonly laneOf: (sessionKey: string) => string;
  readonly source?: Source;
  /** Receives effects; a replay leaves it out and nothing happens. */
  readonly perform?: (effect: Effect) => void;
  readonly onLive?: (entry: SessionEntry | HeartbeatEntry) => void;
  readonly onEvicted?: (entry: SessionEntry | HeartbeatEntry) => void;
}

export function createWorld({ laneOf, source, perform = () => {}, onLive, onEvicted }: WorldOptions): World {
  const sessions = new Map<string, SessionEntry>();
  const heartbeats = new Map<string, HeartbeatEntry>();
  const heartbeatActor = heartbeatActors(perform);
  const peekSession = (key: string): SessionEntry => {
    const live = sessions.get(key);
    if (live !== undefined) return live;
    const stored = source?.session(key);
    const actor = sessionActor(key, stored?.state);
    return { key, lane: laneOf(key), actor, previous: stored?.previous ?? 0, dirty: false };
  };
  const peekHeartbeat = (lane: string): HeartbeatEntry =>
    heartbeats.get(lane) ?? {
      lane,
      actor: heartbeatActor(lane, source?.heartbeat(lane)?.state),
      dirty: false,
      alarmAtMs: null,
    };
  return {
    sessions,
    heartbeats,
    laneOf,
    session(key) {
      const live = sessions.get(key);
      if (live !== undefined) return live;
      const entry = peekSession(key);
      sessions.set(key, entry);
      onLive?.(entry);
      return entry;
    },
    heartbeat(lane) {
      const live = heartbeats.get(lane);
      if (live !== undefined) return live;
      const entry = peekHeartbeat(lane);
      heartbeats.set(lane, entry);
      onLive?.(entry);
      return entry;
    },
    peekSession,
    peekHeartbeat,
    evictSession(key) {
      const entry = sessions.get(key);
      if (entry !== undefined && sessions.delete(key)) onEvicted?.(entry);
    },
    evictHeartbeat(lane) {
      const entry = heartbeats.get(lane);
      if (entry !== undefined && heartbeats.delete(lane)) onEvicted?.(entry);
    },
    clear() {
      sessions.clear();
      heartbeats.clear();
    },
  };
}
