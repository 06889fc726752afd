import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import type { AppEnv } from "../answer.ts";

/** The second half of a sign-in: the page keeps it where only pages of its own origin can read it. */
export const CSRF_HEADER = "X-Lubdub-CSRF";

/** Of the request; undefined when it shows none. */
export function cookieOf(context: Context<AppEnv>): string | undefined {
  return context.req.header("cookie") === undefined ? undefined : getCookie(context, nameOf(context));
}

/**
 * What sets it, and with an empty value takes it away. It goes with the browser: it has no age of its own.
 * Not `Secure`: loopback has no TLS.
 */
export function setCookie(context: Context<AppEnv>, value: string): string {
  const attributes = "Path=/; HttpOnly; SameSite=Strict";
  return `${nameOf(context)}=${value}; ${attributes}${value === "" ? "; Max-Age=0" : ""}`;
}

/** Cookies do not know ports: without the port in its name, two daemons would sign each other out. */
function nameOf(context: Context<AppEnv>): string {
  return `lubdub_session_${new URL(context.req.url).port || "80"}`;
}
