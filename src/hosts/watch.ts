import { heartbeatMachine, sessionMachine } from "../../machines/index.ts";
import type { Watch } from "../core/step.ts";
import type { HeartbeatEntry, SessionEntry, World } from "../core/world.ts";
import type { ActorObserver } from "../inspect/observer.ts";

/** Tells an onlooker of live actors. While nobody looks, nothing is built. */
export interface ActorWatch {
  readonly onLive: (entry: SessionEntry | HeartbeatEntry) => void;
  readonly onEvicted: (entry: SessionEntry | HeartbeatEntry) => void;
  readonly onEvent: Watch;
  close(): void;
}

export function watchActors(observer: ActorObserver, world: () => World): ActorWatch {
  void observer;
  void world;
  void heartbeatMachine;
  void sessionMachine;
  return { onLive: () => {}, onEvicted: () => {}, onEvent: () => {}, close: () => {} };
}
