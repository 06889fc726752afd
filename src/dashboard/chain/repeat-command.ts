import type { EventQueued } from "../../core/records.ts";

/** A command that sends the same event again, for a POSIX shell. The token is not in it: it is read from the data folder. */
export function repeatCommand({ sessionKey, facts, body }: EventQueued, origin: string): string {
  const { source, intent, reason, trust, contextKey, route } = facts;
  const request = {
    sessionKey,
    text: body?.text ?? "(forgotten)",
    ...(body?.data !== undefined && { data: body.data }),
    source,
    intent,
    reason,
    trust,
    ...(contextKey !== undefined && { contextKey }),
    ...(route && { route }),
  };
  return [
    `curl --fail-with-body ${quoted(`${origin}/v1/events`)} \\`,
    `  -H "Authorization: Bearer $(cat "\${LUBDUB_DATA:-$HOME/.lubdub}/token")" \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d ${quoted(JSON.stringify(request))}`,
  ].join("\n");
}

/** Within single quotes a shell takes everything as it is. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
