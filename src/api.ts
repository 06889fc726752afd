import type { LogRecord } from "./core/records.ts";
import type { DeliveryPage, PageOptions, WaitingPage, WaitingPageOptions } from "./paging.ts";
import type { StateAt, StateOptions, Steps, StepsOptions, WhatIf, WhatIfOptions } from "./past.ts";
import type { WakeChain } from "./chain.ts";
import type { ReadOptions } from "./read-options.ts";
import type {
  Accepted,
  AcceptedEvent,
  DeadLetter,
  Delivery,
  Intent,
  Json,
  MissedPolicy,
  Outcome,
  Receipt,
  Recorded,
  Route,
  RunOverrides,
  Schedule,
  SessionSummary,
  Source,
  SystemEvent,
  Trust,
  Why,
} from "./vocabulary.ts";

export type * from "./paging.ts";
export type * from "./past.ts";
export type * from "./chain.ts";
export type * from "./read-options.ts";

/** What is said about a wake. */
export interface WakeOptions {
  /** 1 to 512 bytes of UTF-8 without control characters; compared byte for byte. */
  readonly sessionKey: string;
  /** Who asks: 1 to 64 characters. @default "other" */
  readonly source?: Source;
  /** @default "event" with an event, "immediate" without one */
  readonly intent?: Intent;
  /** For the log and the agent: up to 256 characters. @default the source */
  readonly reason?: string;
  /**
   * How long to wait for more before the run, in milliseconds: 0 to 86_400_000. A sooner request pre-empts, a later one
   * does not delay. @default the heartbeat's `coalesceMs`; 0 for `manual` and `immediate`
   */
  readonly coalesceMs?: number;
  /**
   * The run that asks, by its run id: up to 64 characters. What a run causes is bounded by `limits.selfWakes`.
   * @default the run that the call is made in; none when it comes from outside
   */
  readonly cause?: string;
  /** What its run does differently: over with that run. When wakes merge, those of the more urgent one hold. @default none */
  readonly overrides?: RunOverrides;
}

/** What is said about a wake for now: the call gives the intent. */
export type NowOptions = Omit<WakeOptions, "intent">;

/** What is said about a wake whose outcome is waited for: the call gives intent and `coalesceMs`. */
export type OnceOptions = Omit<WakeOptions, "intent" | "coalesceMs">;

/** What is said about an event. */
export interface EventOptions extends WakeOptions {
  /** JSON for the agent beside the text, up to 64 KiB in all. */
  readonly data?: Json;
  /** The same key within the dedupe window makes one event in its session: 1 to 256 bytes, none of them control characters; compared byte for byte. */
  readonly dedupeKey?: string;
  /** Groups events of one matter: up to 256 characters. */
  readonly contextKey?: string;
  /** Where replies go; travels with the event. */
  readonly route?: Route;
  /** @default "untrusted" */
  readonly trust?: Trust;
}

/** What is said about a schedule: exactly one of `everyMs`, `cron` and `atMs`. */
export interface ScheduleOptions extends Omit<EventOptions, "dedupeKey" | "contextKey" | "coalesceMs"> {
  /** 1 to 128 letters, digits, dots, colons, dashes and underscores. Setting the same id again changes the schedule. */
  readonly scheduleId: string;
  /**
   * An interval in milliseconds: 1_000 to 315_360_000_000 (ten years); 0 turns the schedule off. Where in the interval it ticks
   * follows from its id: a restart does not move it, and schedules of one interval do not tick together.
   */
  readonly everyMs?: number;
  /** A cron expression of five fields, or six with seconds. */
  readonly cron?: string;
  /** IANA name of the time zone of `cron`. @default "UTC" */
  readonly zone?: string;
  /** Once, at this time: milliseconds since the Unix epoch, in the future. */
  readonly atMs?: number;
  /** What each tick says to the agent. @default none: a beat, which wakes the session with whatever is queued */
  readonly text?: string;
  /** Ticks that nobody was there for: one tick that says how many (`catch-up`), or none (`skip`). @default "catch-up" */
  readonly onMissed?: MissedPolicy;
  /** Who asks for it: the daemon's configuration, or a call. @default "call" */
  readonly origin?: "config" | "call";
}

