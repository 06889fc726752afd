import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { LubdubError, shown } from "../errors.ts";

/** How long a code can be used, once. */
const CODE_TTL_MS = 60_000;
const CODES_MAX = 100;
const CODE_BYTES = 24;

export interface Access {
  /** A code for one connection: good once, for 60 s, as the last part of the path. */
  issue(): string;
  /** @throws LubdubError `LUBDUB_FORBIDDEN` or `LUBDUB_UNAUTHORIZED` */
  admit(request: IncomingMessage, port: number, code?: string): void;
}

export interface AccessOptions {
  readonly token: string;
  /** Origins of pages that may connect. */
  readonly origins: readonly string[];
  readonly nowMs?: () => number;
}

/**
 * Who may look. A page in a browser can reach loopback, and a name can be made to resolve to it: so Host and Origin are
 * checked before the token. The token itself never stands in a URL's path or query: those end up in histories and logs.
 */
export function createAccess({ token, origins, nowMs = Date.now }: AccessOptions): Access {
  const expected = digest(token);
  const codes = new Map<string, number>();
  return {
    issue() {
      if (codes.size >= CODES_MAX) codes.delete(codes.keys().next().value as string);
      const code = randomBytes(CODE_BYTES).toString("base64url");
      codes.set(code, nowMs() + CODE_TTL_MS);
      return code;
    },
    admit({ headers }, port, code) {
      const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
      if (!hosts.includes(headers.host ?? "")) throw forbidden("Host", hosts[0] as string, headers.host);
      const { origin } = headers;
      if (origin !== undefined && !origins.includes(origin)) {
        throw forbidden("Origin", "none, or one of the option `origins`", origin);
      }
      if (code === undefined ? isToken(headers.authorization) : redeem(code)) return;
      throw new LubdubError("LUBDUB_UNAUTHORIZED", {
        expected: "the token, as `Authorization: Bearer` or as the password of the URL, or a fresh code",
        got: code === undefined ? "no token, or another" : "a code that is unknown, used or older than 60 s",
        fix: "Get a new code with POST /codes.",
      });
    },
  };

  function redeem(code: string): boolean {
    const untilMs = codes.get(code);
    codes.delete(code);
    return untilMs !== undefined && nowMs() < untilMs;
  }

  /** Digests have equal lengths, which the constant-time comparison needs. */
  function isToken(authorization = ""): boolean {
    return timingSafeEqual(digest(presented(authorization)), expected);
  }
}

function presented(authorization: string): string {
  const [, scheme = "", rest = ""] = /^(\S+) (.*)$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === "bearer") return rest;
  if (scheme.toLowerCase() !== "basic") return "";
  const pair = Buffer.from(rest, "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1);
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

function forbidden(header: string, expected: string, got: string | undefined): LubdubError {
  return new LubdubError("LUBDUB_FORBIDDEN", {
    expected: `the ${header} header to be ${expected}`,
    got: got === undefined ? "none" : shown(got),
  });
}
