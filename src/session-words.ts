import type { HoldReason } from "./vocabulary.ts";

/** Why a session is not awake yet, and until when. */
export interface Why {
  readonly sessionKey: string;
  readonly lane: string;
  /** Stable word for programs. */
  readonly code:
    | "nothing-queued"
    | "coalescing"
    | "waiting-for-slot"
    | "waiting-for-lane"
    | "user-turn"
    | "running"
    | "busy"
    | "backing-off"
    | "gate-closed"
    | "gate-failed"
    | HoldReason
    | "stopping"
    | "store-failed"
    | "dead-letters";
  /** A plain sentence for people. */
  readonly sentence: string;
  /** When it will be looked at again, in milliseconds since the Unix epoch, if a time is known. */
  readonly untilMs: number | null;
  readonly queued: number;
  readonly dead: number;
  /** `busy`, `backing-off`: how often the agent was busy, or the run failed. */
  readonly times?: number;
  /** `running`: the run that is going on. */
  readonly runId?: string;
  /** `waiting-for-lane`: the session that its lane works for; absent when it still stands in a lane of an earlier `laneOf`. */
  readonly ahead?: string;
  /** `store-failed`: how. */
  readonly failure?: string;
}

/** A session that is awake, or waits to be. */
export interface WaitingSession extends SessionSummary {
  /** Since when: the time of its oldest event, or of the request when it came without one. Milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  readonly why: Why;
}

/** A session as lists show it. */
export interface SessionSummary {
  readonly sessionKey: string;
  readonly lane: string;
  /**
   * State of the lane's heartbeat, as far as this session is concerned. `damaged`: what is stored of it cannot be read, so the
   * figures are unknown and stand at 0; the status says what is wrong.
   */
  readonly state: "idle" | "pending" | "running" | "retrying" | "damaged";
  readonly queued: number;
  readonly dead: number;
  readonly oldestQueuedAtMs: number | null;
  /** When the lane is due next, in milliseconds since the Unix epoch. */
  readonly dueAtMs: number | null;
}
