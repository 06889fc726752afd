import { z } from "@hono/zod-openapi";
import { TEXT_BYTES_MAX } from "../../options.ts";
import { logRecord, outcome, why } from "./responses.ts";
import { epochMs, intent, route, sessionKey, trust } from "./words.ts";

/* Looking at the past, and at what never was. */
export const stateAt = z
  .object({
    position: z.number().int(),
    atMs: epochMs,
    sessions: z.looseObject({}),
    heartbeats: z.looseObject({}),
    agents: z.looseObject({}),
    schedules: z.looseObject({}),
    deliveries: z.looseObject({}),
    newest: z
      .number()
      .int()
      .optional()
      .openapi({ description: "Of one session: its newest record by then." }),
    damaged: z.array(z.object({ kind: z.string(), key: z.string(), message: z.string() })).optional(),
  })
  .openapi("StateAt");
const states = z.object({ session: z.string(), heartbeat: z.string() });
const step = z
  .object({
    record: logRecord,
    moves: z.array(
      z.object({
        kind: z.string(),
        key: z.string(),
        event: z.string(),
        from: z.string(),
        to: z.string(),
      }),
    ),
    states,
  })
  .openapi("Step");
export const steps = z
  .object({
    steps: z.array(step),
    upTo: z.number().int().openapi({ description: "How far the log was looked at: pass it as `after`." }),
    lane: z.string(),
    states: states.openapi({ description: "After `upTo`: neighbours move the lane too." }),
  })
  .openapi("Steps");

const said = {
  source: z.string().optional(),
  intent: intent.optional(),
  reason: z.string().optional(),
  coalesceMs: z.number().optional(),
};
const happening = z
  .discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("event.queued"),
      text: z.string().openapi({ description: `1 to ${TEXT_BYTES_MAX} bytes.` }),
      ...said,
      trust: trust.optional(),
      contextKey: z.string().optional(),
      route: route.optional(),
    }),
    z.strictObject({ type: z.literal("wake.requested"), ...said }),
    z.strictObject({
      type: z.literal("time.passed"),
      byMs: z.number().optional().openapi({ description: "Default: until the lane's next deadline." }),
    }),
    z.strictObject({ type: z.literal("run.answered"), outcome }),
  ])
  .openapi("Happening");
export const whatIfBody = z
  .strictObject({
    sessionKey,
    position: z.number().int().openapi({ description: "As it was then." }),
    happenings: z.array(happening).openapi({ description: "1 to 50, one after the other." }),
  })
  .openapi("WhatIfRequest");
export const whatIf = z
  .object({
    position: z.number().int(),
    lane: z.string(),
    imagined: z.array(
      z.object({
        happening: z.looseObject({}),
        atMs: epochMs,
        steps: z.array(step),
        why,
        refused: z.object({ code: z.string(), message: z.string() }).optional(),
      }),
    ),
    states,
  })
  .openapi("WhatIf");
