import type { Refusal } from "../../machines/index.ts";
import type {
  Cause,
  GateVerdict,
  HoldReason,
  Intent,
  Json,
  ReplyFate,
  Route,
  RunOverrides,
  Source,
  Trust,
  Usage,
} from "../vocabulary.ts";
import type { DeliveryRecord } from "./delivery-records.ts";
import type { ScheduleRecord } from "./schedule-records.ts";

export type * from "./delivery-records.ts";
export type * from "./schedule-records.ts";

/**
 * What is written to the log: inputs, never internal messages. Names and facts are a storage format.
 *
 * Every record has `facts` (ids, times, words: kept for ever) and may have a `body` (texts and data of
 * people: `forget` erases it for good, and the hash chain still verifies, because it is over the body's hash).
 */
export interface Envelope<Type extends string, Facts, Body = undefined> {
  /** 1, 2, 3, ... without gaps. */
  readonly position: number;
  /** Position of the same session's record before this one; 0 if there is none. */
  readonly previous: number;
  /** Milliseconds since the Unix epoch; never smaller than in the record before. */
  readonly atMs: number;
  readonly type: Type;
  readonly sessionKey: string;
  readonly facts: Facts;
  /** `null` once forgotten. */
  readonly body: Body | null;
}

interface WakeFacts {
  readonly wakeId: string;
  readonly source: Source;
  readonly intent: Intent;
  readonly reason: string;
  /** End of the coalescing window. */
  readonly dueAtMs: number;
  /** What its run does differently. */
  readonly overrides?: RunOverrides;
  /** The run that sent it. */
  readonly cause?: Cause;
}

interface ElsewhereFacts {
  /** The lane that it concerns, when that is not its session's lane of today: `laneOf` has changed since. */
  readonly lane?: string;
}

interface CountedFacts {
  /** The agent whose limits count the run; absent without limits. */
  readonly agent?: string;
}

interface GatedFacts {
  /** What the gate before the run said, if that is worth a note. */
  readonly gate?: GateVerdict;
}
interface GatedBody {
  /** Why the gate could not be asked. */
  readonly gateError?: string;
}

/** An event was accepted, and its session asked for. */
export type EventQueued = Envelope<
  "event.queued",
  WakeFacts & {
    readonly eventId: string;
    readonly trust: Trust;
    readonly contextKey?: string;
    readonly route?: Route;
    readonly dedupeKey?: string;
  },
  { readonly text: string; readonly data?: Json }
>;
/** A session was asked for without an event. */
export type WakeRequested = Envelope<
  "wake.requested",
  WakeFacts & {
    /** What a wake brings along that comes over from another lane; 0 for a new one. */
    readonly attempts?: number;
    readonly postponements?: number;
  }
>;
/** A run was begun, with exactly these events in its prompt. */
export type RunStarted = Envelope<
  "run.started",
  {
    readonly wakeId: string;
    readonly runId: string;
    readonly attempt: number;
    readonly eventIds: readonly string[];
    /** Begun before its deadline, because the agent said that it is idle. */
    readonly idle: boolean;
    /** How many runs in a row have asked for each other up to here; absent when something from outside did. */
    readonly depth?: number;
    /** What counts it, and how much of that is remembered; absent without limits. */
    readonly limits?: {
      readonly agent: string;
      readonly keepStarts: number;
      readonly dayEndsAtMs?: number;
    };
  }
>;
/** The run succeeded: its events, and no others, are acknowledged. */
export type RunRan = Envelope<
  "run.ran",
  CountedFacts &
    GatedFacts & {
      readonly wakeId: string;
      readonly runId: string;
      readonly eventIds: readonly string[];
      readonly durationMs: number;
      readonly usage?: Usage;
      /** What it said of its usage is no count, and counts for nothing. */
      readonly usageRefused?: true;
      /** When the day ends for which its usage counts: the one on which it became known; absent where no day counts. */
      readonly dayEndsAtMs?: number;
      /** What the session remembers from now on, by name. */
      readonly marks?: Readonly<Record<string, number>>;
      /** Those of the events that the agent was not shown, because they are heartbeat noise. */
      readonly noise?: readonly string[];
      /** What became of the reply; absent where replies are not delivered at all. */
      readonly delivery?: ReplyFate;
      /** For pages and status lights, unless it is switched off. */
      readonly indicator?: "ok" | "alert";
    },
  GatedBody & { readonly reply?: string; readonly media?: readonly string[] }
