import { z } from "zod";
import { agent } from "./agent-schema.ts";
import { address, expected, headers, milliseconds, program, text, variableName } from "./parts.ts";

const KINDS = ["command", "http", "module"] as const;
const HTTP = expected("an object with `url`");

const command = z.strictObject(
  {
    ...program,
    timeoutMs: milliseconds(1, 3_600_000)
      .optional()
      .describe("How long it may run, in milliseconds: 1 to 3600000. Default: `delivery.timeoutMs`."),
  },
  expected("an object with `argv`"),
);

const http = z
  .strictObject(
    {
      url: address.describe("Gets a POST for each reply. Redirects are never followed."),
      headers,
      secretFile: text("a file")
        .optional()
        .describe(
          "File with the secret that signs, relative to this one: base64 of 24 to 64 bytes. Only its owner may read it.",
        ),
      secretEnv: variableName
        .optional()
        .describe("Environment variable with that secret, instead of a file."),
      allowPrivate: z
        .boolean(expected("true or false"))
        .default(false)
        .describe("The target may be on this machine or in a private network. Default: false."),
      timeoutMs: milliseconds(1, 3_600_000)
        .optional()
        .describe("How long one try may take, in milliseconds: 1 to 3600000. Default: `delivery.timeoutMs`."),
    },
    HTTP,
  )
  .refine(
    ({ secretFile, secretEnv }) => secretFile === undefined || secretEnv === undefined,
    expected("one of `secretFile` and `secretEnv`, or none"),
  );

/** One way for replies to go out: which replies, and how. */
export const target = z
  .strictObject(
    {
      match: agent.shape.match.default("*").describe("Session keys whose replies go here. Default: all."),
      route: z
        .record(z.string(), text("a pattern"), expected("an object of fields and patterns"))
        .default({})
        .describe("Fields that the route must have, each a pattern like `match`. Default: any route."),
      command: command
        .optional()
        .describe("Runs a command: the text on its stdin, the route in its environment."),
      http: http.optional().describe("Calls a webhook."),
      module: agent.shape.module,
    },
    expected("an object with one target"),
  )
  .refine(
    (rule) => KINDS.filter((kind) => rule[kind] !== undefined).length === 1,
    expected(`exactly one of ${KINDS.join(", ")}`),
  )
  .meta({ oneOf: KINDS.map((kind) => ({ required: [kind] })) });
