import { z } from "@hono/zod-openapi";
import { EVERY_MS_MAX, SCHEDULE_ID_CHARS_MAX } from "../../options.ts";
import { wakeFields } from "./requests.ts";
import { epochMs, intent, json, overrides, route, sessionKey, trust } from "./words.ts";

/* Schedules, as they go in and come out. */
const onMissed = z.enum(["catch-up", "skip"]);
const scheduleId = z.string().openapi({ maxLength: SCHEDULE_ID_CHARS_MAX, example: "nightly-report" });

export const scheduleParams = z.object({ scheduleId });
const { coalesceMs: _coalesceMs, ...tickFields } = wakeFields;
export const scheduleBody = z
  .strictObject({
    scheduleId,
    sessionKey,
    everyMs: z
      .number()
      .optional()
      .openapi({ minimum: 0, maximum: EVERY_MS_MAX, description: "0 turns it off." }),
    cron: z.string().optional().openapi({ example: "0 9 * * 1-5" }),
    zone: z.string().optional().openapi({ example: "Europe/Berlin", description: "Of `cron`. Default UTC." }),
    atMs: epochMs.optional(),
    text: z
      .string()
      .optional()
      .openapi({ description: "What each tick says. Without it a tick only wakes." }),
    data: json.optional(),
    ...tickFields,
    trust: trust.optional(),
    route: route.optional(),
    onMissed: onMissed.optional(),
  })
  .openapi("ScheduleRequest");

const cadence = z
  .object({
    kind: z.enum(["every", "cron", "at"]),
    everyMs: z.number().optional(),
    phaseMs: z.number().optional(),
    cron: z.string().optional(),
    zone: z.string().optional(),
    atMs: epochMs.optional(),
  })
  .openapi("Cadence");
export const schedule = z
  .object({
    scheduleId,
    sessionKey,
    state: z.enum(["active", "paused"]),
    cadence,
    text: z.string(),
    data: json.optional(),
    source: z.string(),
    intent,
    reason: z.string(),
    trust,
    route: route.optional(),
    overrides: overrides.optional(),
    onMissed,
    origin: z.enum(["config", "call"]),
    nextAtMs: epochMs.nullable(),
    lastTickAtMs: epochMs.nullable(),
    ticks: z.number().int(),
    upcomingMs: z.array(epochMs),
  })
  .openapi("Schedule");
export const scheduleSet = z.object({
  schedule: schedule.nullable().openapi({ description: "null: it is turned off." }),
});
