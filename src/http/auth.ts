import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { LubdubError } from "../errors.ts";
import { nodeOf, type AppEnv } from "./answer.ts";
import { ADDRESSES_MAX, FAILURES_MAX, FAILURES_PER_SECOND, TOKEN_CHARS_MIN } from "./limits.ts";

/** Lets pass who shows the token. An address that failed too often is refused before its token is looked at. */
export function bearerAuth(token: string, nowMs: () => number): MiddlewareHandler<AppEnv> {
  if (token.length < TOKEN_CHARS_MIN) {
    throw new LubdubError("LUBDUB_OPTION_INVALID", {
      expected: `\`token\` to have at least ${TOKEN_CHARS_MIN} characters`,
      got: `${token.length} characters`,
      fix: "Make one of 32 random bytes.",
    });
  }
  const wanted = digest(token);
  const failures = createFailureLimit(nowMs);
  return async (context, next) => {
    const address = addressOf(context);
    if (!failures.mayTry(address)) {
      throw new LubdubError("LUBDUB_TOO_MANY", {
        expected: `fewer than ${FAILURES_MAX} wrong tokens from one address`,
        got: "more",
        fix: "Wait a few seconds; look for a program with an old token.",
      });
    }
    const header = context.req.header("authorization");
    const shownToken = /^Bearer ([^\s]+)$/i.exec(header ?? "")?.[1];
    if (shownToken === undefined || !timingSafeEqual(digest(shownToken), wanted)) {
      failures.count(address);
      throw new LubdubError("LUBDUB_UNAUTHORIZED", {
        expected: "the header `Authorization: Bearer TOKEN` with this daemon's token",
        got: header === undefined ? "no such header" : "another one",
        fix: "The token is in the file that `lubdub up` names at its start.",
      });
    }
    await next();
  };
}

/** A bucket per address: each failure takes one, time gives them back. */
function createFailureLimit(nowMs: () => number): {
  mayTry(address: string): boolean;
  count(address: string): void;
} {
  const buckets = new Map<string, { failures: number; atMs: number }>();
  const failuresOf = (address: string): number => {
    const bucket = buckets.get(address);
    if (bucket === undefined) return 0;
    return Math.max(0, bucket.failures - ((nowMs() - bucket.atMs) / 1_000) * FAILURES_PER_SECOND);
  };
  return {
    mayTry: (address) => failuresOf(address) <= FAILURES_MAX - 1,
    count(address) {
      const failures = failuresOf(address) + 1;
      buckets.delete(address);
      buckets.set(address, { failures, atMs: nowMs() });
      const oldest = buckets.keys().next().value;
      if (buckets.size > ADDRESSES_MAX && oldest !== undefined) buckets.delete(oldest);
    },
  };
}

/** Two spellings of one IPv4 address must not have two buckets. */
function addressOf(context: Context<AppEnv>): string {
  return (nodeOf(context).incoming?.socket.remoteAddress ?? "unknown").replace(/^::ffff:/i, "");
}

/** Digests have one length, so that comparing them tells nothing of the token's. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
