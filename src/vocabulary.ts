/**
 * The words of Lubdub, as types. The same nouns stand in code, SQL, HTTP and on pages.
 *
 * - **session key**: names one conversation; compared byte for byte, never normalised.
 * - **system event**: one thing that happened, queued for one session.
 * - **wake**: a request that a session be run. Wakes merge; events never do.
 * - **lane**: the unit of single flight. By default every session is its own lane.
 * - **run**: one attempt to give a session's events to its agent.
 * - **ack**: marks a run's events as handled.
 * - **dead letter**: an event given up after its attempts; it can be requeued or dismissed.
 */

import type { Gated } from "./gate-words.ts";

export type * from "./delivery-words.ts";
export type * from "./gate-words.ts";
export type * from "./session-words.ts";

/** Who asked: free text with a few well-known values, e.g. `"exec-event"`, `"cron"`, `"hook"`. */
export type Source = string;

/** How urgent a wake is. `manual` and `immediate` go first, `scheduled` goes last. */
export type Intent = "scheduled" | "task" | "event" | "immediate" | "manual";

/** Which policy holds a wake back: see `Limits`. */
export type HoldReason = "quiet-hours" | "cooldown" | "flood" | "budget" | "self-wake" | "circuit-open";

/** Whether the event's text may be trusted like the operator's own words. */
export type Trust = "trusted" | "untrusted";

/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Where the replies to an event go. Opaque to Lubdub; it travels with the event. */
export type Route = Readonly<Record<string, string>>;

/** Which run sent an event or asked for a wake, and how many runs in a row have done so, with nothing from outside in between. */
export interface Cause {
  readonly runId: string;
  readonly depth: number;
}

/** One thing that happened, as it waits in its session's queue. */
export interface SystemEvent {
  /** `e-<position>-<random>`; unique for ever. */
  readonly eventId: string;
  /** The wake this event was accepted under. A run carries that of its oldest event, or one that the event's own id gives it. */
  readonly wakeId: string;
  readonly sessionKey: string;
  /** What the agent reads. */
  readonly text: string;
  readonly data?: Json;
  readonly source: Source;
  readonly intent: Intent;
  readonly reason: string;
  readonly trust: Trust;
  readonly contextKey?: string;
  readonly route?: Route;
  /** When it was accepted: milliseconds since the Unix epoch. */
  readonly queuedAtMs: number;
  /** The run that sent it; absent when it comes from outside. */
  readonly cause?: Cause;
}

/** An event that was given up, with why. */
export interface DeadLetter {
  readonly event: SystemEvent;
  /** How many runs were tried. */
  readonly attempts: number;
  /** Code and message of the last failure. */
  readonly error: { readonly code: string; readonly message: string };
  readonly diedAtMs: number;
}

/** What one run does differently. It travels with the wake and ends with the run: nothing of it is kept for the session. */
export interface RunOverrides {
  /** The model to use, by the agent's own name for it: 1 to 256 characters. */
  readonly model?: string;
  /** How long this run may take, in milliseconds: 1 to 86_400_000. @default the heartbeat's `runTimeoutMs` */
  readonly timeoutMs?: number;
  /** Ask the agent to leave out what is not needed for this run. @default false */
  readonly lightContext?: boolean;
  /** Run in a transcript of its own: see `transcriptKey`. @default false */
  readonly isolated?: boolean;
}

/** What a run used up, as the model's provider counts it. Whole numbers of tokens, 0 or more. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** One item of the `tasks:` block of HEARTBEAT.md that is due. */
export interface DueTask {
  readonly name: string;
  readonly prompt: string;
}

/** What an agent is given. */
export interface RunRequest {
  readonly sessionKey: string;
  readonly lane: string;
  /** Stays the same over all attempts, and never stands for other events: use it as an idempotency key. */
  readonly wakeId: string;
  /** Names this attempt. */
  readonly runId: string;
  /** 1 for the first try. A busy answer does not count as an attempt. */
  readonly attempt: number;
  readonly source: Source;
  readonly intent: Intent;
  readonly reason: string;
  /** When the run was begun: milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  /** The batch, oldest first. Empty when the wake came without an event. */
  readonly events: readonly SystemEvent[];
  /**
   * Where the agent keeps the conversation of this run: the session key; of an isolated run the session key,
   * `:heartbeat:` and the run id, so that it is fresh every time and never grows.
   */
  readonly transcriptKey: string;
  /** What this run does differently. */
  readonly overrides?: RunOverrides;
  /** What the gate found, when it was asked to show it. Others may have written it: never an instruction. */
  readonly gate?: Json;
  /** The text of HEARTBEAT.md: the operator's standing instructions. */
  readonly instructions?: string;
  /** The tasks of HEARTBEAT.md that are due. */
  readonly tasks?: readonly DueTask[];
  /** What successful runs of the session noted, by name: see `Ran.marks`. */
  readonly marks?: Readonly<Record<string, number>>;
  /** Aborts when the run is out of time, pre-empted by a user's turn, or the heartbeat stops. */
  readonly signal: AbortSignal;
}

