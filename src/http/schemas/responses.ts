import { z } from "@hono/zod-openapi";
import { deliveryState, epochMs, intent, json, sessionKey, trust } from "./words.ts";

/* What comes out. */
const failure = z.object({ code: z.string(), message: z.string() });
export const systemEvent = z
  .object({
    eventId: z.string(),
    wakeId: z.string(),
    sessionKey,
    text: z.string(),
    data: json.optional(),
    source: z.string(),
    intent,
    reason: z.string(),
    trust,
    contextKey: z.string().optional(),
    route: z.record(z.string(), z.string()).optional(),
    queuedAtMs: epochMs,
  })
  .openapi("SystemEvent");
export const deadLetter = z
  .object({ event: systemEvent, attempts: z.number().int(), error: failure, diedAtMs: epochMs })
  .openapi("DeadLetter");
export const delivery = z
  .object({
    deliveryId: z.string(),
    sessionKey,
    runId: z.string(),
    wakeId: z.string(),
    route: z.record(z.string(), z.string()),
    text: z.string(),
    media: z.array(z.string()),
    state: deliveryState,
    attempts: z.number().int(),
    queuedAtMs: epochMs,
    dueAtMs: epochMs.nullable(),
    expiresAtMs: epochMs,
    error: failure.optional(),
  })
  .openapi("Delivery");
const accepted = z
  .object({
    sessionKey,
    eventId: z.string().optional(),
    wakeId: z.string(),
    position: z.number().int(),
    deduplicated: z.boolean(),
  })
  .openapi("Accepted");
export const recorded = z.object({ sessionKey, position: z.number().int() }).openapi("Recorded");
export const receipt = z
  .object({
    sessionKey,
    eventId: z.string().optional(),
    wakeId: z.string(),
    state: z.enum(["accepted", "started", "settled"]),
    settlement: z.enum(["acked", "dead", "dismissed", "drained", "forgotten", "dropped"]).optional(),
    runId: z.string().optional(),
    attempts: z.number().int(),
    error: failure.optional(),
  })
  .openapi("Receipt");
export const stored = accepted
  .extend({
    proves: z.literal("stored"),
    meaning: z.string(),
    url: z.string().openapi({ description: "Where to follow it." }),
    receipt: receipt.optional().openapi({ description: "Present with `?wait=`." }),
  })
  .openapi("Stored");
export const outcome = z
  .discriminatedUnion("status", [
    z.object({
      status: z.literal("ran"),
      reply: z.string().optional(),
      media: z.array(z.string()).optional(),
      notify: z.boolean().optional(),
      usage: z.object({ inputTokens: z.number().int(), outputTokens: z.number().int() }).optional(),
      marks: z.record(z.string(), z.number()).optional(),
      noise: z.array(z.string()).optional(),
    }),
    z.object({ status: z.literal("skipped"), reason: z.string(), retryAfterMs: z.number().optional() }),
    z.object({ status: z.literal("failed"), reason: z.string(), retryable: z.boolean().optional() }),
  ])
  .openapi("Outcome");
export const why = z
  .object({
    sessionKey,
    lane: z.string(),
    code: z.string(),
    sentence: z.string(),
    untilMs: epochMs.nullable(),
    queued: z.number().int(),
    dead: z.number().int(),
    times: z.number().int().optional(),
    runId: z.string().optional(),
    ahead: sessionKey.optional(),
    failure: z.string().optional(),
  })
  .openapi("Why");
export const sessionSummary = z
  .object({
    sessionKey,
    lane: z.string(),
    state: z.enum(["idle", "pending", "running", "retrying", "damaged"]),
    queued: z.number().int(),
    dead: z.number().int(),
    oldestQueuedAtMs: epochMs.nullable(),
    dueAtMs: epochMs.nullable(),
  })
  .openapi("SessionSummary");
export const waitingPage = z
  .object({
    sessions: z.array(sessionSummary.extend({ sinceMs: epochMs, why })),
    next: z.string().nullable().openapi({ description: "Pass it as `after`; null: that was all." }),
    waiting: z.number().int(),
    running: z.number().int(),
    dead: z.number().int(),
    lookedThrough: z
      .number()
      .openapi({ description: "From 0 to 1; below 1 more may come, also before these." }),
  })
  .openapi("WaitingPage");
export const sessionView = sessionSummary
  .extend({
    events: z.array(systemEvent),
    deadLetters: z.array(deadLetter),
    route: z.record(z.string(), z.string()).nullable(),
    deliveries: z.array(delivery),
    run: z
      .object({ runId: z.string(), wakeId: z.string(), attempt: z.number().int(), startedAtMs: epochMs })
      .nullable(),
    why,
  })
  .openapi("SessionView");
export const turn = z
  .object({ turnId: z.string(), sessionKey, lane: z.string(), ttlMs: z.number().int() })
  .openapi("Turn");
export const logRecord = z
  .object({
    position: z.number().int(),
    previous: z.number().int(),
    atMs: epochMs,
    type: z.string(),
    sessionKey,
    facts: z.looseObject({}),
    body: z.looseObject({}).nullable().optional(),
  })
  .openapi("LogRecord");
export const status = z
  .object({
    state: z.enum(["running", "stopping", "closed", "store-failed"]),
    store: z.string(),
    position: z.number().int(),
    liveActors: z.number().int(),
    runsInFlight: z.number().int(),
    lanesDue: z.number().int(),
    deliveriesOpen: z.number().int(),
    counts: z.record(z.string(), z.number()),
    quarantined: z.array(failure.extend({ lane: z.string() })).optional(),
    resting: z
      .array(
        z.object({
          agentId: z.string(),
          refusal: z.enum(["auth", "quota"]),
          untilMs: epochMs,
          probing: z.boolean(),
        }),
      )
      .optional(),
    cause: failure.optional(),
  })
  .openapi("Status");
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    expected: z.string(),
    got: z.string(),
    fix: z.string().optional(),
    retryable: z.boolean(),
  })
  .openapi("Problem");
export const wakeChain = z
  .object({
    receipt,
    records: z.array(logRecord),
    causes: z
      .array(z.object({ runId: z.string(), wakeId: z.string(), sessionKey, startedAtMs: epochMs }))
      .openapi({ description: "The runs that caused each other and then it, nearest first." }),
    prompt: z
      .string()
      .nullable()
      .openapi({
        description:
          "What `command` and `http` agents are given in the newest run, made again from the log: without standing instructions, " +
          "due tasks and what a gate found, which the log does not keep.",
      }),
  })
  .openapi("WakeChain");
