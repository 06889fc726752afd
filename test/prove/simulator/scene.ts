import { createHash, type Hash } from "node:crypto";
import type { Heartbeat, TurnLease } from "../../../src/api.ts";
import type { LogRecord } from "../../../src/core/records.ts";
import { simulatedClock, type SimulatedClock } from "../../support/simulated-clock.ts";
import type { SimulatedAgent } from "./agent.ts";
import type { Answers } from "./deliveries.ts";
import { Disk } from "./disk.ts";
import { Model } from "./model.ts";
import { laneOf, type Lanes, type Plan } from "./plan.ts";
import type { SimulatedProcess } from "./process.ts";
import { Violation } from "./promise.ts";

/** One process from its start to its end, with what the outside knows of it. */
export interface Life {
  readonly process: SimulatedProcess;
  readonly agent: SimulatedAgent;
  readonly heartbeat: Heartbeat;
  /** What it told its subscribers since the last check. */
  readonly told: LogRecord[];
  /** Who waits for an agent to be idle, by session key. */
  readonly idle: Map<string, Set<() => void>>;
  /** What its targets answered. */
  readonly answers: Answers;
  /** User turns that are going on. */
  readonly turns: TurnLease[];
  stopping: boolean;
}

/** What the model knew at some position. */
export interface Moment {
  readonly position: number;
  /** Ids of queued events and dead letters, by session. */
  readonly queues: ReadonlyMap<string, readonly string[]>;
}

/** Everything of one simulation. */
export interface Scene {
  readonly plan: Plan;
  readonly clock: SimulatedClock;
  readonly disk: Disk;
  readonly model: Model;
  readonly hash: Hash;
  /** Today's. */
  lanes: Lanes;
  readonly laneOf: (key: string) => string;
  life: Life;
  /** Stopped when another process took its data; it may wake up again. */
  stale: Life | null;
  /** Whether reads may fail now: not while the simulation itself looks. */
  reading: boolean;
  /** False once faults have stopped. */
  faulty: boolean;
  /** Broken promises seen inside callbacks, whose exceptions the heartbeat would keep to itself. */
  readonly violations: Violation[];
  /** Sent so far, to be sent again now and then. */
  readonly sent: { readonly key: string; readonly text: string }[];
  /** Sessions that were busy when their agent said that it is idle, with where their log ended. */
  readonly idleSignals: { readonly life: Life; readonly key: string; readonly position: number }[];
  /** Moments to go back to. */
  readonly past: Moment[];
  readonly reached: Reached;
}

/** How often each case was really reached, by what people call it. */
export type Reached = Record<string, number>;

export function emptyScene(plan: Plan): Omit<Scene, "life"> {
  const reached: Reached = {};
  const byLanes = {
    session: laneOf(plan, "session"),
    shared: laneOf(plan, "shared"),
    pairs: laneOf(plan, "pairs"),
  };
  const scene: Omit<Scene, "life"> = {
    plan,
    clock: simulatedClock({ seed: plan.seed, startMs: plan.startMs }),
    disk: new Disk(),
    model: new Model(
      plan,
      (key) => scene.laneOf(key),
      (what) => add(reached, what),
    ),
    hash: createHash("sha256"),
    lanes: plan.lanes,
    laneOf: (key) => byLanes[scene.lanes](key),
    stale: null,
    reading: false,
    faulty: true,
    violations: [],
    sent: [],
    idleSignals: [],
    past: [],
    reached,
  };
  return scene;
}

/** Tells the model what was committed. */
export function catchUp({ disk, model, hash }: Scene, wallMs: number): void {
  model.limits.wallMs = wallMs;
  const { position } = model;
  for (const record of disk.store.read({ after: model.position })) {
    hash.update(JSON.stringify(record));
    model.apply(record);
  }
  // A checkpoint alone has no time of its own that the wall clock could be held against.
  if (model.position > position) model.committed();
}

/** Keeps a broken promise for the next check. */
export function watch({ violations }: Pick<Scene, "violations">, check: () => void): void {
  try {
    check();
  } catch (error) {
    violations.push(error instanceof Violation ? error : new Violation(String(error)));
  }
}

export const percent = ({ clock }: Pick<Scene, "clock">, chance: number): boolean =>
  chance > 0 && clock.random() * 100 < chance;

/** One more of these was reached. */
export const count = ({ reached }: Pick<Scene, "reached">, what: string): void => add(reached, what);

function add(reached: Reached, what: string): void {
  reached[what] = (reached[what] ?? 0) + 1;
}
