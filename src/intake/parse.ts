import { z } from "zod";
import type { EventOptions, WakeOptions } from "../api.ts";
import { LubdubError, shown } from "../errors.ts";
import {
  COALESCE_MS_MAX,
  CONTEXT_KEY_CHARS_MAX,
  DATA_BYTES_MAX,
  DEDUPE_KEY_BYTES_MAX,
  MODEL_CHARS_MAX,
  REASON_CHARS_MAX,
  RUN_TIMEOUT_MS_MAX,
  SESSION_KEY_BYTES_MAX,
  SOURCE_CHARS_MAX,
  TEXT_BYTES_MAX,
} from "../options.ts";
import type { Intent, Json, Route, RunOverrides, Trust } from "../vocabulary.ts";

/** A wake that passed the door. */
export interface WakeDraft {
  readonly sessionKey: string;
  readonly source: string;
  readonly intent: Intent;
  readonly reason: string;
  readonly coalesceMs?: number;
  readonly cause?: string;
  readonly overrides?: RunOverrides;
}

/** An event that passed the door. */
export interface EventDraft extends WakeDraft {
  readonly text: string;
  readonly data?: Json;
  readonly dedupeKey?: string;
  readonly contextKey?: string;
  readonly route?: Route;
  readonly trust: Trust;
}

/** Half a surrogate pair does not survive on disk: two dedupe keys that differ in nothing else would become one. */
const words = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "no control characters, no half characters");
/** Taken as it is: nothing is trimmed, folded or normalised. */
const exact = (bytesMax: number) =>
  z
    .string()
    .min(1)
    .refine((key) => bytesOf(key) <= bytesMax, `at most ${bytesMax} bytes`)
    .refine((key) => key.isWellFormed(), "well-formed Unicode")
    .regex(/^\P{Cc}*$/u, "no control characters");
/** A record alone would leave out a name like this in silence, and the reply would go elsewhere. */
const routeSchema = z
  .custom<unknown>((given) => !Object.hasOwn(Object(given) as object, "__proto__"), "no name __proto__")
  .pipe(z.record(z.string().max(64), z.string().max(512)));
const overrides = z
  .strictObject({
    model: words(MODEL_CHARS_MAX).optional(),
    timeoutMs: z.number().int().min(1).max(RUN_TIMEOUT_MS_MAX).optional(),
    lightContext: z.boolean().optional(),
    isolated: z.boolean().optional(),
  })
  .refine((given) => Object.keys(given).length > 0, "at least one override");
const wakeShape = {
  sessionKey: z.unknown(), // told by `parseSessionKey`
  source: words(SOURCE_CHARS_MAX).optional(),
  intent: z.enum(["scheduled", "task", "event", "immediate", "manual"]).optional(),
  reason: words(REASON_CHARS_MAX).optional(),
  coalesceMs: z.number().int().min(0).max(COALESCE_MS_MAX).optional(),
  cause: words(SOURCE_CHARS_MAX).optional(),
  overrides: overrides.optional(),
};
const wakeSchema = z.strictObject(wakeShape);
const eventSchema = z.strictObject({
  ...wakeShape,
  data: z.unknown().optional(),
  dedupeKey: exact(DEDUPE_KEY_BYTES_MAX).optional(),
  contextKey: words(CONTEXT_KEY_CHARS_MAX).optional(),
  route: routeSchema.optional(),
  trust: z.enum(["trusted", "untrusted"]).optional(),
});

/** @throws LubdubError `LUBDUB_INPUT_INVALID`, `LUBDUB_SESSION_KEY_INVALID` */
export function parseWake(options: WakeOptions): WakeDraft {
  return wakeDraft(checked(wakeSchema, options), "immediate");
}

function wakeDraft(wake: z.infer<typeof wakeSchema>, usual: Intent): WakeDraft {
  const {
    source = "other",
    intent = usual,
    reason = source,
    coalesceMs,
    cause,
    overrides: differently,
  } = wake;
  return {
    sessionKey: parseSessionKey(wake.sessionKey),
    source,
    intent,
    reason,
    ...(coalesceMs === undefined ? {} : { coalesceMs }),
    ...(cause === undefined ? {} : { cause }),
    ...(differently && { overrides: differently as RunOverrides }),
  };
}

