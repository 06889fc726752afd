import { z } from "zod";
import type { ScheduleOptions } from "../api.ts";
import { LubdubError } from "../errors.ts";
import { parseSchedule } from "../intake/parse-schedule.ts";
import { durationMs } from "../policy/duration.ts";

/** One entry of `schedules`. It is checked as a call of `setSchedule` is: what cannot be is refused when the daemon starts. */
const scheduleEntry = z
  .strictObject(
    {
      id: z
        .string({ error: "a name" })
        .describe("Its name: 1 to 128 letters, digits, dots, colons, dashes and underscores."),
      session: z.string({ error: "a session key" }).describe("The session that it wakes."),
      every: z
        .union([z.number(), z.string()], { error: 'an interval like "30m", or milliseconds' })
        .optional()
        .describe('An interval: "30m", "1h30m" or milliseconds, at least a second; 0 turns it off.'),
      cron: z.string({ error: "a cron expression" }).optional().describe('A cron expression: "0 9 * * 1-5".'),
      zone: z
        .string({ error: "a time zone" })
        .optional()
        .describe('IANA name of the time zone of `cron`: "Europe/Berlin". Default: "UTC".'),
      at: z.iso
        .datetime({ offset: true, error: "a time like 2026-12-24T18:00:00+01:00" })
        .optional()
        .describe("Once: a time with its offset. Nothing happens when it is over already."),
      text: z
        .string({ error: "a text" })
        .optional()
        .describe(
          "What each tick says. Default: none, a beat that wakes the session with whatever is queued.",
        ),
      reason: z.string({ error: "a text" }).optional().describe("Why, for the log and the agent."),
      onMissed: z
        .enum(["catch-up", "skip"], { error: '"catch-up" or "skip"' })
        .optional()
        .describe("Ticks that nobody was there for: one that says how many, or none. Default: catch-up."),
      route: z
        .record(z.string(), z.string(), { error: "an object of names and texts" })
        .optional()
        .describe("Where the replies go."),
      overrides: z
        .record(z.string(), z.unknown(), { error: "an object" })
        .optional()
        .describe("What the runs are told for this once: model, timeoutMs, lightContext, isolated."),
    },
    { error: "an object with `id`, `session` and one of `every`, `cron` and `at`" },
  )
  .superRefine((entry, context) => {
    try {
      parseSchedule(scheduleOptionsOf(entry), 0);
    } catch (error) {
      const message = error instanceof LubdubError ? error.expected : String(error);
      context.addIssue({ code: "custom", message, input: entry });
    }
  });

export const schedulesSchema = z
  .array(scheduleEntry, { error: "a list of schedules" })
  .refine((entries) => new Set(entries.map(({ id }) => id)).size === entries.length, {
    error: "each `id` once",
  });

/** An entry as the call that makes it. @throws LubdubError `LUBDUB_SCHEDULE_INVALID` for an interval that is none */
export function scheduleOptionsOf(entry: ScheduleEntry): ScheduleOptions {
  const { id, session, every, at, overrides, ...rest } = entry;
  return {
    scheduleId: id,
    sessionKey: session,
    origin: "config",
    ...rest,
    ...(every === undefined ? {} : { everyMs: typeof every === "number" ? every : durationMs(every) }),
    ...(at === undefined ? {} : { atMs: Date.parse(at) }),
    ...(overrides === undefined ? {} : { overrides }),
  } as ScheduleOptions;
}

type ScheduleEntry = z.infer<typeof scheduleEntry>;
