import { z } from "zod";
import { deliverySchema } from "../delivery.ts";
import { DAEMON_LIMITS, limitsSchema } from "../limits.ts";
import { agent } from "./agent-schema.ts";
import { target } from "./target-schema.ts";
import { expected, milliseconds, wholeNumber } from "./parts.ts";
import { schedulesSchema } from "./schedule-schema.ts";

/**
 * The configuration file: every field with its meaning, unit, limits and default. A message is what was expected, in
 * words; the JSON Schema for editors is made from this, so this is the one place to change.
 */
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
      deliver: z
        .array(target, expected("a list of targets"))
        .default([])
        .describe(
          "How replies go out: the first that fits session and route. Default: they stay in the log.",
        ),
      delivery: deliverySchema.prefault({}).describe("What is said, where, and how often it is tried."),
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
        .extend(DAEMON_LIMITS)
        .prefault({})
        .describe("What holds wakes back; nothing is dropped. Default: see each field."),
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
