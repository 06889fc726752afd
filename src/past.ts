import type { ActorKind } from "./core/actor.ts";
import type { LogRecord } from "./core/records.ts";
import type { EventOptions, WakeOptions } from "./api.ts";
import type { Outcome, Why } from "./vocabulary.ts";

/** The state at one position, as plain data. Keys are sorted. */
export interface StateAt {
  readonly position: number;
  readonly atMs: number;
  readonly sessions: Readonly<Record<string, unknown>>;
  readonly heartbeats: Readonly<Record<string, unknown>>;
  /** Agents that have limits, by id. */
  readonly agents: Readonly<Record<string, unknown>>;
  readonly schedules: Readonly<Record<string, unknown>>;
  readonly deliveries: Readonly<Record<string, unknown>>;
  /** Only asked for one session: position of its newest record up to here; 0 if there is none. */
  readonly newest?: number;
  /** Actors that are missing above: what is stored of them is damaged. */
  readonly damaged?: readonly { readonly kind: ActorKind; readonly key: string; readonly message: string }[];
}

/** How much of the state to answer. */
export interface StateOptions {
  /**
   * Only what belongs to this session: itself, its lane, its agent, its open deliveries, and those of its schedules that are there
   * today or changed since the checkpoint before. Costs what its records since that checkpoint cost, however long the log is.
   * @default everything
   */
  readonly sessionKey?: string;
}

/** One actor went from one state to another; or stayed, with other contents. */
export interface Move {
  readonly kind: ActorKind;
  readonly key: string;
  /** What the actor was sent. */
  readonly event: string;
  readonly from: string;
  readonly to: string;
}

/** A record, and what it did. */
export interface Step {
  readonly record: LogRecord;
  readonly moves: readonly Move[];
  /** After it: of the session and of its lane. */
  readonly states: { readonly session: string; readonly heartbeat: string };
}

/** Which steps to answer. */
export interface StepsOptions {
  readonly sessionKey: string;
  /** Those after this position. @default 0: from the oldest still held */
  readonly after?: number;
  /** At most this many, 1 to 1_000. @default 100 */
  readonly limit?: number;
}

/** Steps of one session, in order; what its agent did, which all its sessions move, is not among them. One answer looks at 40_000 records of the log at most. */
export interface Steps {
  readonly steps: readonly Step[];
  /** How far the log was looked at: pass it as `after` for what follows. */
  readonly upTo: number;
  /** Where the session works: what its neighbours there do moves it too. */
  readonly lane: string;
  /** Of the session and of its lane, after `upTo`: later than the last step, if a neighbour moved the lane since. */
  readonly states: Step["states"];
}

/** Something that did not happen. */
export type Happening =
  /** An event is queued, and wakes its session. */
  | ({ readonly type: "event.queued"; readonly text: string } & HypotheticalEvent)
  | ({ readonly type: "wake.requested" } & Pick<WakeOptions, "source" | "intent" | "reason" | "coalesceMs">)
  /** Time goes by: so much of it, in milliseconds up to 31_536_000_000 (a year); @default until the lane's next deadline */
  | { readonly type: "time.passed"; readonly byMs?: number }
  /** The run that is going on in the lane ends. */
  | { readonly type: "run.answered"; readonly outcome: Outcome };

type HypotheticalEvent = Pick<
  EventOptions,
  "source" | "intent" | "reason" | "coalesceMs" | "trust" | "contextKey" | "route"
>;

/** What to imagine, and from when on. */
export interface WhatIfOptions {
  readonly sessionKey: string;
  /** As it was at this position. */
  readonly position: number;
  /** 1 to 50, one after the other. */
  readonly happenings: readonly Happening[];
}

/** What would have come of a happening. */
export interface Imagined {
  readonly happening: Happening;
  /** When it is over. */
  readonly atMs: number;
  /** What would have been logged. */
  readonly steps: readonly Step[];
  /** Why the session would not be awake by then, and until when. */
  readonly why: Why;
  /** Why it could not happen; nothing has changed by it. */
  readonly refused?: { readonly code: string; readonly message: string };
}

/** What would have been. Nothing of it was written. */
export interface WhatIf {
  readonly position: number;
  readonly lane: string;
  readonly imagined: readonly Imagined[];
  /** At the end. */
  readonly states: Step["states"];
}