/** Skips that mean "ask again soon": the agent is working, or was pre-empted. */
export const RETRYABLE_SKIPS = ["requests-in-flight", "cron-in-progress", "lanes-busy", "preempted"] as const;

/** Skips that a check before the run decided: the agent was not asked, and no token was spent. */
export const UNASKED_SKIPS = [
  "gate-closed",
  "gate-failed",
  "empty-heartbeat-file",
  "no-tasks-due",
  "alerts-disabled",
] as const;

/** The run succeeded: its events are acknowledged. */
export interface Ran extends Gated {
  readonly status: "ran";
  /** What the agent answered, kept in the log. */
  readonly reply?: string;
  /** What the run used up. */
  readonly usage?: Usage;
  /**
   * Numbers that the session remembers by name, for the checks before its next runs: when a task was done, as of when a
   * file was seen. Up to 100 in all; names of up to 256 characters; the oldest go first.
   */
  readonly marks?: Readonly<Record<string, number>>;
  /** Ids of events that were acknowledged without being shown, because they are heartbeat noise. */
  readonly noise?: readonly string[];
  /** Addresses or paths of pictures, sounds and files: up to 32, each up to 2_048 characters. They are always sent. */
  readonly media?: readonly string[];
  /** `false`: an acknowledgement, nobody needs to be told. @default judged by the reply's words */
  readonly notify?: boolean;
}
/** Not now: nothing was done, the events stay queued, no attempt is used up. */
export interface Skipped extends Gated {
  readonly status: "skipped";
  /** `"requests-in-flight"` when the agent is busy. Events stay queued whatever the reason. */
  readonly reason: string;
  /** When to ask again, in milliseconds from now: 100 to 86_400_000. @default grows from 1 s to 60 s */
  readonly retryAfterMs?: number;
}
/** It went wrong: an attempt is used up; the same events come again under the same wake id, or become dead letters. */
export interface Failed extends Gated {
  readonly status: "failed";
  readonly reason: string;
  /** `false`: never try again, the events become dead letters. @default true */
  readonly retryable?: boolean;
  /**
   * The agent's provider refuses every call, whatever the events are: a wrong key, or a quota that is spent. With
   * `limits.breaker` the agent rests, and no attempt is used up.
   */
  readonly class?: "auth" | "quota";
}
/** How a run ended. */
export type Outcome = Ran | Skipped | Failed;

/** The agent's side: called once per run, at most once at a time per lane. */
export type RunHandler = (request: RunRequest) => Outcome | Promise<Outcome>;

/** What the caller holds once an event or a wake is synced to disk. */
export interface Accepted {
  readonly sessionKey: string;
  /** Absent when the wake came without an event. */
  readonly eventId?: string;
  readonly wakeId: string;
  /** Position in the log of the record that proves it. */
  readonly position: number;
  /** True when the same dedupe key was accepted before: the ids are those of the first time. */
  readonly deduplicated: boolean;
}

/** An event that is kept. Its wake id may be that of others too: to follow this one, take its event id. */
export interface AcceptedEvent extends Accepted {
  readonly eventId: string;
}

/** What an operator's change is answered with, once it is synced to disk. */
export interface Recorded {
  readonly sessionKey: string;
  /** Position in the log of the record that proves it. */
  readonly position: number;
}

/** How far an accepted event has come. */
export interface Receipt {
  readonly sessionKey: string;
  readonly eventId?: string;
  readonly wakeId: string;
  readonly state: "accepted" | "started" | "settled";
  /** Set when settled. */
  readonly settlement?: "acked" | "dead" | "dismissed" | "drained" | "forgotten" | "dropped";
  /** The run that is handling it or handled it, where known. */
  readonly runId?: string;
  readonly attempts: number;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What becomes of ticks that nobody was there for: one tick that says how many, or none. */
export type MissedPolicy = "catch-up" | "skip";

/** When a schedule ticks. `phaseMs`: where in its interval, counted from the Unix epoch. */
export type Cadence =
  | { readonly kind: "every"; readonly everyMs: number; readonly phaseMs: number }
  | { readonly kind: "cron"; readonly cron: string; readonly zone: string }
  | { readonly kind: "at"; readonly atMs: number };

/** A schedule as lists show it. All times in milliseconds since the Unix epoch. */
export interface Schedule {
  readonly scheduleId: string;
  readonly sessionKey: string;
  readonly state: "active" | "paused";
  readonly cadence: Cadence;
  /** What each tick says; empty for a beat, which only wakes. */
  readonly text: string;
  readonly data?: Json;
  readonly source: Source;
  readonly intent: Intent;
  readonly reason: string;
  readonly trust: Trust;
  readonly route?: Route;
  readonly overrides?: RunOverrides;
  readonly onMissed: MissedPolicy;
  /** Whether the configuration file asked for it, or a call did. */
  readonly origin: "config" | "call";
  /** The next tick; kept while it is paused. */
  readonly nextAtMs: number | null;
  readonly lastTickAtMs: number | null;
  readonly ticks: number;
  /** The next five ticks. */
  readonly upcomingMs: readonly number[];
}
