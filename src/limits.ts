import { z } from "zod";
import { LubdubError } from "./errors.ts";
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
  },
  expected("an object"),
);

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
