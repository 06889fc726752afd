import { definitionText, type Protocol } from "./news.ts";
import type { ActorSnapshot } from "./observer.ts";

/** The release of `@statelyai/inspect` whose messages these are. */
const PROTOCOL_VERSION = "0.7.2";
/** What that package itself writes where an actor's root is not known. */
const UNKNOWN_ROOT = "anonymous";

export interface Shown {
  readonly context: (context: unknown) => unknown;
  readonly event: (event: { readonly type: string }) => unknown;
}

/** The messages of `@statelyai/inspect`: `@xstate.actor`, `@xstate.event`, `@xstate.snapshot`. */
export function statelyProtocol(shown: Shown): Protocol {
  const active = ({ value, context }: ActorSnapshot) => ({
    status: "active",
    value,
    context: shown.context(context),
  });
  return (news) => {
    switch (news.type) {
      case "started": {
        const { id, name, parentId, definition, snapshot } = news.actor;
        return [
          message("@xstate.actor", id, {
            name,
            parentId,
            rootId: parentId ?? id,
            definition: definitionText(definition),
            snapshot: active(snapshot),
          }),
        ];
      }
      case "moved": {
        const event = shown.event(news.event);
        return [
          message("@xstate.event", news.id, { event }),
          message("@xstate.snapshot", news.id, { event, snapshot: active(news.snapshot) }),
        ];
      }
      case "stopped":
        return [
          message("@xstate.snapshot", news.id, {
            event: { type: "xstate.stop" },
            snapshot: { status: "stopped" },
          }),
        ];
    }
  };
}

function message(type: string, sessionId: string, facts: object): string {
  return JSON.stringify({
    type,
    sessionId,
    id: null,
    rootId: UNKNOWN_ROOT,
    createdAt: String(Date.now()),
    _version: PROTOCOL_VERSION,
    ...facts,
  });
}