>;
/** The agent was busy, or was pre-empted: the events stay, no attempt is used up. */
export type RunSkipped = Envelope<
  "run.skipped",
  ElsewhereFacts &
    CountedFacts &
    GatedFacts & {
      readonly wakeId: string;
      readonly runId: string;
      readonly reason: string;
      /** When to try again; `null` ends a wake that has no events. */
      readonly dueAtMs: number | null;
      /** It was stopped on the way, and its agent may have acted: the same events come again under its wake id. */
      readonly aborted?: true;
    },
  GatedBody
>;
/** The run failed, threw, hung or was interrupted: an attempt is used up. */
export type RunFailed = Envelope<
  "run.failed",
  ElsewhereFacts &
    CountedFacts &
    GatedFacts & {
      /** Its provider refused: the agent rests until `dueAtMs`, and no attempt is used up. */
      readonly class?: Refusal;
      readonly wakeId: string;
      readonly runId: string;
      readonly code: string;
      /** When to try again; `null` when given up: the run's events become dead letters. */
      readonly dueAtMs: number | null;
    },
  GatedBody & { readonly error: string }
>;
/** The runtime said that it is busy before a run was begun. */
export type WakePostponed = Envelope<
  "wake.postponed",
  { readonly wakeId: string; readonly reason: string; readonly dueAtMs: number }
>;
/** A policy holds the wake back: it keeps its key, its id and its attempts, and is looked at again when it is due. */
export type WakeHeld = Envelope<
  "wake.held",
  { readonly wakeId: string; readonly reason: HoldReason; readonly dueAtMs: number }
>;
/** A wake that has nothing to do is settled at once and never retried. */
export type WakeDropped = Envelope<
  "wake.dropped",
  ElsewhereFacts & { readonly wakeId: string; readonly reason: string }
>;
/** A caller took events out of the queue itself (`drainSystemEvents`). */
export type EventsDrained = Envelope<"events.drained", { readonly eventIds: readonly string[] }>;
/** Dead letters went back to the end of their queue. */
export type EventsRequeued = Envelope<
  "events.requeued",
  { readonly eventIds: readonly string[]; readonly wakeId: string; readonly dueAtMs: number }
>;
/** Dead letters were given up for good. */
export type EventsDismissed = Envelope<"events.dismissed", { readonly eventIds: readonly string[] }>;
/** The session's queue was emptied, its schedules and deliveries ended and its texts erased. */
export type SessionForgotten = Envelope<
  "session.forgotten",
  { readonly schedules?: readonly string[]; readonly deliveries?: readonly string[] }
>;
/** A user's turn said where its user is: replies that bring no route of their own go there. */
export type RouteNoted = Envelope<"route.noted", { readonly route: Route }>;

/** One line of the log. */
export type LogRecord =
  | EventQueued
  | WakeRequested
  | RunStarted
  | RunRan
  | RunSkipped
  | RunFailed
  | WakePostponed
  | WakeHeld
  | WakeDropped
  | EventsDrained
  | EventsRequeued
  | EventsDismissed
  | SessionForgotten
  | RouteNoted
  | ScheduleRecord
  | DeliveryRecord;

/** The names of all records. */
export type RecordType = LogRecord["type"];

/** The records that end a run. */
export type RunEnd = RunRan | RunSkipped | RunFailed;

export const isRunEnd = (record: LogRecord): record is RunEnd =>
  record.type === "run.ran" || record.type === "run.skipped" || record.type === "run.failed";

export const isDeliveryRecord = (record: LogRecord): record is DeliveryRecord => "deliveryId" in record.facts;

export const isScheduleRecord = (record: LogRecord): record is ScheduleRecord => "scheduleId" in record.facts;

/** Every type this version can fold. A log with any other refuses to open; it is never skipped. */
export const RECORD_TYPES: ReadonlySet<string> = new Set<RecordType>([
  "event.queued",
  "wake.requested",
  "run.started",
  "run.ran",
  "run.skipped",
  "run.failed",
  "wake.postponed",
  "wake.held",
  "wake.dropped",
  "events.drained",
  "events.requeued",
  "events.dismissed",
  "session.forgotten",
  "schedule.set",
  "schedule.fired",
  "schedule.moved",
  "schedule.paused",
  "schedule.resumed",
  "schedule.removed",
  "route.noted",
  "delivery.queued",
  "delivery.started",
  "delivery.sent",
  "delivery.failed",
  "delivery.expired",
  "delivery.requeued",
  "delivery.dismissed",
]);
