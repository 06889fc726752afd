import {
  agentMachine,
  deliveryMachine,
  heartbeatMachine,
  scheduleMachine,
  sessionMachine,
} from "../../machines/index.ts";
import type { Watch } from "../core/step.ts";
import type { AnyEntry, World } from "../core/world.ts";
import type { ActorObserver, StartedActor } from "../inspect/observer.ts";

/** Tells an onlooker of live actors. While nobody looks, nothing is built. */
export interface ActorWatch {
  readonly actors: {
    readonly onLive: (entry: AnyEntry) => void;
    readonly onEvicted: (entry: AnyEntry) => void;
  };
  readonly onEvent: Watch;
  close(): void;
}

/** @param world - asked late: the world is made after its watch */
export function watchActors(observer: ActorObserver, world: () => World): ActorWatch {
  const detach = observer.attach(function* roster() {
    for (const entry of world().heartbeats.values()) yield started(entry);
    for (const entry of world().sessions.values()) yield started(entry);
    for (const entry of world().schedules.live.values()) yield started(entry);
    for (const entry of world().agents.live.values()) yield started(entry);
    for (const entry of world().deliveries.live.values()) yield started(entry);
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

const DEFINITIONS = {
  heartbeat: heartbeatMachine.config,
  session: sessionMachine.config,
  schedule: scheduleMachine.config,
  agent: agentMachine.config,
  delivery: deliveryMachine.config,
} as const;

const idOf = ({ kind, key }: AnyEntry): string => `${kind}:${key}`;
const snapshotOf = ({ actor }: AnyEntry) => ({ value: actor.value, context: actor.context });

function started(entry: AnyEntry): StartedActor {
  const { kind, key } = entry;
  return {
    id: idOf(entry),
    kind,
    name: key,
    ...(entry.kind === "session" ? { parentId: `heartbeat:${entry.lane}` } : {}),
    definition: DEFINITIONS[kind],
    snapshot: snapshotOf(entry),
  };
}
