import type { ResolvedConfig } from "./schema.ts";

/**
 * The words of the field `laneOf` as functions. `agent` puts `agent:main:main` and `agent:main:discord:channel:42` into
 * one lane, `agent:main`; a session key of any other shape stays its own lane.
 */
export const LANES: Readonly<Record<ResolvedConfig["laneOf"], (sessionKey: string) => string>> = {
  session: (sessionKey) => sessionKey,
  agent: (sessionKey) => /^agent:[^:]+(?=:|$)/.exec(sessionKey)?.[0] ?? sessionKey,
};
