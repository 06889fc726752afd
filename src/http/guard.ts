import type { Context, MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { LubdubError, shown } from "../errors.ts";
import { nodeOf, type AppEnv } from "./answer.ts";
import { originAuthority, parseAuthority, type Authorities } from "./authority.ts";

/** Said on every answer, errors and streams too. */
export const securityHeaders: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: { defaultSrc: ["'none'"], baseUri: ["'none'"], frameAncestors: ["'none'"] },
  referrerPolicy: "no-referrer",
  strictTransportSecurity: false,
});

/** Answers hold people's texts: no cache may keep them. */
export const noStore: MiddlewareHandler = async (context, next) => {
  await next();
  context.res.headers.set("cache-control", "no-store");
};

/** Throws when a request is to be refused. */
type Check = (context: Context<AppEnv>) => void;

/** Checks in this order, as one step: each step of a request's way costs it more than such a check. */
export function inOneStep(...checks: readonly Check[]): MiddlewareHandler<AppEnv> {
  return (context, next) => {
    for (const check of checks) check(context);
    return next();
  };
}

/** Refuses a request that was not addressed to this server by one of its own names (DNS rebinding). */
export function checkHost(authorities: Authorities): Check {
  return (context) => {
    const host = context.req.header("host");
    const target = new URL(context.req.url).host;
    const named = host === undefined ? undefined : parseAuthority(host);
    // A request line with a whole URL could name another host than the header does: both must be ours.
    if (named === undefined || named !== parseAuthority(target) || !authorities.has(named)) {
      throw new LubdubError("LUBDUB_FORBIDDEN", {
        expected: `a Host header that names this server (${[...authorities].join(", ")})`,
        got: host === undefined ? "none" : shown(host),
        fix: "Call it by one of these addresses.",
      });
    }
  };
}

const REWRITTEN = /#|(^|\/)(\.|%2e){1,2}(\/|$)/i;

/**
 * Refuses a path that a URL parser rewrites: `/v1/sessions/%2e/why` would be answered for the session `why`. Read off the
 * request line itself, because the parsed URL has forgotten it.
 */
export const checkPath: Check = (context) => {
  const target = nodeOf(context).incoming?.url ?? "/";
  if (REWRITTEN.test(target.replace(/^https?:\/\/[^/]*/i, "").replace(/\?.*$/, ""))) {
    throw new LubdubError("LUBDUB_INPUT_INVALID", {
      expected: "a path that means what it says",
      got: shown(target),
      fix: "A session key of one or two dots cannot stand in a path; leave out `.`, `..` and `#`.",
    });
  }
};

/** A link to the dashboard may stand anywhere: it is a page in a window of its own, and the same for everyone. */
function isLinkToPage({ req }: Context<AppEnv>): boolean {
  const navigates =
    req.header("sec-fetch-mode") === "navigate" && req.header("sec-fetch-dest") === "document";
  return req.method === "GET" && req.path === "/" && navigates;
}

/** Refuses what a web page of another origin sent. Programs send neither header. */
export function checkOrigin(authorities: Authorities): Check {
  return (context) => {
    const origin = context.req.header("origin");
    const site = context.req.header("sec-fetch-site");
    const known = origin === undefined || authorities.has(originAuthority(origin) ?? "");
    const foreign = site !== undefined && site !== "same-origin" && site !== "none";
    if (!known || (foreign && !isLinkToPage(context))) {
      throw new LubdubError("LUBDUB_FORBIDDEN", {
        expected: "a request of a program or of this server's own pages",
        got: known ? `Sec-Fetch-Site ${shown(site)}` : `Origin ${shown(origin)}`,
        fix: "Other web pages may not call Lubdub.",
      });
    }
  };
}
