import { connect as openSocket, type Socket } from "node:net";
import type { Heartbeat } from "../../src/api.ts";
import { createHeartbeat } from "../../src/heartbeat.ts";
import { serveHttp, type HttpServer, type ServeOptions } from "../../src/http/index.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { HeartbeatOptions } from "../../src/options.ts";
import { TOKEN } from "./fixture.ts";

export interface Served extends AsyncDisposable {
  readonly heartbeat: Heartbeat;
  readonly server: HttpServer;
}

/** A heartbeat in memory behind real sockets, on a free port. */
export async function serve(
  http: Partial<ServeOptions> = {},
  options: Partial<HeartbeatOptions> = {},
): Promise<Served> {
  const heartbeat = createHeartbeat({
    run: () => ({ status: "ran" }),
    store: memoryStore(),
    coalesceMs: 0,
    ...options,
  });
  const server = await serveHttp({ heartbeat, token: TOKEN, port: 0, ...http });
  return {
    heartbeat,
    server,
    async [Symbol.asyncDispose]() {
      await server.close({ graceMs: 100 });
      await heartbeat.close({ graceMs: 0 });
    },
  };
}

/** Bytes as they are, for what no HTTP client would send. Answers all that came until the server closed the line. */
export async function sendRaw(port: number, text: string): Promise<string> {
  const socket = await socketTo(port);
  const { promise, resolve } = Promise.withResolvers<string>();
  let answered = "";
  socket.setEncoding("utf8").on("data", (chunk) => (answered += String(chunk)));
  socket.on("close", () => resolve(answered));
  socket.write(text);
  return promise;
}

export function socketTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = openSocket({ port, host: "127.0.0.1" }, () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Waits for a condition that another party brings about. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}
