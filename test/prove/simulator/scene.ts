import { createHash, type Hash } from "node:crypto";
import type { Heartbeat, TurnLease } from "../../../src/api.ts";
import { positionOf } from "../../../src/core/ids.ts";
import type { LogRecord } from "../../../src/core/records.ts";
import { createHeartbeat } from "../../../src/heartbeat.ts";
import { memoryStore } from "../../../src/log/memory.ts";
import type { Store } from "../../../src/log/store.ts";
import type { RunRequest } from "../../../src/vocabulary.ts";
import { simulatedClock, type SimulatedClock } from "../../support/simulated-clock.ts";
import { simulatedAgent, type SimulatedAgent } from "./agent.ts";
import { Model } from "./model.ts";
import { must, Violation } from "./promise.ts";
import { laneOf, type Plan } from "./plan.ts";
import { startProcess, type SimulatedProcess } from "./process.ts";

/** One process from its start to its end, with what the outside knows of it. */
export interface Life {
  readonly process: SimulatedProcess;
  readonly agent: SimulatedAgent;
  readonly heartbeat: Heartbeat;
  /** What it told its subscribers since the last check. */
  readonly told: LogRecord[];
  /** Who waits for an agent to be idle, by session key. */
  readonly idle: Map<string, Set<() => void>>;
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
  readonly disk: Store;
  readonly model: Model;
  readonly hash: Hash;
  readonly laneOf: (key: string) => string;
  life: Life;
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
  readonly counts: { inputs: number; crashes: number };
}

export function createScene(plan: Plan): Scene {
  const lanes = laneOf(plan);
  const scene: Omit<Scene, "life"> = {
    plan,
    clock: simulatedClock({ seed: plan.seed }),
    disk: memoryStore(),
    model: new Model(plan, lanes),
    hash: createHash("sha256"),
    laneOf: lanes,
    faulty: true,
    violations: [],
    sent: [],
    idleSignals: [],
    past: [],
    counts: { inputs: 0, crashes: 0 },
  };
  return begun(scene as Scene);
}

/** The process is gone and a new one starts on what is on the disk. */
export async function restart(scene: Scene): Promise<void> {
  scene.life.process.alive = false;
  scene.counts.crashes++;
  for (let tries = 0; ; tries++) {
    begun(scene);
    await scene.clock.settle();
    const { process, heartbeat } = scene.life;
    if (process.alive && (await heartbeat.status()).state === "running") return;
    must(tries < 100, "L9 it starts again");
  }
}

/** Tells the model what was committed. */
function catchUp({ disk, model, hash }: Scene): void {
  for (const record of disk.read({ after: model.position })) {
    hash.update(JSON.stringify(record));
    model.apply(record);
  }
}

/** Keeps a broken promise for the next check. */
export function watch({ violations }: Scene, check: () => void): void {
  try {
    check();
  } catch (error) {
    violations.push(error instanceof Violation ? error : new Violation(String(error)));
  }
}

export const percent = ({ clock }: Scene, chance: number): boolean => clock.random() * 100 < chance;

function begun(scene: Scene): Scene {
  const { plan, clock, disk } = scene;
  const process = startProcess({
    clock,
    disk,
    faults: { next: () => fault(scene) },
    committed: () => watch(scene, () => catchUp(scene)),
  });
  // Before the heartbeat starts: it may run something at once.
  const outside: Pick<Life, "turns" | "idle" | "told"> = { turns: [], idle: new Map(), told: [] };
  const { idle, told } = outside;
  const agent: SimulatedAgent = simulatedAgent({
    plan,
    clock: process.clock,
    laneOf: scene.laneOf,
    watch: (check) => watch(scene, check),
    called: (request) => {
      must(scene.life?.agent !== agent || !scene.life.stopping, "L7 no run starts once it is stopping");
      checkCall(scene, outside.turns, request);
    },
  });
  if (!scene.faulty) agent.heal();
  const heartbeat = createHeartbeat({
    store: process.store,
    clock: process.clock,
    run: agent.run,
    laneOf: scene.laneOf,
    ...plan.options,
    isBusy: () => scene.faulty && percent(scene, 5),
    onIdle(key, callback) {
      const callbacks = idle.get(key) ?? new Set();
      idle.set(key, callbacks.add(callback));
      return () => callbacks.delete(callback);
    },
  });
  heartbeat.subscribe((record) => told.push(record));
  scene.life = { process, agent, heartbeat, ...outside, stopping: false };
  return scene;
}

function checkCall(
  { disk, laneOf: lanes }: Scene,
  turns: readonly TurnLease[],
  { runId, sessionKey }: RunRequest,
): void {
  const started = disk.recordAt(positionOf(runId) ?? 0);
  must(
    started?.type === "run.started" && started.facts.runId === runId,
    "S2 no run before its start is on the disk",
  );
  must(
    turns.every(({ lane }) => lane !== lanes(sessionKey)),
    "S5 no run during a user's turn",
  );
}

function fault(scene: Scene): "none" | "full" | "failed" | "killed-before" | "killed-after" {
  if (!scene.faulty || !percent(scene, scene.plan.storeFault)) return "none";
  const dice = scene.clock.random();
  return dice < 0.4 ? "full" : dice < 0.5 ? "failed" : dice < 0.75 ? "killed-before" : "killed-after";
}
