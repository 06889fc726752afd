import type { HttpBindings } from "@hono/node-server";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, TypedResponse } from "hono";
import { LubdubError, shown } from "../errors.ts";
import type { Heartbeat } from "../api.ts";
import { linkedSignal, type LinkedSignal } from "../linked-signal.ts";
import type { HttpLimits } from "./limits.ts";

export interface AppEnv {
  readonly Bindings: HttpBindings;
}
export type App = OpenAPIHono<AppEnv>;

/** What every group of routes works with. */
export interface Served {
  readonly heartbeat: Heartbeat;
  readonly limits: HttpLimits;
  /** Aborts when the server closes: everything that waits ends with it. */
  readonly stopping: AbortSignal;
}

/** An answer fits every route: that it fits its schema is checked by the tests against the OpenAPI document. */
type Answer = Response & TypedResponse<never, never, never>;

export function answer(body: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return Response.json(body, { status, headers }) as Answer;
}

/** The Node objects of the request; absent in a test without sockets. */
export function nodeOf(context: Context<AppEnv>): Partial<HttpBindings> {
  return (context.env as HttpBindings | undefined) ?? {};
}

export function raw(response: Response): Answer {
  return response as Answer;
}

/**
 * The session key in the path, `/v1/sessions/:key/...`, byte for byte: decoded once, from the request line itself.
 * Broken percent signs are refused, never guessed at.
 */
export function sessionKeyOf(context: Context): string {
  const segment = new URL(context.req.url).pathname.split("/")[3] ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new LubdubError("LUBDUB_SESSION_KEY_INVALID", {
      expected: "a session key in percent-encoded UTF-8",
      got: shown(segment),
      fix: "Encode it with encodeURIComponent.",
    });
  }
}

/** Ends when the caller goes away, the server stops, or `waitMs` are over. To be disposed of. */
export function waitLink(context: Context, stopping: AbortSignal, waitMs: number): LinkedSignal {
  // At least 1 ms: a wait of 0 is over at once, not never.
  return linkedSignal([context.req.raw.signal, stopping], Math.max(1, waitMs));
}

export function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}

export function stoppingError(): LubdubError {
  return new LubdubError("LUBDUB_STOPPING", {
    expected: "a running daemon",
    got: "one that stops",
    fix: "Ask again when it has started again; what was accepted is kept.",
  });
}
