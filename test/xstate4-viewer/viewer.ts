import { createWebSocketReceiver } from "@xstate/inspect";

/** What the viewer was told, after the real receiver has built its XState 4 objects from it. */
export interface Seen {
  readonly type: "service.register" | "service.state" | "service.event" | "service.stop";
  readonly sessionId: string;
  readonly parent?: string;
  /** The states of the rebuilt XState 4 machine, and where `event` leads from `value`, by that machine. */
  readonly states?: readonly string[];
  readonly next?: (value: string, event: string) => unknown;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly event?: unknown;
}

/** The real receiver of @xstate/inspect 0.8 on its own XState 4. @param server - address without `ws://` */
export function watch(server: string, seen: (event: Seen) => void): void {
  const receiver = createWebSocketReceiver({ server, serialize: undefined });
  receiver.subscribe((event) => {
    const { type, sessionId } = event;
    if (event.type === "service.register") {
      const { machine, state, parent } = event;
      seen({
        type,
        sessionId,
        ...(parent === undefined ? {} : { parent }),
        states: Object.keys(machine.states),
        next: (value, name) => machine.transition(value, { type: name }).value,
        value: state.value,
        context: state.context,
      });
    } else if (event.type === "service.state") {
      seen({ type, sessionId, value: event.state.value, context: event.state.context });
    } else if (event.type === "service.event") {
      seen({ type, sessionId, event: event.event.data });
    } else seen({ type, sessionId });
  });
}
