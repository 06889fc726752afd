import { z } from "zod";
import { deliverySchema, type DeliveryOptions } from "./delivery.ts";
import { LubdubError, shown } from "./errors.ts";
import type { Store } from "./log/store.ts";
import type { ActorObserver } from "./inspect/observer.ts";
import { agentOf, limitsSchema } from "./limits.ts";
import { policiesOf, type Policies } from "./policy/hold.ts";
import type { Limits } from "./policy/limits.ts";
import type { Clock } from "./run/clock.ts";
import type { DeliverHandler, RunHandler } from "./vocabulary.ts";

/** Limits that hold everywhere and are not options. */
export const SESSION_KEY_BYTES_MAX = 512;
export const TEXT_BYTES_MAX = 32_768;
export const DATA_BYTES_MAX = 65_536;
export const DEDUPE_KEY_BYTES_MAX = 256;
export const SOURCE_CHARS_MAX = 64;
export const REASON_CHARS_MAX = 256;
export const CONTEXT_KEY_CHARS_MAX = 256;
export const COALESCE_MS_MAX = 86_400_000;
export const RUN_TIMEOUT_MS_MAX = 86_400_000;
export const MODEL_CHARS_MAX = 256;
export const SCHEDULE_ID_CHARS_MAX = 128;
export const SCHEDULES_MAX = 1_000_000;
export const EVERY_MS_MIN = 1_000;
/** Ten years. */
export const EVERY_MS_MAX = 315_360_000_000;

/** Everything that can be said about a heartbeat. */
export interface HeartbeatOptions {
  /** Wakes the agent: called once per run, never twice at a time in a lane. */
  readonly run: RunHandler;
  /**
   * Sends the replies of runs to where their route says. Called outside of all lanes: however long it takes, no run waits.
   * @default replies are kept in the log and go nowhere
   */
  readonly deliver?: DeliverHandler;
  /** What is said, where, and how often it is tried. */
  readonly delivery?: DeliveryOptions;
  /** Where the log lies. @default a new `memoryStore()`: nothing survives the process */
  readonly store?: Store;
  /**
   * Which lane a session works in; sessions of one lane run one at a time. Must answer the same for the same key as long as
   * the heartbeat lives; when it answers otherwise after a restart, what waits goes over to its lane of today.
   * @default every session is its own lane
   */
  readonly laneOf?: (sessionKey: string) => string;
  /** Runs at a time over all lanes: 1 to 10_000. @default 16 */
  readonly concurrency?: number;
  /** How long a wake waits for more before its run, in milliseconds: 0 to 86_400_000. @default 250 */
  readonly coalesceMs?: number;
  /**
   * How long an event that was queued without a wake waits for one, in milliseconds: 0 to 86_400_000.
   * @default 1_800_000 (30 minutes)
   */
  readonly lingerMs?: number;
  /** Events queued per session, and dead letters kept per session: 1 to 10_000. More is refused, never dropped. @default 1_000 */
  readonly queueMax?: number;
  /** Events given to one run: 1 to 10_000, of 200_000 characters in all. The rest follows in the next. @default 100 */
  readonly batchMax?: number;
  /** How long a run may take before its signal aborts, in milliseconds: 1 to 86_400_000. @default 600_000 */
  readonly runTimeoutMs?: number;
  /** How long an aborted run may take to end before it counts as failed, in milliseconds: 0 to 600_000. @default 5_000 */
  readonly abortGraceMs?: number;
  /** Runs that fail before their events become dead letters: 1 to 1_000. Busy does not count. @default 10 */
  readonly maxAttempts?: number;
  /** Pause after a busy answer: it doubles up to `capMs`, with jitter. @default { baseMs: 1_000, capMs: 60_000 } */
  readonly busyBackoff?: { readonly baseMs: number; readonly capMs: number };
  /** Pause after a failure. @default { baseMs: 1_000, capMs: 300_000 } */
  readonly failedBackoff?: { readonly baseMs: number; readonly capMs: number };
  /** How long a dedupe key is remembered, in milliseconds: 0 to 31_536_000_000. @default 86_400_000 (a day) */
  readonly dedupeWindowMs?: number;
  /**
   * How long handled records are kept, in milliseconds: at least `dedupeWindowMs`, up to 315_360_000_000 (ten years). What is
   * queued or dead is kept for ever. @default 604_800_000 (a week)
   */
  readonly retainMs?: number;
  /** Records between two checkpoints: 1 to 1_000_000. Fewer start faster, more write less. @default 20_000 */
  readonly checkpointRecords?: number;
  /** Actors that a checkpoint writes in one turn of the event loop: 1 to 1_000_000. Fewer hold up a turn less, more are done sooner. @default 64 */
  readonly checkpointSlice?: number;
  /** Live actors of each kind kept between checkpoints: 1 to 1_000_000. Idle ones beyond it rest on disk. @default 10_000 */
  readonly liveActorsMax?: number;
  /**
   * Which agent a session belongs to, for its limits. Must answer the same for the same key.
   * @default NAME for `agent:NAME:...`, else the session key
   */
  readonly agentOf?: (sessionKey: string) => string;
  /** What holds wakes back: quiet hours, cooldowns, budgets and more. Nothing is dropped. @default nothing */
  readonly limits?: Limits;
  /** For a runtime that says whether it works: asked before each run. A `true` postpones the run and uses up no attempt. */
  readonly isBusy?: (sessionKey: string) => boolean;
  /** For a runtime that says when it is done: `callback` starts a postponed run at once. @returns stops waiting */
  readonly onIdle?: (sessionKey: string, callback: () => void) => () => void;
  /** Shows every live actor to an onlooker. */
  readonly inspect?: ActorObserver;
  /** Time and randomness. @default the machine's */
  readonly clock?: Clock;
}

