import type { World } from "../core/world.ts";
import type { Store } from "../log/store.ts";
import type { ResolvedOptions } from "../options.ts";
import { wallClockOf, type Clock } from "./clock.ts";
import type { Journal } from "./journal.ts";
import { leaveOldLane } from "./lane-changed.ts";
import type { RunLimits } from "./limits.ts";

interface QuietWatchParts {
  readonly world: World;
  readonly store: Pick<Store, "deadlines">;
  readonly journal: Pick<Journal, "write" | "together" | "recordAt" | "flush">;
  readonly clock: Clock;
  readonly options: ResolvedOptions;
  readonly limits: RunLimits;
  /** Told of a lane that cannot be read. */
  readonly quarantine: (lane: string, error: unknown) => void;
}

/** The two clocks part by less in everyday corrections. */
const JUMP_NOTICED_MS = 60_000;
/** So many lanes are looked at in one turn of the event loop; the rest follows in the next. */
const LOOKS_PER_TURN_MAX = 500;

/**
 * Deadlines are on the steady clock, quiet hours on the wall clock. When the wall clock jumps against the steady one, and at
 * each start, what quiet hours hold back is asked again until when, and its deadline follows.
 */
export class QuietWatch {
  readonly #parts: QuietWatchParts;
  readonly #wallMs: () => number;
  /** How far the steady clock was ahead when deadlines were last as the wall clock says; null: not known since a start. */
  #aheadMs: number | null = null;
  #lanes: Iterator<string> | null = null;
  /** What a lane holds back cannot be moved while it runs. */
  readonly #running = new Set<string>();

  constructor(parts: QuietWatchParts) {
    this.#parts = parts;
    this.#wallMs = wallClockOf(parts.options);
  }

  /** Moves what must be moved, as part of the turn's commit. */
  look(): void {
    const { clock, options, journal } = this.#parts;
    if ((options.limits?.quietHours ?? []).length === 0) return;
    const aheadMs = clock.nowMs() - this.#wallMs();
    if (this.#aheadMs === null || Math.abs(aheadMs - this.#aheadMs) > JUMP_NOTICED_MS) {
      this.#aheadMs = aheadMs;
      this.#lanes = this.#allLanes();
    }
    const running = new Set(this.#running);
    this.#running.clear();
    for (const lane of running) this.#lookAt(lane);
    for (let left = LOOKS_PER_TURN_MAX; left > 0 && this.#lanes !== null; left--) {
      const { value, done } = this.#lanes.next();
      if (done === true) this.#lanes = null;
      else this.#lookAt(value);
    }
    if (this.#lanes !== null) clock.setTimer(0, () => journal.flush());
  }

  /** What was moved may be lost with a failed commit. */
  reset(): void {
    this.#aheadMs = null;
    this.#lanes = null;
    this.#running.clear();
  }

  *#allLanes(): Generator<string, undefined> {
    const { world, store } = this.#parts;
    yield* world.heartbeats.keys();
    for (const { key } of store.deadlines("heartbeat")) yield key;
  }

  #lookAt(lane: string): void {
    const { world, journal, limits, quarantine } = this.#parts;
    try {
      const { value, context } = world.peekHeartbeat(lane).actor;
      const quiet = [...context.pending].filter(({ hold }) => hold === "quiet-hours");
      if (value === "running" && quiet.length > 0) return void this.#running.add(lane);
      for (const wake of quiet) {
        // What stands in a lane of before is asked anew in its session's lane of today.
        if (world.laneOf(wake.sessionKey) !== lane) {
          leaveOldLane(this.#parts, lane, wake);
          continue;
        }
        const moved = limits.holdAnew(wake, world.peekSession(wake.sessionKey).actor.context);
        if (moved !== null) journal.write(moved);
      }
    } catch (error) {
      quarantine(lane, error);
    }
  }
}
