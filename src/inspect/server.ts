import { createServer, STATUS_CODES, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { LubdubError, shown } from "../errors.ts";
import { problemOf } from "../http/problem.ts";
import type { Access } from "./access.ts";

const HOST = "127.0.0.1";
/** Viewers only listen: what they send is not looked at, and never long. */
const FRAME_BYTES_MAX = 4_096;
const FRAMES_MAX = 1_000;
const CONNECTIONS_MAX = 64;
const HEADER_BYTES_MAX = 8_192;
const HANDSHAKE_MS_MAX = 5_000;
/** A viewer that does not answer from one ping to the next is cut off. */
const PING_MS = 30_000;
/** Its answers hold codes: no cache may keep them, no browser may take them for a page. */
const ALWAYS_SAID = {
  Connection: "close",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
};

export interface ServerOptions<Path extends string> {
  readonly port: number;
  readonly access: Access;
  readonly paths: readonly Path[];
  readonly viewersMax: number;
  readonly connected: (socket: WebSocket, path: Path) => void;
}

export interface InspectorServer<Path extends string> {
  readonly port: number;
  /** An address for one connection within 60 s. */
  url(path: Path): string;
  close(): Promise<void>;
}

/**
 * Loopback only. `GET /<path>` with the token, or `GET /<path>/<code>`, upgrades to a WebSocket; `POST /codes` with the
 * token answers with fresh addresses. Everything else is refused.
 * @throws LubdubError `LUBDUB_PORT_IN_USE`
 */
export async function serveViewers<Path extends string>(
  options: ServerOptions<Path>,
): Promise<InspectorServer<Path>> {
  const { access, paths, viewersMax, connected } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_BYTES_MAX,
    perMessageDeflate: false,
  });
  const http = createServer({
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HANDSHAKE_MS_MAX,
    requestTimeout: HANDSHAKE_MS_MAX,
    keepAlive: false,
  });
  http.maxConnections = CONNECTIONS_MAX;
  const port = await listen(http, options.port);
  const url = (path: Path): string => `ws://${HOST}:${port}/${path}/${access.issue()}`;

  http.on("request", (request, response) => {
    request.resume();
    for (const [name, value] of Object.entries(ALWAYS_SAID)) response.setHeader(name, value);
    try {
      if (request.method !== "POST" || request.url !== "/codes") throw notFound(request, paths);
      access.admit(request, port);
      const urls = Object.fromEntries(paths.map((path) => [path, url(path)]));
      response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify(urls));
    } catch (error) {
      const problem = problemOf(error);
      response
        .writeHead(problem.status, { "content-type": "application/problem+json" })
        .end(JSON.stringify(problem));
    }
  });

  http.on("upgrade", (request, duplex, head) => {
    duplex.on("error", () => duplex.destroy());
    try {
      const { path, code } = target(request, paths);
      access.admit(request, port, code);
      if (sockets.clients.size >= viewersMax) throw tooMany(viewersMax);
      sockets.handleUpgrade(request, duplex, head, (socket) => {
        listenOnly(socket);
        connected(socket, path);
      });
    } catch (error) {
      refuse(duplex, error);
    }
  });

  return {
    port,
    url,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      http.closeAllConnections();
      await closed;
    },
  };
}

function target<Path extends string>(
  request: IncomingMessage,
  paths: readonly Path[],
): { path: Path; code?: string } {
  const [empty, name, code, ...rest] = (request.url ?? "").split("/");
  const path = paths.find((known) => known === name);
  if (empty !== "" || path === undefined || rest.length > 0) throw notFound(request, paths);
  return code === undefined ? { path } : { path, code };
}

/** Rubbish costs a viewer its connection, and nothing else. */
function listenOnly(socket: WebSocket): void {
  let frames = 0;
  let answered = true;
  const pings = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, PING_MS).unref();
  socket.on("pong", () => (answered = true));
  socket.on("message", () => {
    frames += 1;
    if (frames > FRAMES_MAX) socket.terminate();
  });
  socket.on("error", () => socket.terminate());
  socket.on("close", () => clearInterval(pings));
}

function refuse(duplex: Duplex, error: unknown): void {
  const problem = problemOf(error);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    ...Object.entries(ALWAYS_SAID).map(([name, value]) => `${name}: ${value}`),
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  duplex.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => duplex.destroy());
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const used = cause.code === "EADDRINUSE";
      reject(
        new LubdubError("LUBDUB_PORT_IN_USE", {
          expected: `to listen on ${HOST}:${port} for viewers`,
          got: used ? "a port that another program listens on" : cause.message,
          fix: "Stop that program, or give the inspector another port.",
          cause,
        }),
      );
    });
    server.listen({ host: HOST, port, exclusive: true }, () =>
      resolve((server.address() as AddressInfo).port),
    );
  });
}

function notFound({ url = "" }: IncomingMessage, paths: readonly string[]): LubdubError {
  return new LubdubError("LUBDUB_NOT_FOUND", {
    expected: `a WebSocket to ${paths.map((path) => `/${path}`).join(" or ")} (with /CODE or the token in a header), or POST /codes`,
    got: url.includes("?") ? "an address with a query: a token never stands in one" : shown(url),
  });
}

function tooMany(viewersMax: number): LubdubError {
  return new LubdubError("LUBDUB_TOO_MANY", {
    expected: `at most ${viewersMax} viewers`,
    got: "one more",
    fix: "Close another one first.",
  });
}
