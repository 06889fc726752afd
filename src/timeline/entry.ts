import type { HoldReason } from "../vocabulary.ts";

/** Why a session waits: for more to come, for the run before, because the agent was busy, after a failure, or for a policy. */
export type WaitReason = "coalescing" | "behind-run" | "busy" | "backing-off" | HoldReason;

/** What an entry is about: the lanes of a timeline. */
export type EntryKind =
  | "event"
  | "wake"
  | "wait"
  | "run"
  | "ack"
  | "reply"
  | "delivery"
  | "schedule"
  | "session";

/** One line of a session's timeline. Times in milliseconds since the Unix epoch. */
export interface TimelineEntry {
  /** Position of the record that says so. */
  readonly position: number;
  /** When it happened; of what lasted, when it ended; of what still goes on, until when it was counted. */
  readonly atMs: number;
  readonly sessionKey: string;
  readonly kind: EntryKind;
  /** What happened, in plain words; of a wait, what for. Names that others gave may be in it. */
  readonly words: string;
  /** What others wrote: an event, a reply, an error. `null` once forgotten. */
  readonly text?: string | null;
  /** Of what lasted: when it began. */
  readonly fromMs?: number;
  /** Position of the record that it began with, where that was read. */
  readonly sincePosition?: number;
  /** It still goes on. */
  readonly open?: true;
  /** Of a wait that still goes on: until when, at the latest. */
  readonly untilMs?: number;
  readonly reason?: WaitReason;
  /** Whether it went well, where that can be said. */
  readonly ok?: boolean;
  readonly wakeId?: string;
  readonly runId?: string;
  readonly deliveryId?: string;
  readonly eventIds?: readonly string[];
}
