import type { LogRecord } from "../core/records.ts";
import type { Place } from "../core/step.ts";
import type { World } from "../core/world.ts";
import type { LubdubError } from "../errors.ts";
import type { Intake } from "../intake/accept.ts";
import type { Store } from "../log/store.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Clock } from "../run/clock.ts";
import type { Journal } from "../run/journal.ts";
import type { Leases } from "../run/lease.ts";
import type { Courier } from "../run/courier.ts";
import type { Runner } from "../run/runner.ts";
import type { ScheduleIndex } from "../run/schedule-index.ts";
import type { Scheduler } from "../run/scheduler.ts";
import type { Waker } from "../run/waker.ts";

/** One process, one store: the machines, the log, the clock and the runner put together. */
export interface Host {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly store: Store;
  readonly world: World;
  readonly journal: Journal;
  readonly leases: Leases;
  readonly runner: Runner;
  readonly courier: Courier;
  readonly waker: Waker;
  readonly intake: Intake;
  readonly scheduler: Scheduler;
  readonly scheduleIndex: ScheduleIndex;
  /** `running -> stopping -> closed`, or `store-failed` once the store cannot be trusted any more. */
  readonly state: HostState;
  readonly failure: LubdubError | null;
  /** Lanes that could not be read from the store; all others go on. */
  readonly quarantined: ReadonlyMap<string, LubdubError>;
  /** Sets a lane or a schedule aside for a while: something of it could not be read. */
  quarantine(place: Place, error: unknown): void;
  /** Counts since the start: committed records by type, runs whose agent was not asked by reason, tokens. */
  readonly counts: Record<string, number>;
  /** Throws once nothing can be read: closed, or the store has failed. */
  guardRead(): void;
  /** Throws while nothing may be accepted. */
  guard(): void;
  /**
   * Calls back with the records of each commit, in order; `onClosed` once, when the heartbeat closes or its store fails.
   * @returns unsubscribes
   */
  subscribe(listener: (record: LogRecord) => void, onClosed?: (error: LubdubError) => void): () => void;
  stop(graceMs: number): Promise<void>;
}

export type HostState = "running" | "stopping" | "closed" | "store-failed";
