import type { Move } from "../past.ts";
import type { LogRecord } from "../core/records.ts";
import { actorsOf, step } from "../core/step.ts";
import { createIntake, type Intake } from "../intake/accept.ts";
import type { Store } from "../log/store.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Clock } from "../run/clock.ts";
import type { Journal, RecordDraft } from "../run/journal.ts";
import { createLeases } from "../run/lease.ts";
import { RunLimits } from "../run/limits.ts";
import { LaneRunner } from "../run/runner.ts";
import type { Settling } from "../run/run-end.ts";
import { createWaker } from "../run/waker.ts";
import type { Host } from "./host.ts";
import { pastOf, timeOf, type Past } from "./past.ts";
import { Moves } from "./steps.ts";

/** A record that was not written, and what it moved. */
interface Written {
  readonly record: LogRecord;
  readonly moves: readonly Move[];
}

/**
 * A lane as it was at a position, in a world of its own, with a clock that is moved by hand and a journal that keeps its
 * records for itself. What decides is what decides live: the intake, the runner and the machines; so a what-if cannot differ.
 * The store is only read.
 */
export class Imaginary {
  readonly past: Past;
  readonly intake: Pick<Intake, "queue" | "request">;
  readonly settling: Settling;
  nowMs: number;
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #written: Written[] = [];
  #taken = 0;

  static async at(host: Host, position: number, sessionKey: string): Promise<Imaginary> {
    const moves = new Moves();
    const past = await pastOf(host, position, sessionKey, moves);
    moves.take();
    return new Imaginary(host, position, past, moves);
  }

  private constructor(host: Host, position: number, past: Past, moves: Moves) {
    this.past = past;
    this.nowMs = timeOf(host.store, position);
    // What hangs on chance is in the middle; nothing rings by itself.
    this.#clock = {
      nowMs: () => this.nowMs,
      random: () => 0.5,
      setTimer: () => () => {},
      afterTurn: () => {},
    };
    this.#journal = this.#journalAfter(host.store, position, moves);
    const { world } = this.past;
    const shared = { world, journal: this.#journal, clock: this.#clock, options: mute(host.options) };
    this.intake = createIntake({ ...shared, store: host.store, guard: () => {}, causeOf: () => undefined });
    this.settling = { ...shared, limits: new RunLimits(shared) };
  }

  /** The records since the last time. */
  take(): readonly Written[] {
    const taken = this.#written.slice(this.#taken);
    this.#taken = this.#written.length;
    return taken;
  }

  /** Starts what is due in the lane, as a turn of the live host does before its commit. */
  startDue(): void {
    const { world, lane } = this.past;
    const entry = world.heartbeat(lane);
    // Its end is a happening of its own.
    if (entry.actor.value === "running") return;
    entry.alarmAtMs = null;
    const timer = { arm() {}, disarm() {} };
    const runner = new LaneRunner({
      world,
      journal: this.#journal,
      waker: createWaker(timer, this.#clock.nowMs),
      store: { *deadlines() {} },
      leases: createLeases(() => {}),
      attribution: { during: (_runId, fn) => fn(), causeOf: () => undefined },
      clock: this.#clock,
      options: this.settling.options,
      quarantine: (_lane, error) => {
        throw error;
      },
    });
    runner.touched(lane);
    runner.startDue();
  }

  #journalAfter(store: Store, start: number, moves: Moves): Journal {
    const { world } = this.past;
    let position = start;
    return {
      get nextPosition() {
        return position + 1;
      },
      write: <D extends RecordDraft>(draft: D) => {
        const { previous } = actorsOf(world, draft as unknown as LogRecord).session;
        position += 1;
        const record = { ...draft, position, previous, atMs: this.nowMs } as unknown as LogRecord;
        step(world, record, moves.watch);
        this.#written.push({ record, moves: moves.take() });
        return record as never;
      },
      together: (work) => work(),
      recordAt: (at) => (at <= start ? store.recordAt(at) : this.#written[at - start - 1]?.record),
      committed: () => Promise.resolve(),
      findDuplicate: () => undefined,
      flush() {},
      reset() {},
    };
  }
}

/** Nobody is asked and nobody is told. */
function mute(options: ResolvedOptions): ResolvedOptions {
  const {
    isBusy: _isBusy,
    onIdle: _onIdle,
    inspect: _inspect,
    clock: _clock,
    store: _store,
    ...rest
  } = options;
  return {
    ...rest,
    run: () => {
      throw new Error("a what-if calls no agent");
    },
  };
}