/** A live view of one session. */
export interface SessionView extends SessionSummary {
  readonly events: readonly SystemEvent[];
  readonly deadLetters: readonly DeadLetter[];
  /** Where its user was last; `null` when no turn ever said so. */
  readonly route: Route | null;
  /** Its replies that are on their way or dead. */
  readonly deliveries: readonly Delivery[];
  readonly run: {
    readonly runId: string;
    readonly wakeId: string;
    readonly attempt: number;
    readonly startedAtMs: number;
  } | null;
  readonly why: Why;
}

/** Held while anyone works in a lane. */
export interface TurnLease extends AsyncDisposable {
  readonly sessionKey: string;
  readonly lane: string;
  /** Safe to call twice. */
  release(): void;
}

/** How to wait for a lane. */
export interface TurnOptions {
  /** Abort a heartbeat's run that is going on in the lane (it counts as busy). `false` waits for it. @default true */
  readonly preempt?: boolean;
  /**
   * Where the user is: replies that bring no route of their own go there from now on. Only a user's own turn may say it: inside
   * a run, and inside another turn, it is ignored.
   */
  readonly route?: Route;
  /** Stops waiting for the lane; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * A heartbeat: the same interface in process (`createHeartbeat`) and over HTTP (`lubdub/client`).
 *
 * Every promise that hands out an `Accepted` or `Recorded` resolves after the commit: what it names is synced to disk. All methods
 * reject with a `LubdubError`; `LUBDUB_CLOSED` after `close`, `LUBDUB_STOPPING` while it stops, and with the store's error
 * once the store has failed.
 */
export interface Heartbeat extends AsyncDisposable {
  /**
   * Queues one event without asking for a run: it is shown by the session's next run, at the latest after `lingerMs`.
   * @param text - 1 to 32_768 bytes of UTF-8 after trimming.
   */
  enqueueSystemEvent(text: string, options: EventOptions): Promise<AcceptedEvent>;
  /** Queues one event and wakes its session, in one transaction. The call to use when work ends. */
  wake(text: string, options: EventOptions): Promise<AcceptedEvent>;
  /** Asks for a run of the session, with whatever is queued. */
  requestHeartbeat(options: WakeOptions): Promise<Accepted>;
  /** `requestHeartbeat` with intent `immediate`. @throws LubdubError `LUBDUB_INPUT_INVALID` for an intent */
  requestHeartbeatNow(options: NowOptions): Promise<Accepted>;
  /** Wakes the session now (intent `manual`) and waits for the next outcome of its run: `ran`, `skipped` or `failed`. */
  runHeartbeatOnce(options: OnceOptions): Promise<Outcome>;

  /** The events that are queued for the session, oldest first, without taking them. */
  peekSystemEvents(sessionKey: string): Promise<readonly SystemEvent[]>;
  /** Takes the queued events that no run holds, oldest first: they count as handled. */
  drainSystemEvents(sessionKey: string): Promise<readonly SystemEvent[]>;

  /** Runs `fn`, a user's turn, while holding the lane of the session: no heartbeat run overlaps it. */
  withTurn<T>(sessionKey: string, fn: () => T | Promise<T>, options?: TurnOptions): Promise<T>;
  /** The lease behind `withTurn`, for turns that are not one function. */
  acquireTurn(sessionKey: string, options?: TurnOptions): Promise<TurnLease>;
  /** Whether a turn or a run holds the session's lane. */
  isBusy(sessionKey: string): Promise<boolean>;
  /** Calls back once, when nothing holds the session's lane any more. @returns stops waiting */
  onIdle(sessionKey: string, callback: () => void): () => void;

  why(sessionKey: string): Promise<Why>;
  /** @param id - an event id or a wake id. @throws LubdubError `LUBDUB_NOT_FOUND` */
  receipt(id: string): Promise<Receipt>;
  /** Everything that belongs to it. @param id - of an event, a wake, a run or a delivery. @throws LubdubError `LUBDUB_NOT_FOUND` */
  chain(id: string): Promise<WakeChain>;
  /** Resolves when the event or wake has come this far; rejects with the signal's reason. */
  waitFor(
    id: string,
    state: "started" | "settled",
    options?: { readonly signal?: AbortSignal },
  ): Promise<Receipt>;

