import { LubdubError, shown } from "./errors.ts";

/**
 * `options` with what the call itself gives. One that names it too would be overruled in silence: it is refused.
 *
 * @throws LubdubError `LUBDUB_INPUT_INVALID`
 */
export function withGiven<T extends object, G extends object>(call: string, options: T, given: G): T & G {
  for (const name of Object.keys(given)) {
    const got = (Object(options) as Readonly<Record<string, unknown>>)[name];
    if (got === undefined) continue;
    throw new LubdubError("LUBDUB_INPUT_INVALID", {
      expected: `no \`${name}\`: ${call} gives it`,
      got: shown(got),
      fix: "Use requestHeartbeat to say it yourself.",
    });
  }
  return { ...options, ...given };
}
