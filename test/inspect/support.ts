import { once } from "node:events";
import { vi } from "vitest";
import { WebSocket } from "ws";
import { createHeartbeat, type Heartbeat, type HeartbeatOptions } from "../../src/index.ts";
import { createInspector, type Inspector, type InspectorOptions } from "../../src/inspect/index.ts";

export const TOKEN = "a-token-that-nobody-guesses-0123456789";
export const KEY = "agent:main:discord:channel:42";

/** A frame as a viewer gets it. */
export interface Frame {
  readonly type: string;
  readonly sessionId: string;
  readonly name?: string;
  readonly parentId?: string;
  readonly rootId?: string;
  readonly definition?: string;
  readonly event?: { readonly type: string };
  readonly snapshot?: { readonly status?: string; readonly value?: unknown; readonly context?: unknown };
}

/** What a test needs, given back at its end. */
export async function inspected(
  stack: AsyncDisposableStack,
  heartbeatOptions: Partial<HeartbeatOptions> = {},
  inspectorOptions: Partial<InspectorOptions> = {},
): Promise<{ heartbeat: Heartbeat; inspector: Inspector }> {
  const inspector = stack.use(await createInspector({ token: TOKEN, ...inspectorOptions }));
  const heartbeat = stack.use(
    createHeartbeat({
      run: () => ({ status: "ran" }),
      coalesceMs: 0,
      inspect: inspector,
      ...heartbeatOptions,
    }),
  );
  return { heartbeat, inspector };
}

/** A viewer that keeps all frames. */
export async function connect(
  stack: AsyncDisposableStack,
  url: string,
  options: ConstructorParameters<typeof WebSocket>[2] = {},
): Promise<{ socket: WebSocket; frames: Frame[] }> {
  const socket = new WebSocket(url, options);
  stack.defer(() => socket.terminate());
  const frames: Frame[] = [];
  socket.on("message", (data: Buffer) => frames.push(JSON.parse(data.toString("utf8")) as Frame));
  await once(socket, "open");
  return { socket, frames };
}

/** The status that the server refuses the connection with. */
export async function refused(
  url: string,
  options: ConstructorParameters<typeof WebSocket>[2] = {},
): Promise<{ status: number | undefined; code: unknown }> {
  const socket = new WebSocket(url, options);
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; code: unknown }>();
  socket.on("open", () => reject(new Error("let in")));
  socket.on("unexpected-response", (_request, response) => {
    void response.toArray().then((chunks: Buffer[]) => {
      const problem = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { code: unknown };
      resolve({ status: response.statusCode, code: problem.code });
    });
  });
  return promise;
}

export const until = <T>(assertion: () => T): Promise<T> =>
  vi.waitFor(assertion, { timeout: 60_000, interval: 5 });
