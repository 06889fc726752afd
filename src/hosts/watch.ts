import { heartbeatMachine, sessionMachine } from "../../machines/index.ts";
import type { Watch } from "../core/step.ts";
import type { HeartbeatEntry, SessionEntry, World } from "../core/world.ts";
import type { ActorObserver, StartedActor } from "../inspect/observer.ts";

/** Tells an onlooker of live actors. While nobody looks, nothing is built. */
export interface ActorWatch {
  readonly actors: {
    readonly onLive: (entry: SessionEntry | HeartbeatEntry) => void;
    readonly onEvicted: (entry: SessionEntry | HeartbeatEntry) => void;
  };
  readonly onEvent: Watch;
  close(): void;
}

/** @param world - asked late: the world is made after its watch */
export function watchActors(observer: ActorObserver, world: () => World): ActorWatch {
  const detach = observer.attach(function* roster() {
    for (const entry of world().heartbeats.values()) yield started(entry);
    for (const entry of world().sessions.values()) yield started(entry);
  });
  return {
    actors: {
      onLive: (entry) => {
        if (observer.watching) observer.started(started(entry));
      },
      onEvicted: (entry) => {
        if (observer.watching) observer.stopped({ id: idOf(entry) });
      },
    },
    onEvent: (entry, event) => {
      if (observer.watching) observer.moved({ id: idOf(entry) }, event, snapshotOf(entry));
    },
    close: detach,
  };
}

const isSession = (entry: SessionEntry | HeartbeatEntry): entry is SessionEntry => "key" in entry;
const idOf = (entry: SessionEntry | HeartbeatEntry): string =>
  isSession(entry) ? `session:${entry.key}` : `heartbeat:${entry.lane}`;
const snapshotOf = ({ actor }: SessionEntry | HeartbeatEntry) => ({
  value: actor.value,
  context: actor.context,
});

function started(entry: SessionEntry | HeartbeatEntry): StartedActor {
  const shared = { id: idOf(entry), snapshot: snapshotOf(entry) };
  return isSession(entry)
    ? {
        ...shared,
        kind: "session",
        name: entry.key,
        parentId: `heartbeat:${entry.lane}`,
        definition: sessionMachine.config,
      }
    : { ...shared, kind: "heartbeat", name: entry.lane, definition: heartbeatMachine.config };
}
