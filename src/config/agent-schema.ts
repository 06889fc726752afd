import { z } from "zod";
import { SESSION_KEY_BYTES_MAX } from "../options.ts";
import { gate } from "./gate-schema.ts";
import { address, expected, headers, milliseconds, program, text } from "./parts.ts";

const command = z.strictObject(
  {
    ...program,
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
    url: address.describe(
      "Gets a POST for each run. It may be on this machine. Redirects are never followed.",
    ),
    headers,
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

/** One agent: whom it wakes for, how it is called, and what is looked at before. */
export const agent = z
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
      heartbeatFile: text("a file")
        .optional()
        .describe(
          "HEARTBEAT.md, relative to this file: standing instructions, in every prompt. One that says nothing, or has no task due, ends a run without events before the agent is asked. A missing one changes nothing. Default: none.",
        ),
      gate: gate
        .optional()
        .describe("Decides before a run, without the agent, whether there is anything to do."),
    },
    expected("an object with `match` and one agent"),
  )
  .refine(
    (rule) => KINDS.filter((kind) => rule[kind] !== undefined).length === 1,
    expected(`exactly one of ${KINDS.join(", ")} beside \`match\``),
  )
  .meta({ oneOf: KINDS.map((kind) => ({ required: [kind] })) });
