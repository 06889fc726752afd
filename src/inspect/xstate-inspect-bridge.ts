import { definitionText, type Protocol } from "./news.ts";
import type { ActorSnapshot } from "./observer.ts";
import type { Shown } from "./stately-frames.ts";

/**
 * The frames of `@xstate/inspect` 0.8, which itself works only with XState 4: `service.register`, `service.event`,
 * `service.state`, `service.stop`. Machine, state and event are JSON within the JSON; the viewer builds XState 4 objects from them.
 */
export function xstateInspectProtocol(shown: Shown): Protocol {
  const frame = (type: string, sessionId: string, facts: object = {}): string =>
    JSON.stringify({ type, sessionId, ...facts });
  const state = (snapshot: ActorSnapshot, event: { readonly type: string }): string =>
    JSON.stringify(stateOf4(snapshot.value, shown.context(snapshot.context), shown.event(event)));
  return (news) => {
    switch (news.type) {
      case "started": {
        const { id, name, parentId, definition, snapshot } = news.actor;
        const machine = JSON.stringify(machineOf4(JSON.parse(definitionText(definition))));
        const facts = {
          id: name,
          parent: parentId,
          machine,
          state: state(snapshot, { type: "xstate.init" }),
        };
        return [frame("service.register", id, facts)];
      }
      case "moved":
        return [
          frame("service.event", news.id, { event: JSON.stringify(scxml(shown.event(news.event))) }),
          frame("service.state", news.id, { state: state(news.snapshot, news.event) }),
        ];
      case "stopped":
        return [frame("service.stop", news.id)];
    }
  };
}

/** A state as XState 4 writes it. */
function stateOf4(value: unknown, context: unknown, event: unknown): object {
  return {
    value,
    context,
    event,
    _event: scxml(event),
    _sessionid: null,
    actions: [],
    activities: {},
    meta: {},
    events: [],
    configuration: [],
    transitions: [],
    children: {},
    done: false,
    tags: [],
  };
}

/** An event as XState 4 writes it. */
function scxml(event: unknown): object {
  const name = typeof event === "object" && event !== null && "type" in event ? event.type : "";
  return { name, data: event, $$type: "scxml", type: "external" };
}

const machineOf4 = (config: object): object => ({
  ...(configOf4(config) as object),
  predictableActionArguments: true,
});

/** XState 4 says `cond` where XState 5 says `guard`, and takes a context as data, not as a function. */
function configOf4(config: unknown): unknown {
  if (Array.isArray(config)) return config.map(configOf4);
  if (typeof config !== "object" || config === null) return config;
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key !== "context")
      .map(([key, value]) => [key === "guard" ? "cond" : key, configOf4(value)]),
  );
}
