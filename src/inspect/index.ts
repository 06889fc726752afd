export type { InspectorStats } from "./audience.ts";
export { mermaidOf } from "../diagram/mermaid.ts";
export { createInspector } from "./hub.ts";
export type { Inspector, InspectorOptions, ViewerKind } from "./hub.ts";
export type { ActorObserver, ActorSnapshot, StartedActor } from "./observer.ts";