const count = (max: number) => z.number().int().min(1).max(max);
const milliseconds = (max: number, min = 0) => z.number().int().min(min).max(max);
const fn = <T>() => z.custom<T>((value) => typeof value === "function", "expected a function");
const object = <T>() =>
  z.custom<T>((value) => typeof value === "object" && value !== null, "expected an object");
const backoff = z.strictObject({ baseMs: milliseconds(86_400_000, 1), capMs: milliseconds(86_400_000, 1) });

const schema = z.strictObject({
  run: fn<RunHandler>(),
  deliver: fn<DeliverHandler>().optional(),
  delivery: deliverySchema.prefault({}),
  store: object<Store>().optional(),
  laneOf: fn<(sessionKey: string) => string>().default(() => (sessionKey: string) => sessionKey),
  concurrency: count(10_000).default(16),
  coalesceMs: milliseconds(COALESCE_MS_MAX).default(250),
  lingerMs: milliseconds(86_400_000).default(1_800_000),
  queueMax: count(10_000).default(1_000),
  batchMax: count(10_000).default(100),
  runTimeoutMs: milliseconds(RUN_TIMEOUT_MS_MAX, 1).default(600_000),
  abortGraceMs: milliseconds(600_000).default(5_000),
  maxAttempts: count(1_000).default(10),
  busyBackoff: backoff.default({ baseMs: 1_000, capMs: 60_000 }),
  failedBackoff: backoff.default({ baseMs: 1_000, capMs: 300_000 }),
  dedupeWindowMs: milliseconds(31_536_000_000).default(86_400_000),
  retainMs: milliseconds(315_360_000_000).optional(),
  checkpointRecords: count(1_000_000).default(20_000),
  checkpointSlice: count(1_000_000).default(64),
  liveActorsMax: count(1_000_000).default(10_000),
  agentOf: fn<(sessionKey: string) => string>().default(() => agentOf),
  limits: limitsSchema.optional(),
  isBusy: fn<(sessionKey: string) => boolean>().optional(),
  onIdle: fn<(sessionKey: string, callback: () => void) => () => void>().optional(),
  inspect: object<ActorObserver>().optional(),
  clock: object<Clock>().optional(),
});

export interface ResolvedOptions extends z.infer<typeof schema> {
  readonly retainMs: number;
  /** All limits, ready to be asked; null when there are none. */
  readonly policies: Policies | null;
}

const RETAIN_MS = 604_800_000;

/** @throws LubdubError `LUBDUB_OPTION_INVALID` that names the option, what it expects and what it got. */
export function resolveOptions(options: HeartbeatOptions): ResolvedOptions {
  const result = schema.safeParse(options);
  if (result.success) return completed(result.data);
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  const name = issue.code === "unrecognized_keys" ? issue.keys.join(", ") : issue.path.join(".");
  const got = issue.path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown>)?.[key],
    options,
  );
  throw new LubdubError("LUBDUB_OPTION_INVALID", {
    expected:
      issue.code === "unrecognized_keys"
        ? "only known options"
        : `option \`${name}\` to be right (${issue.message})`,
    got: issue.code === "unrecognized_keys" ? `\`${name}\`` : shown(got),
    fix: "See HeartbeatOptions.",
  });
}

/** Adds what follows from others. A dedupe key answers with the ids of its record, so the record must live as long. */
function completed(options: z.infer<typeof schema>): ResolvedOptions {
  const { dedupeWindowMs, retainMs = Math.max(RETAIN_MS, dedupeWindowMs) } = options;
  const policies = options.limits === undefined ? null : policiesOf(options.limits, options.concurrency);
  if (retainMs >= dedupeWindowMs) return { ...options, retainMs, policies };
  throw new LubdubError("LUBDUB_OPTION_INVALID", {
    expected: `option \`retainMs\` to be at least \`dedupeWindowMs\` (${dedupeWindowMs})`,
    got: String(retainMs),
  });
}
