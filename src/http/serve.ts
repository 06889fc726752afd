import { createServer, type Server } from "node:http";
import { isIPv4, type AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Heartbeat } from "../api.ts";
import { LubdubError, shown } from "../errors.ts";
import { createHttpApp, type HttpApp } from "./app.ts";
import { authoritiesFor, isLoopback } from "./authority.ts";
import { DEFAULT_LIMITS, type HttpLimits } from "./limits.ts";
import { problemResponse } from "./problem.ts";
import { waitFor } from "./wait.ts";

const DEFAULT_PORT = 5823;

export interface ServeOptions {
  readonly heartbeat: Heartbeat;
  /** What callers must show: at least 16 characters, made at random. */
  readonly token: string;
  /** 0 takes a free one. @default 5823 */
  readonly port?: number;
  /** The address to listen on. Another one than loopback needs `remoteHosts`. @default "127.0.0.1" */
  readonly host?: string;
  /**
   * Names under which other machines call it, e.g. `box.lan` or `box.lan:8080`. Giving one says that being reached from
   * outside is meant: put TLS in front. @default none: this machine only
   */
  readonly remoteHosts?: readonly string[];
  /** Where `POST /v1/backup` may write. @default backups over HTTP are refused */
  readonly backupFolder?: string;
  readonly limits?: Partial<HttpLimits>;
  /** Told of errors that are bugs; their callers only learn that there was one. @default nothing */
  readonly onBug?: (error: unknown) => void;
}

export interface HttpServer {
  /** E.g. `http://127.0.0.1:5823`. */
  readonly url: string;
  readonly port: number;
  /** Takes no new connections, ends streams and waits, lets answers go out, then drops what is left. Safe to call twice. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** How long `close` lets answers go out, in milliseconds. */
const GRACE_MS = 1_000;
const NEVER = new AbortController().signal;

/**
 * Serves a heartbeat over HTTP. The heartbeat is not closed with it.
 *
 * @throws LubdubError `LUBDUB_OPTION_INVALID` for a short token or an open address, `LUBDUB_PORT_IN_USE`.
 */
export async function serveHttp(options: ServeOptions): Promise<HttpServer> {
  const { host = "127.0.0.1", port = DEFAULT_PORT, remoteHosts = [] } = options;
  if (!isLoopback(host) && remoteHosts.length === 0) throw openAddress(host);
  // Another loopback address than the usual ones (127.0.0.2) is also a name it is called by.
  const names = isLoopback(host) && isIPv4(host) ? [host, ...remoteHosts] : remoteHosts;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  // The bound port is part of the names it answers to, so the routes are made once it is known, before any request.
  let http: HttpApp | undefined;
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
      requireHostHeader: true,
      insecureHTTPParser: false,
    },
    // It puts a `Response` of its own in the place of this process's: one that needs no stream to say a text.
    getRequestListener((request, env) => (http as HttpApp).fetch(request, env), {
      errorHandler: () => problemResponse(badRequest()),
    }),
  );
  const inFlight = createInFlight(server);
  server.maxConnections = limits.connections;
  const bound = await listen(server, port, host);
  try {
    http = createHttpApp({ ...options, limits, authorities: authoritiesFor(bound.port, names) });
  } catch (error) {
    server.close();
    throw error;
  }
  return {
    url: `http://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`,
    port: bound.port,
    close: ({ graceMs = GRACE_MS } = {}) => shutDown(server, http as HttpApp, inFlight.none(), graceMs),
  };
}

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, port, host)));
    server.listen({ port, host, exclusive: true }, () => resolve(server.address() as AddressInfo));
  });
}

/** How many requests are being answered. */
function createInFlight(server: Server): { none(): Promise<void> } {
  let count = 0;
  let tellNone = (): void => {};
  server.on("request", (_request, response) => {
    count += 1;
    response.once("close", () => {
      count -= 1;
      if (count === 0) tellNone();
    });
  });
  return {
    none: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => (tellNone = resolve))),
  };
}

async function shutDown(
  server: Server,
  http: HttpApp,
  answered: Promise<void>,
  graceMs: number,
): Promise<void> {
  http.close();
  const closed = new Promise((resolve) => server.close(resolve));
  await waitFor(answered, graceMs, NEVER);
  // Not only the idle ones: Node counts a connection that was opened and never used as busy.
  server.closeAllConnections();
  await closed;
}

function listenError(error: NodeJS.ErrnoException, port: number, host: string): Error {
  if (error.code === "EADDRINUSE") {
    return new LubdubError("LUBDUB_PORT_IN_USE", {
      expected: `port ${port} of ${host} to be free`,
      got: "a port that another program listens on",
      fix: "Is a daemon running already (`lubdub status`)? If not, choose another port with `--port`.",
      cause: error,
    });
  }
  return new LubdubError("LUBDUB_OPTION_INVALID", {
    expected: "a `host` and `port` that this machine can listen on",
    got: `${shown(host)} port ${port} (${error.code ?? error.message})`,
    fix: "Use 127.0.0.1 and a port from 1024 to 65535.",
    cause: error,
  });
}

function openAddress(host: string): LubdubError {
  return new LubdubError("LUBDUB_OPTION_INVALID", {
    expected: "a loopback `host` (127.0.0.1, ::1, localhost), or the `remoteHosts` it is to be called by",
    got: shown(host),
    fix: "Listening on it would open your agents to the network. To mean it, name `remoteHosts` and put TLS in front.",
  });
}

function badRequest(): LubdubError {
  return new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: "a well-formed request line and Host header",
    got: "something else",
    fix: "Call it with a plain path.",
  });
}
