import { validateHeaderName, validateHeaderValue } from "node:http";
import { z } from "zod";
import { limitsSchema } from "../limits.ts";
import { SESSION_KEY_BYTES_MAX } from "../options.ts";
import { schedulesSchema } from "./schedule-schema.ts";

/**
 * The configuration file: every field with its meaning, unit, limits and default. A message is what was expected, in
 * words; the JSON Schema for editors is made from this, so this is the one place to change.
 */
const expected = (words: string) => ({ error: words });

const wholeNumber = (min: number, max: number) => {
  const words = expected(`a whole number from ${min} to ${max}`);
  return z.int(words).min(min, words).max(max, words);
};
const milliseconds = (min: number, max: number) => {
  const words = expected(`a whole number of milliseconds from ${min} to ${max}`);
  return z.int(words).min(min, words).max(max, words);
};
const text = (words: string) => z.string(expected(words)).min(1, expected(words));
const word = (words: string) =>
  z
    .string(expected(words))
    .refine((value) => !value.includes("\0"), expected(`${words} without NUL characters`));

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const variableName = z
  .string(expected("names of environment variables"))
  .regex(VARIABLE, expected("names of environment variables, e.g. OPENAI_API_KEY"));

const command = z.strictObject(
  {
    argv: z
      .array(word("a text"), expected("a list with the program and its arguments"))
      .min(1, expected("a list with at least the program"))
      .refine(([program]) => program !== "", expected("a program's name in the first place"))
      .describe("The program and its arguments. No shell is involved: nothing is expanded or split."),
    cwd: text("a folder")
      .optional()
      .describe("Where it runs, relative to this file. Default: the folder of this file."),
    env: z
      .record(variableName, word("a text"), expected("an object of names and texts"))
      .default({})
      .describe(
        "Added to its environment. The LUBDUB_ variables of a run cannot be replaced. Default: none.",
      ),
    passEnv: z
      .array(variableName, expected("a list of names of environment variables"))
      .default([])
      .describe(
        "Environment variables that it gets from the daemon beside PATH, HOME, LANG, TZ and the like. Default: none.",
      ),
    timeoutMs: milliseconds(1, 86_400_000)
      .optional()
      .describe("How long it may run, in milliseconds: 1 to 86400000. Default: `runTimeoutMs`."),
    killGraceMs: milliseconds(0, 4_000) // an aborted run is given up after 5 s, and must be over by then
      .default(2_000)
      .describe(
        "Between SIGTERM and SIGKILL when its time is over, in milliseconds: 0 to 4000. Default: 2000.",
      ),
  },
  expected("an object with `argv`"),
);

const http = z.strictObject(
  {
    url: z
      .string(expected("an address that begins with http:// or https://"))
      .refine(isHttpUrl, expected("an address that begins with http:// or https://"))
      .describe("Gets a POST for each run. It may be on this machine. Redirects are never followed."),
    headers: z
      .record(z.string(), z.string(expected("a text")), expected("an object of names and texts"))
      .refine(areHeaders, expected("names and values that may stand in an HTTP header"))
      .default({})
      .describe("Added to each request, e.g. Authorization. Default: none."),
    timeoutMs: milliseconds(1, 86_400_000)
      .optional()
      .describe(
        "From the request to the end of the answer, in milliseconds: 1 to 86400000. Default: `runTimeoutMs`.",
      ),
  },
  expected("an object with `url`"),
);

const KINDS = ["console", "command", "http", "module"] as const;
const MATCH = `a pattern of 1 to ${SESSION_KEY_BYTES_MAX} bytes`;