/** @throws LubdubError `LUBDUB_INPUT_INVALID`, `LUBDUB_SESSION_KEY_INVALID`, `LUBDUB_TEXT_INVALID`, `LUBDUB_TOO_LARGE` */
export function parseEvent(text: string, options: EventOptions): EventDraft {
  const { data, dedupeKey, contextKey, route, trust, ...wake } = checked(eventSchema, options);
  return {
    ...wakeDraft(wake, "event"),
    text: parseText(text),
    trust: trust ?? "untrusted",
    ...(data === undefined ? {} : { data: parseData(data) }),
    ...(dedupeKey === undefined ? {} : { dedupeKey }),
    ...(contextKey === undefined ? {} : { contextKey }),
    ...(route === undefined ? {} : { route }),
  };
}

/** @throws LubdubError `LUBDUB_INPUT_INVALID` */
export const parseRoute = (route: unknown): Route =>
  checked(z.strictObject({ route: routeSchema }), { route }).route;

const CONTROL = /\p{Cc}/u;

/** Byte for byte: nothing is trimmed, folded or normalised. */
export function parseSessionKey(key: unknown): string {
  const expected = `a session key of 1 to ${SESSION_KEY_BYTES_MAX} bytes without control characters`;
  const fix = "Example: agent:main:discord:channel:42";
  if (typeof key !== "string") {
    throw new LubdubError("LUBDUB_SESSION_KEY_INVALID", { expected, got: shown(key), fix });
  }
  const bytes = bytesOf(key);
  if (bytes === 0 || bytes > SESSION_KEY_BYTES_MAX || CONTROL.test(key) || !key.isWellFormed()) {
    const got = bytes > SESSION_KEY_BYTES_MAX ? `${bytes} bytes` : shown(key);
    throw new LubdubError("LUBDUB_SESSION_KEY_INVALID", { expected, got, fix });
  }
  return key;
}

function parseText(text: unknown): string {
  const expected = `a text of 1 to ${TEXT_BYTES_MAX} bytes`;
  if (typeof text !== "string") throw new LubdubError("LUBDUB_TEXT_INVALID", { expected, got: shown(text) });
  const trimmed = text.trim().toWellFormed();
  const bytes = bytesOf(trimmed);
  if (bytes === 0 || bytes > TEXT_BYTES_MAX) {
    throw new LubdubError("LUBDUB_TEXT_INVALID", {
      expected,
      got: bytes === 0 ? "nothing but white space" : `${bytes} bytes`,
      fix:
        bytes === 0 ? "Say what happened." : "Send a summary, and put the rest where the agent can read it.",
    });
  }
  return trimmed;
}

function parseData(data: unknown): Json {
  const encoded = encodeJson(data);
  if (encoded === undefined) {
    throw new LubdubError("LUBDUB_INPUT_INVALID", { expected: "`data` to be JSON", got: shown(data) });
  }
  const bytes = bytesOf(encoded);
  if (bytes > DATA_BYTES_MAX) {
    throw new LubdubError("LUBDUB_TOO_LARGE", {
      expected: `\`data\` of at most ${DATA_BYTES_MAX} bytes`,
      got: `${bytes} bytes`,
    });
  }
  return JSON.parse(encoded) as Json;
}

function encodeJson(data: unknown): string | undefined {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}

export function checked<T extends z.ZodType>(schema: T, options: unknown): z.infer<T> {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  if (issue.code === "unrecognized_keys") {
    throw new LubdubError("LUBDUB_INPUT_INVALID", {
      expected: "only known fields",
      got: issue.keys.map((key) => shown(key)).join(", "),
    });
  }
  const name = issue.path.join(".") || "options";
  const got = issue.path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown>)?.[key],
    options,
  );
  throw new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: `\`${name}\` to be right (${issue.message})`,
    got: shown(got),
  });
}

const bytesOf = (text: string): number => Buffer.byteLength(text, "utf8");
