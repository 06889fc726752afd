import { digest, isSecret, makeSecret } from "../secret.ts";

/** How long a code is good, once. */
export const CODE_TTL_MS = 60_000;
/** How long a page stays signed in. */
const SIGN_IN_TTL_MS = 12 * 3_600_000;
/** The oldest goes when there are more. */
const CODES_MAX = 8;
const SIGN_INS_MAX = 64;

export interface SignIn {
  /** Goes into the cookie. */
  readonly id: string;
  /** Goes into the body: see `CSRF_HEADER`. */
  readonly csrf: string;
}

/**
 * Pages that are signed in. A sign-in has two halves, and every request of a page shows both: browsers send a cookie to all
 * ports of a host, so another server on this machine may get to see the cookie; what the page keeps, it does not.
 * Kept in memory: a restart signs out.
 */
export interface SignIns {
  /** A code for one sign-in: good once, for 60 s. */
  issueCode(): { readonly code: string; readonly untilMs: number };
  /** undefined when the code is unknown, used or too old. */
  redeem(code: string): SignIn | undefined;
  knows(id: string, csrf: string | undefined): boolean;
  end(id: string): void;
}

export function createSignIns(nowMs: () => number): SignIns {
  // By digest: what is looked up byte by byte is nothing that a caller chose.
  const codes = new Map<string, number>();
  const signIns = new Map<string, { readonly csrf: Buffer; readonly untilMs: number }>();
  return {
    issueCode() {
      const code = makeSecret();
      const untilMs = nowMs() + CODE_TTL_MS;
      codes.set(keyOf(code), untilMs);
      dropOldest(codes, CODES_MAX);
      return { code, untilMs };
    },
    redeem(code) {
      const untilMs = codes.get(keyOf(code));
      codes.delete(keyOf(code));
      if (untilMs === undefined || nowMs() >= untilMs) return undefined;
      const made = { id: makeSecret(), csrf: makeSecret() };
      signIns.set(keyOf(made.id), { csrf: digest(made.csrf), untilMs: nowMs() + SIGN_IN_TTL_MS });
      dropOldest(signIns, SIGN_INS_MAX);
      return made;
    },
    knows(id, csrf) {
      const found = signIns.get(keyOf(id));
      if (found === undefined || csrf === undefined) return false;
      if (nowMs() >= found.untilMs) signIns.delete(keyOf(id));
      return nowMs() < found.untilMs && isSecret(csrf, found.csrf);
    },
    end: (id) => void signIns.delete(keyOf(id)),
  };
}

const keyOf = (secret: string): string => digest(secret).toString("base64url");

function dropOldest(map: Map<string, unknown>, max: number): void {
  const oldest = map.keys().next().value;
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
