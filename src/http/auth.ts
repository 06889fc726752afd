import type { MiddlewareHandler } from "hono";
import { LubdubError } from "../errors.ts";
import type { AppEnv } from "./answer.ts";
import type { FailureLimit } from "./failures.ts";
import { TOKEN_CHARS_MIN } from "./limits.ts";
import { cookieOf, CSRF_HEADER } from "./pages/cookie.ts";
import type { SignIns } from "./pages/sign-ins.ts";
import { digest, isSecret } from "./secret.ts";

/**
 * Lets pass who shows the token, or comes from a page that is signed in. An address that failed too often is refused before
 * what it shows is looked at.
 */
export function authenticate(
  token: string,
  signIns: SignIns,
  failures: FailureLimit,
): MiddlewareHandler<AppEnv> {
  if (token.length < TOKEN_CHARS_MIN) {
    throw new LubdubError("LUBDUB_OPTION_INVALID", {
      expected: `\`token\` to have at least ${TOKEN_CHARS_MIN} characters`,
      got: `${token.length} characters`,
      fix: "Make one of 32 random bytes.",
    });
  }
  const wanted = digest(token);
  return async (context, next) => {
    failures.check(context);
    const header = context.req.header("authorization");
    const cookie = cookieOf(context);
    if (header === undefined && cookie !== undefined) {
      // Not counted: a page that was left open over a restart shows an old cookie, and nobody guesses a good one.
      if (!signIns.knows(cookie, context.req.header(CSRF_HEADER))) throw notSignedIn();
    } else {
      const shownToken = /^Bearer ([^\s]+)$/i.exec(header ?? "")?.[1];
      if (shownToken === undefined || !isSecret(shownToken, wanted)) {
        failures.count(context);
        throw wrongToken(header);
      }
    }
    await next();
  };
}

function wrongToken(header: string | undefined): LubdubError {
  return new LubdubError("LUBDUB_UNAUTHORIZED", {
    expected: "the header `Authorization: Bearer TOKEN` with this daemon's token",
    got: header === undefined ? "no such header" : "another one",
    fix: "The token is in the file that `lubdub up` names at its start.",
  });
}

function notSignedIn(): LubdubError {
  return new LubdubError("LUBDUB_UNAUTHORIZED", {
    expected: `the cookie of a page that is signed in, with its header ${CSRF_HEADER}`,
    got: "an old cookie, or one without the header that belongs to it",
    fix: "Type `lubdub open`.",
  });
}