  /** Sessions with something queued, dead, or known, by key. */
  sessions(page?: PageOptions): Promise<readonly SessionSummary[]>;
  /**
   * The sessions that are awake or wait, oldest wait first, each with why. The first call looks through all lanes (about 2 s for
   * 100,000 that wait, in small steps); then the list is kept up to date for as long as it is asked for once a minute.
   */
  waiting(page?: WaitingPageOptions): Promise<WaitingPage>;
  /** @throws LubdubError `LUBDUB_NOT_FOUND` for a session never heard of */
  session(sessionKey: string): Promise<SessionView>;
  deadLetters(page?: PageOptions): Promise<readonly DeadLetter[]>;
  /** Replies that are on their way or dead, by id. */
  deliveries(page?: DeliveryPage): Promise<readonly Delivery[]>;
  /**
   * Puts a dead letter back at the end of its queue under its id, and wakes; or a dead delivery back into the line for its
   * destination. @param id - an event id or a delivery id. @throws LubdubError `LUBDUB_NOT_FOUND`
   */
  requeue(id: string): Promise<Accepted>;
  /** Gives up a dead letter, or a delivery that is dead or waits, for good. @throws LubdubError `LUBDUB_NOT_FOUND` */
  dismiss(id: string): Promise<Recorded>;

  /**
   * Makes a schedule, or changes it; its cadence unchanged, it keeps its next tick. Its ticks have intent `scheduled`; with a text
   * they are events (source `cron`, trusted unless said otherwise), without one they only wake.
   * @returns null when it is turned off. @throws LubdubError `LUBDUB_SCHEDULE_INVALID`
   */
  setSchedule(options: ScheduleOptions): Promise<Schedule | null>;
  /** Ends a schedule. What its ticks have queued stays. @throws LubdubError `LUBDUB_NOT_FOUND` */
  removeSchedule(scheduleId: string): Promise<Recorded>;
  pauseSchedule(scheduleId: string): Promise<Schedule>;
  /** Goes on with the first tick to come; those of the pause are not made up for. @throws LubdubError `LUBDUB_SCHEDULE_INVALID` when none is to come */
  resumeSchedule(scheduleId: string): Promise<Schedule>;
  /** One tick now (intent `manual`), also while it is paused; its cadence stays as it is. */
  runSchedule(scheduleId: string): Promise<Schedule>;
  schedule(scheduleId: string): Promise<Schedule>;
  /** By id. */
  schedules(page?: PageOptions): Promise<readonly Schedule[]>;

  /** Committed records in order, oldest first. */
  read(options?: ReadOptions): Promise<readonly LogRecord[]>;
  /** Calls back with every record after its commit, in order. @returns unsubscribes */
  subscribe(listener: (record: LogRecord) => void): () => void;
  /** Folds the log up to this position: the state as it was. */
  stateAt(position: number, options?: StateOptions): Promise<StateAt>;
  /** A session's records with what each of them moved. */
  steps(options: StepsOptions): Promise<Steps>;
  /** What would have come of it, if something else had happened at a past position. Nothing is written, nobody is woken. */
  whatIf(options: WhatIfOptions): Promise<WhatIf>;
  /**
   * Empties the session's queue and erases its texts from log and snapshots for good; ids and times stay. Refused with the store's
   * error while something cannot be read that is the session's, or may be: a schedule that is set aside (see `status`).
   */
  forget(sessionKey: string): Promise<Recorded>;
  /** Writes a consistent copy into a new file. */
  backup(file: string): Promise<void>;
  status(): Promise<Status>;

  /**
   * Stops: takes nothing new, lets runs end for `graceMs`, then aborts them. What is unfinished stays queued on disk.
   * Safe to call twice.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** An agent that is not called for a while: its circuit is open. */
export interface RestingAgent {
  readonly agentId: string;
  readonly refusal: "auth" | "quota";
  /** Then one run is tried: milliseconds since the Unix epoch. */
  readonly untilMs: number;
  /** One run is being tried. */
  readonly probing: boolean;
}

/** Health and counts. */
export interface Status {
  readonly state: "running" | "stopping" | "closed" | "store-failed";
  readonly store: string;
  readonly position: number;
  readonly liveActors: number;
  readonly runsInFlight: number;
  readonly lanesDue: number;
  /** Replies on their way, also those that wait for their turn. */
  readonly deliveriesOpen: number;
  readonly counts: Readonly<Record<string, number>>;
  /** Lanes that cannot be read from the store, and why; all others go on. `lubdub doctor` says more. */
  readonly quarantined?: readonly {
    readonly lane: string;
    readonly code: string;
    readonly message: string;
  }[];
  /** Up to 100 agents that rest, because their provider refuses every call; absent when there are none. */
  readonly resting?: readonly RestingAgent[];
  /** Why the store failed, if it did. */
  readonly cause?: { readonly code: string; readonly message: string };
}
