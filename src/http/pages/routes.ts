import { createRoute, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { LubdubError, shown } from "../../errors.ts";
import { answer, raw, type App } from "../answer.ts";
import { readJson } from "../body.ts";
import type { FailureLimit } from "../failures.ts";
import { answers, failures as problems, jsonBody } from "../routes/shape.ts";
import { emptyBody, noQuery } from "../schemas/requests.ts";
import { epochMs } from "../schemas/words.ts";
import { createAssets } from "./assets.ts";
import { cookieOf, CSRF_HEADER, setCookie } from "./cookie.ts";
import { CODE_TTL_MS, type SignIns } from "./sign-ins.ts";

const CODE_BODY_BYTES = 1_024;
/** Names of assets carry a hash of what is in them. */
const ONE_YEAR = "public, max-age=31536000, immutable";
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const open = { security: [], request: { query: noQuery } };
const file = (type: string, description: string) => ({
  200: { description, content: { [type]: { schema: z.string() } } },
  default: problems,
});
const page = createRoute({
  ...open,
  method: "get",
  path: "/",
  summary: "The dashboard. Without a sign-in it shows how to sign in.",
  responses: file("text/html", "The page."),
});
const asset = createRoute({
  ...open,
  method: "get",
  path: "/assets/{name}",
  summary: "A part of the dashboard.",
  request: { ...open.request, params: z.object({ name: z.string() }) },
  responses: file("application/octet-stream", "The file, with its own type."),
});
const signIn = createRoute({
  ...open,
  method: "post",
  path: "/sign-in",
  summary: "Sign a page in, with a code of `lubdub open`.",
  request: {
    ...open.request,
    body: jsonBody(z.strictObject({ code: z.string().max(100) }).openapi("SignInRequest")),
  },
  responses: answers(
    200,
    z.object({ csrf: z.string().openapi({ description: `Goes with the cookie, as ${CSRF_HEADER}.` }) }),
    "Signed in: sets the cookie.",
  ),
});
const signOut = createRoute({
  method: "post",
  path: "/sign-out",
  summary: "Sign this page out.",
  request: { query: noQuery, body: jsonBody(emptyBody) },
  responses: answers(200, z.object({ signedOut: z.literal(true) }), "Signed out."),
});
const code = createRoute({
  method: "post",
  path: "/v1/sign-in-codes",
  summary: "A code that signs one page in. Only with the token.",
  request: { query: noQuery, body: jsonBody(emptyBody) },
  responses: answers(
    200,
    z.object({ code: z.string(), untilMs: epochMs }),
    `Good once, for ${CODE_TTL_MS / 1_000} s, as the fragment of the dashboard's address: \`/#code=CODE\`.`,
  ),
});

/** Outermost, so that it has the last word on what the guards say of every answer. */
export const pageHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  if (!context.res.ok) return;
  if (context.req.path === "/") context.res.headers.set("content-security-policy", POLICY);
  else context.res.headers.set("cache-control", ONE_YEAR);
};

/** What a browser needs before it is signed in. */
export function pageRoutes(app: App, signIns: SignIns, failures: FailureLimit): void {
  const assets = createAssets();
  app.openapi(page, () => {
    const { bytes, type } = assets.page();
    return raw(new Response(bytes, { headers: { "content-type": type } }));
  });
  app.openapi(asset, (context) => {
    const { name } = context.req.valid("param");
    const found = assets.asset(name);
    if (found === undefined) throw noAsset(name);
    return raw(new Response(found.bytes, { headers: { "content-type": found.type } }));
  });
  app.use("/sign-in", readJson(CODE_BODY_BYTES));
  app.openapi(signIn, (context) => {
    failures.check(context);
    const made = signIns.redeem(context.req.valid("json").code);
    if (made === undefined) {
      failures.count(context);
      throw noCode();
    }
    return answer({ csrf: made.csrf }, 200, { "set-cookie": setCookie(context, made.id) });
  });
}

/** What needs the token, or a sign-in. */
export function signInRoutes(app: App, signIns: SignIns): void {
  app.openapi(signOut, (context) => {
    const cookie = cookieOf(context);
    if (cookie === undefined) return answer({ signedOut: true });
    signIns.end(cookie);
    return answer({ signedOut: true }, 200, { "set-cookie": setCookie(context, "") });
  });
  app.openapi(code, (context) => {
    // A page could otherwise sign in others for as long as it likes.
    if (context.req.header("authorization") === undefined) throw onlyToken();
    return answer(signIns.issueCode());
  });
}

function noAsset(name: string): LubdubError {
  return new LubdubError("LUBDUB_NOT_FOUND", {
    expected: "a part of the dashboard",
    got: shown(name),
    fix: "Load the page anew.",
  });
}

function noCode(): LubdubError {
  return new LubdubError("LUBDUB_UNAUTHORIZED", {
    expected: "a fresh code of `lubdub open`",
    got: "one that is unknown, used or older than 60 s",
    fix: "Type `lubdub open` again.",
  });
}

function onlyToken(): LubdubError {
  return new LubdubError("LUBDUB_FORBIDDEN", {
    expected: "the daemon's token",
    got: "the cookie of a page",
    fix: "Type `lubdub open`.",
  });
}
