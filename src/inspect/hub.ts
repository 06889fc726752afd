import { LubdubError, shown } from "../errors.ts";
import { createAccess } from "./access.ts";
import { createAudience, type InspectorStats } from "./audience.ts";
import { oncePerNews, type Protocol } from "./news.ts";
import type { ActorObserver } from "./observer.ts";
import { createRedaction } from "./redact.ts";
import { serveViewers } from "./server.ts";
import { statelyProtocol, type Shown } from "./stately-frames.ts";
import { xstateInspectProtocol } from "./xstate-inspect-bridge.ts";

const TOKEN_CHARS_MIN = 16;
const VIEWERS_MAX = 8;

/** Which viewer's protocol: of `@statelyai/inspect` 0.7, or of `@xstate/inspect` 0.8 (XState 4). */
export type ViewerKind = "stately" | "xstate-inspect";

/** How an inspector is opened. */
export interface InspectorOptions {
  /** 0 to 65_535; 0 takes a free one. Only on 127.0.0.1. @default 0 */
  readonly port?: number;
  /** What viewers must present: 16 characters or more. */
  readonly token: string;
  /** Show texts, data and replies of events too. Tokens and passwords are hidden in any case. @default false */
  readonly showTexts?: boolean;
  /** Changes a context before it is shown, after the built-in redaction. */
  readonly redact?: (context: unknown) => unknown;
  /** Origins of pages that may connect, e.g. `"http://127.0.0.1:5823"`. @default none: only programs */
  readonly origins?: readonly string[];
}

/** An open inspector: give it to `createHeartbeat({ inspect })`. */
export interface Inspector extends ActorObserver, AsyncDisposable {
  readonly port: number;
  /** An address for one connection within 60 s. Anyone who has it may look once. */
  url(kind?: ViewerKind): string;
  readonly stats: InspectorStats;
  close(): Promise<void>;
}

/**
 * Shows every live actor of a heartbeat to the Stately inspector: `createHeartbeat({ inspect: await createInspector(...) })`.
 * A viewer sees the actors that are live when it connects, and what happens from then on. While nobody looks nothing is built.
 *
 * A viewer connects with `url()`, or to `ws://127.0.0.1:<port>/stately` with `Authorization: Bearer <token>`, or, where a client
 * takes only an address, with `ws://viewer:<token>@127.0.0.1:<port>/stately`.
 *
 * @throws LubdubError `LUBDUB_OPTION_INVALID`, `LUBDUB_PORT_IN_USE`
 * @example
 * const inspector = await createInspector({ token: randomUUID() });
 * createWebSocketReceiver({ server: inspector.url() }).subscribe(console.log);
 */
export async function createInspector(options: InspectorOptions): Promise<Inspector> {
  const { port, token, origins } = checked(options);
  const protocols = protocolsFor(options);
  const audience = createAudience();
  const server = await serveViewers({
    port,
    access: createAccess({ token, origins }),
    paths: Object.keys(protocols) as ViewerKind[],
    viewersMax: VIEWERS_MAX,
    connected(socket, kind) {
      socket.on("close", audience.add(socket, protocols[kind]));
    },
  });
  const close = (): Promise<void> => server.close();
  return {
    port: server.port,
    url: (kind = "stately") => server.url(kind),
    get watching() {
      return audience.watching;
    },
    get stats() {
      return audience.stats;
    },
    attach: (roster) => audience.attach(roster),
    started: (actor) => audience.tell({ type: "started", actor }),
    moved: ({ id }, event, snapshot) => audience.tell({ type: "moved", id, event, snapshot }),
    stopped: ({ id }) => audience.tell({ type: "stopped", id }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function protocolsFor({ token, showTexts = false, redact }: InspectorOptions): Record<ViewerKind, Protocol> {
  const visible = createRedaction({ token, showTexts });
  const shownTo: Shown = {
    context: (context) => (redact === undefined ? visible(context) : visible(redact(visible(context)))),
    event: visible,
  };
  return {
    stately: oncePerNews(statelyProtocol(shownTo)),
    "xstate-inspect": oncePerNews(xstateInspectProtocol(shownTo)),
  };
}

function checked({ port = 0, token, origins = [] }: InspectorOptions) {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new LubdubError("LUBDUB_OPTION_INVALID", {
      expected: "the inspector's `port` to be 0 to 65535",
      got: shown(port),
    });
  }
  if (typeof token !== "string" || token.length < TOKEN_CHARS_MIN) {
    throw new LubdubError("LUBDUB_OPTION_INVALID", {
      expected: `the inspector's \`token\` to be a text of ${TOKEN_CHARS_MIN} characters or more`,
      got: typeof token === "string" ? `${token.length} characters` : typeof token,
    });
  }
  return { port, token, origins };
}
