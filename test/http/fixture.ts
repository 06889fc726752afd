import type { Heartbeat } from "../../src/api.ts";
import { authoritiesFor, createHttpApp, type HttpApp, type HttpAppOptions } from "../../src/http/index.ts";

export const TOKEN = "a-token-of-enough-characters";
export const PORT = 5823;
export const ORIGIN = `http://127.0.0.1:${PORT}`;
export const AUTHORIZED = { host: `127.0.0.1:${PORT}`, authorization: `Bearer ${TOKEN}` };

const fail = (error: unknown): void => {
  throw error;
};

/** An app without sockets. */
export function httpApp(heartbeat: Heartbeat, options: Partial<HttpAppOptions> = {}): HttpApp {
  return createHttpApp({
    heartbeat,
    token: TOKEN,
    authorities: authoritiesFor(PORT),
    onBug: fail,
    ...options,
  });
}

export async function ask(
  { app }: HttpApp,
  path: string,
  { headers, ...init }: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
): Promise<Response> {
  const json: Record<string, string> = init.method === "POST" ? { "content-type": "application/json" } : {};
  return app.request(`${ORIGIN}${path}`, { ...init, headers: { ...AUTHORIZED, ...json, ...headers } });
}

export async function post(app: HttpApp, path: string, body: unknown = {}, headers = {}): Promise<Response> {
  return ask(app, path, { method: "POST", body: JSON.stringify(body), headers });
}

/** A heartbeat on which nothing may be called: a request that gets through to it fails the test by its record. */
export function untouchable(): { heartbeat: Heartbeat; calls: string[] } {
  const calls: string[] = [];
  const heartbeat = new Proxy({} as Heartbeat, {
    get: (_, name) => () => {
      calls.push(String(name));
      return Promise.resolve({});
    },
  });
  return { heartbeat, calls };
}