const agent = z
  .strictObject(
    {
      match: text(MATCH)
        .refine((pattern) => Buffer.byteLength(pattern) <= SESSION_KEY_BYTES_MAX, expected(MATCH))
        .describe(
          "Session keys that wake this agent: each * stands for any characters, also none; all else is compared byte for byte.",
        ),
      console: z
        .strictObject({}, expected("an empty object"))
        .optional()
        .describe("Prints what it was woken with."),
      command: command
        .optional()
        .describe("Runs a command: the prompt on its stdin, the reply on its stdout."),
      http: http.optional().describe("Asks a server."),
      module: z
        .strictObject(
          { file: text("a file").describe("A JavaScript or TypeScript file, relative to this one.") },
          expected("an object with `file`"),
        )
        .optional()
        .describe("Calls the function that is the default export of a file."),
    },
    expected("an object with `match` and one agent"),
  )
  .refine(
    (rule) => KINDS.filter((kind) => rule[kind] !== undefined).length === 1,
    expected(`exactly one of ${KINDS.join(", ")} beside \`match\``),
  )
  .meta({ oneOf: KINDS.map((kind) => ({ required: [kind] })) });

export const configSchema = z
  .strictObject(
    {
      $schema: z
        .string(expected("a text"))
        .optional()
        .describe("Where an editor finds the schema of this file."),
      agents: z
        .array(agent, expected("a list of agents"))
        .min(1, expected("a list with at least one agent"))
        .default([{ match: "*", console: {} }])
        .describe(
          "Who is woken: the first whose `match` fits the session key. Default: `console` for everything.",
        ),
      schedules: schedulesSchema
        .default([])
        .describe(
          "What wakes a session at its time. Those that are taken out here end at the next start. Default: none.",
        ),
      port: wholeNumber(0, 65_535)
        .default(5823)
        .describe("Port that the daemon listens on: 0 to 65535; 0 takes a free one. Default: 5823."),
      host: z
        .enum(["127.0.0.1", "::1", "localhost"], expected("127.0.0.1, ::1 or localhost"))
        .default("127.0.0.1")
        .describe("Address that the daemon listens on: this machine only. Default: 127.0.0.1."),
      concurrency: wholeNumber(1, 10_000)
        .default(16)
        .describe("Runs at a time over all lanes: 1 to 10000. Default: 16."),
      coalesceMs: milliseconds(0, 86_400_000)
        .default(250)
        .describe(
          "How long a wake waits for more before its run, in milliseconds: 0 to 86400000. Default: 250.",
        ),
      queueMax: wholeNumber(1, 10_000)
        .default(1_000)
        .describe(
          "Events queued per session, and dead letters kept per session: 1 to 10000. More is refused, never dropped. Default: 1000.",
        ),
      runTimeoutMs: milliseconds(1, 86_400_000)
        .default(600_000)
        .describe("How long a run may take, in milliseconds: 1 to 86400000. Default: 600000 (10 minutes)."),
      maxAttempts: wholeNumber(1, 1_000)
        .default(10)
        .describe(
          "Runs that fail before their events become dead letters: 1 to 1000. Busy does not count. Default: 10.",
        ),
      limits: limitsSchema
        .prefault({})
        .describe("What holds wakes back; nothing is dropped. Default: no quiet hours."),
      laneOf: z
        .enum(["session", "agent"], expected('"session" or "agent"'))
        .default("session")
        .describe(
          "What runs one at a time: each session by itself, or all sessions of one agent (agent:NAME:...). Default: session.",
        ),
      shutdownGraceMs: milliseconds(0, 600_000)
        .default(10_000)
        .describe(
          "How long runs may go on when the daemon stops, in milliseconds: 0 to 600000. Default: 10000.",
        ),
    },
    expected("an object"),
  )
  .meta({ title: "Lubdub configuration" });

/** What a configuration file may say: every field has a default. */
export type Config = z.input<typeof configSchema>;
/** The same with the defaults filled in. */
export type ResolvedConfig = z.output<typeof configSchema>;

/** The configuration as a JSON Schema (draft 2020-12), for editors: name it in `$schema` of a `lubdub.config.json`. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, { io: "input" });
}

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function areHeaders(headers: Readonly<Record<string, string>>): boolean {
  try {
    for (const [name, value] of Object.entries(headers)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return true;
  } catch {
    return false;
  }
}
