import { z } from "zod";
import { LubdubError } from "./errors.ts";
import { checkZone } from "./policy/calendar.ts";
import { WEEKDAYS, quietHours, type QuietHours } from "./policy/quiet-hours.ts";

/** The fields of `limits`, for the options of the library and for the configuration file. */
const expected = (words: string) => ({ error: words });
const text = (words: string) => z.string(expected(words)).min(1, expected(words));

const window = z.strictObject(
  {
    from: text("a time of day, HH:MM").describe("The time of day at which it begins, HH:MM."),
    to: text("a time of day, HH:MM").describe(
      "The time of day at which it ends, HH:MM or 24:00. Not later than `from` means: on the next day.",
    ),
    zone: text("the IANA name of a time zone").describe(
      "Whose clock counts: an IANA name, e.g. Europe/Berlin.",
    ),
    days: z
      .array(z.enum(WEEKDAYS, expected(`one of ${WEEKDAYS.join(", ")}`)), expected("a list of days"))
      .optional()
      .describe("Days on which it begins. Default: every day."),
    match: text("a pattern of session keys")
      .optional()
      .describe("Session keys that it is for; each * stands for any characters. Default: all."),
    strict: z
      .boolean(expected("true or false"))
      .optional()
      .describe("true: `immediate` waits too, only `manual` passes. Default: false."),
  },
  expected("an object with `from`, `to` and `zone`"),
);

const wholeNumber = (min: number, max: number, unit = "") => {
  const words = expected(`a whole number${unit} from ${min} to ${max}`);
  return z.int(words).min(min, words).max(max, words);
};
const milliseconds = wholeNumber(1, 86_400_000, " of milliseconds");

const runLimits = z.strictObject(
  {
    spacingMs: milliseconds
      .optional()
      .describe(
        "From the start of one run to that of the next, in milliseconds: 1 to 86400000. Default: none.",
      ),
    flood: z
      .strictObject(
        {
          runs: wholeNumber(1, 100).describe("So many run starts at most: 1 to 100."),
          windowMs: milliseconds.describe("In this time, in milliseconds: 1 to 86400000."),
        },
        expected("an object with `runs` and `windowMs`, or false"),
      )
      .or(z.literal(false))
      .optional()
      .describe("How many runs may start in a time; only `manual` passes. false: any number."),
    daily: z
      .strictObject(
        {
          runs: wholeNumber(1, 1_000_000).optional().describe("So many runs a day at most: 1 to 1000000."),
          tokens: wholeNumber(1, Number.MAX_SAFE_INTEGER)
            .optional()
            .describe("So many tokens a day at most, as the agent reports them: 1 or more."),
        },
        expected("an object with `runs` or `tokens`"),
      )
      .optional()
      .describe("What may be spent in a day; only `manual` passes. Default: no limit."),
  },
  expected("an object"),
);

/** `agent:NAME:...` belongs to NAME; a session key of any other shape is its own agent. */
export const agentOf = (sessionKey: string): string =>
  /^agent:([^:]+)(?=:|$)/.exec(sessionKey)?.[1] ?? sessionKey;

export const limitsSchema = z.strictObject(
  {
    quietHours: z
      .array(window, expected("a list of windows"))
      .default([])
      .check(({ value, issues }) => {
        const message = whatIsWrong(value);
        if (message !== null) issues.push({ code: "custom", message, input: value });
      })
      .describe(
        "When sessions are left in peace: ordinary wakes wait until it is over, urgent ones pass. Default: never.",
      ),
    session: runLimits.optional().describe("What each session may do. Default: see each field."),
    agent: runLimits.optional().describe("What each agent may do, over all its sessions. Default: no limit."),
    zone: text("the IANA name of a time zone")
      .refine(isZone, expected("the IANA name of a time zone"))
      .optional()
      .describe("Whose midnight ends the day of a budget: an IANA name. Default: UTC."),
    selfWakes: z
      .strictObject(
        {
          depth: wholeNumber(1, 1_000).describe("How many runs in a row may cause each other: 1 to 1000."),
          spacingMs: milliseconds.describe(
            "From then on one run in this time, until something from outside arrives; in milliseconds: 1 to 86400000.",
          ),
        },
        expected("an object with `depth` and `spacingMs`, or false"),
      )
      .or(z.literal(false))
      .optional()
      .describe("Runs that are caused by runs, with nothing from outside in between. false: no limit."),
    breaker: z
      .strictObject(
        {
          baseMs: milliseconds.describe("The first rest, in milliseconds: 1 to 86400000."),
          capMs: milliseconds.describe("The longest rest before jitter, in milliseconds: 1 to 86400000."),
        },
        expected("an object with `baseMs` and `capMs`, or false"),
      )
      .or(z.literal(false))
      .optional()
      .describe(
        "How long an agent rests whose provider refuses every call (a wrong key, a quota that is spent). false: it does not.",
      ),
  },
  expected("an object"),
);

function isZone(zone: string): boolean {
  try {
    checkZone(zone);
    return true;
  } catch {
    return false;
  }
}

/** The same check that the policy makes when it is set up, so that bad windows are refused with the file they stand in. */
function whatIsWrong(windows: readonly QuietHours[]): string | null {
  try {
    quietHours(windows);
    return null;
  } catch (error) {
    if (!(error instanceof LubdubError)) throw error;
    return `${error.expected} (got ${error.got})`;
  }
}

/** What the daemon does unless it is told otherwise: nobody looks on at night, so that no storm may last (promise 8). */
const fields = limitsSchema.shape;
export const DAEMON_LIMITS = {
  session: fields.session
    .unwrap()
    .default({ flood: { runs: 30, windowMs: 600_000 } })
    .describe("What each session may do. Default: 30 runs in 10 minutes."),
  selfWakes: fields.selfWakes.default({ depth: 30, spacingMs: 3_600_000 }),
  breaker: fields.breaker.default({ baseMs: 60_000, capMs: 3_600_000 }),
};
