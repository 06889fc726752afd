import type { Context } from "hono";
import { LubdubError } from "../errors.ts";
import { nodeOf, type AppEnv } from "./answer.ts";
import { ADDRESSES_MAX, FAILURES_MAX, FAILURES_PER_SECOND } from "./limits.ts";

/** How often an address may show what is wrong. */
export interface FailureLimit {
  /** @throws LubdubError `LUBDUB_TOO_MANY` when the caller's address has failed too often */
  check(context: Context<AppEnv>): void;
  count(context: Context<AppEnv>): void;
}

/** A bucket per address: each failure takes one, time gives them back. */
export function createFailureLimit(nowMs: () => number): FailureLimit {
  const buckets = new Map<string, { failures: number; atMs: number }>();
  const failuresOf = (address: string): number => {
    const bucket = buckets.get(address);
    if (bucket === undefined) return 0;
    return Math.max(0, bucket.failures - ((nowMs() - bucket.atMs) / 1_000) * FAILURES_PER_SECOND);
  };
  return {
    check(context) {
      if (failuresOf(addressOf(context)) <= FAILURES_MAX - 1) return;
      throw new LubdubError("LUBDUB_TOO_MANY", {
        expected: `fewer than ${FAILURES_MAX} wrong tokens from one address`,
        got: "more",
        fix: "Wait a few seconds; look for a program with an old token.",
      });
    },
    count(context) {
      const address = addressOf(context);
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
