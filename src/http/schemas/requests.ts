import { z } from "@hono/zod-openapi";
import {
  COALESCE_MS_MAX,
  CONTEXT_KEY_CHARS_MAX,
  DEDUPE_KEY_BYTES_MAX,
  REASON_CHARS_MAX,
  SOURCE_CHARS_MAX,
  TEXT_BYTES_MAX,
} from "../../options.ts";
import { TURN_TTL_MS_MAX, TURN_TTL_MS_MIN, WAIT_MS_DEFAULT, WAIT_MS_MAX } from "../limits.ts";
import { deliveryState, intent, json, overrides, route, sessionKey, trust } from "./words.ts";

/*
 * What goes in. Shapes are checked here; the limits of a text, a key or a time are the heartbeat's own to check, so that
 * they read the same in process and over HTTP. They stand here for the document.
 */
const natural = (max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, "expected a whole number")
    .transform(Number)
    .refine((value) => value <= max, `expected at most ${max}`)
    .openapi({ type: "integer", minimum: 0, maximum: max });

export const keyParams = z.object({ key: sessionKey });
export const idParams = z.object({ id: z.string().openapi({ description: "An event id or a wake id." }) });
export const deadParams = z.object({
  id: z.string().openapi({ description: "An event id or a delivery id." }),
});
export const turnParams = z.object({ key: sessionKey, turnId: z.string() });

export const noQuery = z.strictObject({});
const waitMs = natural(WAIT_MS_MAX)
  .optional()
  .openapi({ description: `At most this long. Default ${WAIT_MS_DEFAULT}.` });
const wait = z.enum(["started", "settled"]).optional();
export const waitQuery = z.strictObject({ wait, waitMs });
export const idleQuery = z.strictObject({ wait: z.literal("idle").optional(), waitMs });
export const pageQuery = z.strictObject({ after: z.string().optional(), limit: natural(1_000).optional() });
export const waitingQuery = z.strictObject({
  after: z.string().optional().openapi({ description: "`next` of an earlier page." }),
  limit: natural(1_000).optional(),
  match: z.string().optional().openapi({ description: "Only keys that contain this." }),
  patienceMs: natural(60_000).optional().openapi({
    description: "Answers after so long with what was found by then. Default: waits for all.",
  }),
});
export const deliveriesQuery = z.strictObject({
  after: z.string().optional(),
  limit: natural(1_000).optional(),
  sessionKey: sessionKey.optional(),
  state: deliveryState.optional(),
});
export const logQuery = z.strictObject({
  from: natural(Number.MAX_SAFE_INTEGER)
    .optional()
    .openapi({ description: "First position. Default: the oldest." }),
  before: natural(Number.MAX_SAFE_INTEGER)
    .optional()
    .openapi({ description: "The last records before this position, oldest of them first." }),
  limit: natural(10_000).optional(),
  sessionKey: sessionKey.optional(),
});
export const stateQuery = z.strictObject({
  at: natural(Number.MAX_SAFE_INTEGER),
  sessionKey: sessionKey.optional().openapi({ description: "Only what belongs to it: cheap on a long log." }),
});
export const stepsQuery = z.strictObject({
  sessionKey,
  after: natural(Number.MAX_SAFE_INTEGER).optional().openapi({ description: "Default: from the oldest." }),
  limit: natural(1_000).optional(),
});
export const streamQuery = z.strictObject({
  after: natural(Number.MAX_SAFE_INTEGER)
    .optional()
    .openapi({ description: "Default: only what comes from now on." }),
  sessionKey: sessionKey.optional(),
});

export const wakeFields = {
  source: z.string().optional().openapi({ maxLength: SOURCE_CHARS_MAX, example: "exec-event" }),
  intent: intent.optional(),
  reason: z.string().optional().openapi({ maxLength: REASON_CHARS_MAX }),
  coalesceMs: z.number().optional().openapi({ minimum: 0, maximum: COALESCE_MS_MAX }),
  cause: z.string().optional().openapi({
    maxLength: SOURCE_CHARS_MAX,
    description: "The run that asks; none when it comes from outside.",
  }),
  overrides: overrides.optional(),
};
export const emptyBody = z.strictObject({}).openapi("Empty");
export const wakeBody = z.strictObject(wakeFields).openapi("WakeRequest");
export const onceBody = z
  .strictObject(wakeFields)
  .omit({ intent: true, coalesceMs: true })
  .openapi("WakeOnceRequest");
export const eventBody = z
  .strictObject({
    text: z
      .string()
      .openapi({ description: `1 to ${TEXT_BYTES_MAX} bytes.`, example: "npm test ended with 0" }),
    sessionKey,
    ...wakeFields,
    data: json.optional(),
    id: z.string().min(1).max(256).optional().openapi({ description: "With `source`: de-duplicates." }),
    dedupeKey: z
      .string()
      .optional()
      .openapi({ description: `1 to ${DEDUPE_KEY_BYTES_MAX} bytes; compared byte for byte.` }),
    contextKey: z.string().optional().openapi({ maxLength: CONTEXT_KEY_CHARS_MAX }),
    route: route.optional(),
    trust: trust.optional(),
    wake: z.boolean().optional().openapi({ description: "false: queue only, ask for no run. Default true." }),
  })
  .openapi("EventRequest");
export const streamHeaders = z.object({ "last-event-id": z.string().optional() });
/** Any will do. For the document alone: to have it checked as a schema, all headers would be taken apart for each event. */
export const idempotencyKey = {
  in: "header",
  name: "idempotency-key",
  required: false,
  schema: { type: "string" },
} as const;
const ttlMs = z.number().int().min(TURN_TTL_MS_MIN).max(TURN_TTL_MS_MAX).optional();
export const turnBody = z
  .strictObject({
    preempt: z.boolean().optional(),
    route: route.optional().openapi({ description: "Where the user is: replies without a route go there." }),
    ttlMs,
    waitMs: z.number().int().min(0).max(WAIT_MS_MAX).optional(),
  })
  .openapi("TurnRequest");
export const renewBody = z.strictObject({ ttlMs }).openapi("TurnRenewal");
export const backupBody = z
  .strictObject({
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "expected a plain file name"),
  })
  .openapi("BackupRequest");
