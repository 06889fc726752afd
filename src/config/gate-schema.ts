import { z } from "zod";
import { address, expected, headers, milliseconds, program, text } from "./parts.ts";

const KINDS = ["command", "http", "file", "sql"] as const;
const SCOPES = ["scheduled", "eventless", "all"] as const;

/** What is asked before a run, and what its answer is worth: see `GateOptions`. */
export const gate = z
  .strictObject(
    {
      command: z
        .strictObject(program, expected("an object with `argv`"))
        .optional()
        .describe(
          'Exit code 0 is an answer; a last line {"wakeAgent":false} on its stdout closes the gate. Anything else is a failure.',
        ),
      http: z
        .strictObject(
          { url: address.describe("Asked with GET. Redirects are never followed."), headers },
          expected("an object with `url`"),
        )
        .optional()
        .describe(
          '2xx is an answer; a last line {"wakeAgent":false} closes the gate. Anything else is a failure.',
        ),
      file: z
        .strictObject(
          {
            path: text("a file").describe("Relative to this file."),
            when: z
              .enum(["exists", "changed", "non-empty"], expected('"exists", "changed" or "non-empty"'))
              .describe("When it is open. `changed`: since the session's last run that succeeded."),
          },
          expected("an object with `path` and `when`"),
        )
        .optional()
        .describe("Looks at a file."),
      sql: z
        .strictObject(
          {
            file: text("a file").describe("A SQLite database, relative to this file; opened read-only."),
            query: text("a query").describe(
              "Open when there is a row; a single value opens unless it is 0, null or empty.",
            ),
          },
          expected("an object with `file` and `query`"),
        )
        .optional()
        .describe("Asks a SQLite database."),
      timeoutMs: milliseconds(1, 600_000)
        .default(10_000)
        .describe("How long it may take, in milliseconds: 1 to 600000. Default: 10000."),
      onError: z
        .enum(["open", "closed"], expected('"open" or "closed"'))
        .default("open")
        .describe("What a gate that fails or hangs is. Default: open, so that nothing is missed."),
      appliesTo: z
        .enum(SCOPES, expected(SCOPES.map((scope) => `"${scope}"`).join(", ")))
        .default("scheduled")
        .describe(
          "Which runs it decides about. `scheduled`: those without events that a schedule asked for; `eventless`: all without events; `all`: also those with events, which then wait. Manual wakes pass. Default: scheduled.",
        ),
      showData: z
        .boolean(expected("true or false"))
        .default(false)
        .describe("Show the agent what the gate found, as untrusted data. Default: false."),
      retryAfterMs: milliseconds(1_000, 86_400_000)
        .default(300_000)
        .describe(
          "When a run with events is asked for again after a closed gate, in milliseconds: 1000 to 86400000. Default: 300000 (5 minutes).",
        ),
    },
    expected("an object with one of command, http, file, sql"),
  )
  .refine(
    (given) => KINDS.filter((kind) => given[kind] !== undefined).length === 1,
    expected(`a gate with exactly one of ${KINDS.join(", ")}`),
  )
  .meta({ oneOf: KINDS.map((kind) => ({ required: [kind] })) });
