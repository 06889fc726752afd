import { z } from "@hono/zod-openapi";
import { MODEL_CHARS_MAX, RUN_TIMEOUT_MS_MAX, SESSION_KEY_BYTES_MAX } from "../../options.ts";
import type { Route } from "../../vocabulary.ts";

/* Words that go in and come out. */
export const intent = z.enum(["scheduled", "task", "event", "immediate", "manual"]);
export const trust = z.enum(["trusted", "untrusted"]);
export const json = z.unknown().openapi({ description: "Any JSON.", example: { exitCode: 0 } });
/** A record alone would leave out a name like this in silence. */
export const route = z
  .custom<Route>((given) => !Object.hasOwn(Object(given) as object, "__proto__"), "no name __proto__")
  .pipe(z.record(z.string(), z.string()))
  .openapi({ type: "object", additionalProperties: { type: "string" } });
export const epochMs = z.number().openapi({ description: "Milliseconds since the Unix epoch." });
export const sessionKey = z.string().openapi({
  description: `1 to ${SESSION_KEY_BYTES_MAX} bytes of UTF-8; compared byte for byte.`,
  example: "agent:main:discord:channel:42",
});
export const overrides = z
  .strictObject({
    model: z.string().optional().openapi({ maxLength: MODEL_CHARS_MAX }),
    timeoutMs: z.number().optional().openapi({ minimum: 1, maximum: RUN_TIMEOUT_MS_MAX }),
    lightContext: z.boolean().optional(),
    isolated: z.boolean().optional(),
  })
  .openapi({ description: "What this run does differently; over with the run." });
export const deliveryState = z.enum(["pending", "sending", "retrying", "dead"]);
