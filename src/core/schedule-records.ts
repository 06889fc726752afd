import type { Cadence } from "../../machines/index.ts";
import type { Intent, Json, MissedPolicy, Route, RunOverrides, Source, Trust } from "../vocabulary.ts";
import type { Envelope } from "./records.ts";

interface ScheduleFacts {
  readonly scheduleId: string;
}
interface NextTick {
  /** The next tick; `null` when there is none. */
  readonly nextAtMs: number | null;
}

/** A schedule was made, or changed. */
export type ScheduleSet = Envelope<
  "schedule.set",
  ScheduleFacts &
    NextTick & {
      readonly cadence: Cadence;
      readonly source: Source;
      readonly intent: Intent;
      readonly reason: string;
      readonly trust: Trust;
      readonly onMissed: MissedPolicy;
      readonly origin: "config" | "call";
      readonly route?: Route;
      readonly overrides?: RunOverrides;
    },
  { readonly text: string; readonly data?: Json }
>;
/** A tick: the event or wake that it makes is the next record of the same commit. */
export type ScheduleFired = Envelope<
  "schedule.fired",
  ScheduleFacts &
    NextTick & {
      readonly tickAtMs: number;
      /** Ticks before it that nobody was there for. */
      readonly missed: number;
      /** The event that it queues; `null` for a beat, and when `skipped`. */
      readonly eventId: string | null;
      /** Why it wakes nobody, if it does not. */
      readonly skipped?: "missed" | "still-queued" | "queue-full";
    }
>;
/** The wall clock was set back: the next tick was looked up anew. */
export type ScheduleMoved = Envelope<
  "schedule.moved",
  ScheduleFacts & NextTick & { readonly reason: string }
>;
export type SchedulePaused = Envelope<"schedule.paused", ScheduleFacts>;
export type ScheduleResumed = Envelope<"schedule.resumed", ScheduleFacts & NextTick>;
export type ScheduleRemoved = Envelope<"schedule.removed", ScheduleFacts>;

/** What happens to a schedule. */
export type ScheduleRecord =
  | ScheduleSet
  | ScheduleFired
  | ScheduleMoved
  | SchedulePaused
  | ScheduleResumed
  | ScheduleRemoved;
