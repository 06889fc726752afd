import { LubdubError } from "../../../src/errors.ts";
import { positionOf } from "../../../src/core/ids.ts";
import { createHeartbeat } from "../../../src/heartbeat.ts";
import type { RunRequest } from "../../../src/vocabulary.ts";
import { wakeOn } from "./act.ts";
import { simulatedAgent, type SimulatedAgent } from "./agent.ts";
import { simulatedTargets } from "./deliveries.ts";
import { LANES, type Plan } from "./plan.ts";
import { startProcess, type Faults, type SimulatedProcess } from "./process.ts";
import { must } from "./promise.ts";
import { unreliable } from "./reads.ts";
import { catchUp, count, emptyScene, percent, watch, type Life, type Scene } from "./scene.ts";

/** Starts and crashes of processes on one data folder. */

/** So often a start may fail before it counts as a start that never succeeds. */
const STARTS_MAX = 100;
/** A start may read a thousand times: were one of them to fail at every start, it would never come up. */
const STARTS_UNREADABLE_MAX = 20;

export function createScene(plan: Plan): Scene {
  const scene = emptyScene(plan) as Scene;
  scene.life = begun(scene);
  return scene;
}

/** The process is gone and a new one starts on what is on the disk. */
export async function restart(scene: Scene): Promise<void> {
  scene.life.process.alive = false;
  if (scene.stale !== null) scene.stale.process.alive = false;
  scene.stale = null;
  count(scene, "crashes");
  if (percent(scene, scene.faulty ? scene.plan.lanesChange : 0)) changeLanes(scene);
  await start(scene);
}

export async function start(scene: Scene): Promise<void> {
  for (let tries = 0; ; tries++) {
    must(tries < STARTS_MAX, "L9 it starts again");
    scene.reading = scene.faulty && tries < STARTS_UNREADABLE_MAX;
    const life = startedOrNot(scene);
    if (life === null) continue;
    scene.life = life;
    await scene.clock.settle();
    scene.reading = false;
    const { process, heartbeat } = scene.life;
    if (process.alive && (await heartbeat.status()).state === "running") return;
    process.alive = false;
  }
}

/** What it starts on may not be readable for a moment. */
function startedOrNot(scene: Scene): Life | null {
  if (scene.plan.readFault === 0) return begun(scene);
  try {
    return begun(scene);
  } catch (error) {
    must(error instanceof LubdubError, `L9 a start that fails says why: ${String(error)}`);
    count(scene, "starts that could not read");
    return null;
  }
}

function changeLanes(scene: Scene): void {
  const others = LANES.filter((lanes) => lanes !== scene.lanes);
  scene.lanes = others[Math.floor(scene.clock.random() * others.length)] ?? scene.lanes;
  scene.model.lanesChanged(scene.disk.store.checkpoint());
  count(scene, "changes of laneOf");
}

/** @throws LubdubError when it does not start */
export function begun(scene: Scene): Life {
  const { plan, clock, disk } = scene;
  const process = startProcess({
    clock,
    disk,
    readable: (store) => unreliable(store, scene),
    faults: faultsOf(scene),
    stall: (byMs) => clock.stall(byMs),
    committed: (wallMs) => watch(scene, () => catchUp(scene, wallMs)),
  });
  const { laneOf } = scene;
  // Before the heartbeat starts: it may run something at once.
  const outside: Pick<Life, "turns" | "idle" | "told" | "answers"> = {
    turns: [],
    idle: new Map(),
    told: [],
    answers: new Map(),
  };
  const { idle, told, answers } = outside;
  const agent: SimulatedAgent = simulatedAgent({
    plan,
    clock: process.clock,
    laneOf,
    watch: (check) => watch(scene, check),
    leaves: (request) => {
      if (scene.life?.agent === agent) wakeOn(scene, request);
    },
    called: (request) => {
      must(scene.life?.agent !== agent || !scene.life.stopping, "L7 no run starts once it is stopping");
      checkCall(scene, outside.turns, request);
    },
  });
  if (!scene.faulty) agent.heal();
  const heartbeat = orDead(process, () =>
    createHeartbeat({
      store: process.store,
      clock: process.clock,
      run: agent.run,
      laneOf,
      ...plan.options,
      ...(plan.deliveries && {
        deliver: simulatedTargets(scene, process.clock, answers),
        delivery: plan.deliveries,
      }),
      isBusy: () => scene.faulty && percent(scene, 5),
      onIdle(key, callback) {
        const callbacks = idle.get(key) ?? new Set();
        idle.set(key, callbacks.add(callback));
        return () => callbacks.delete(callback);
      },
    }),
  );
  heartbeat.subscribe((record) => told.push(record));
  return { process, agent, heartbeat, ...outside, stopping: false };
}

/** A process that does not start gives up what it has. */
function orDead<T>(process: SimulatedProcess, work: () => T): T {
  try {
    return work();
  } catch (error) {
    process.alive = false;
    throw error;
  }
}

function checkCall(
  { disk, laneOf: lanes }: Scene,
  turns: Life["turns"],
  { runId, sessionKey }: RunRequest,
): void {
  const started = disk.store.recordAt(positionOf(runId) ?? 0);
  must(
    started?.type === "run.started" && started.facts.runId === runId,
    "S2 no run before its start is on the disk",
  );
  must(
    turns.every(({ lane }) => lane !== lanes(sessionKey)),
    "S5 no run during a user's turn",
  );
}

function faultsOf(scene: Scene): Faults {
  const { plan, clock } = scene;
  return {
    next() {
      if (!scene.faulty || !percent(scene, plan.storeFault)) return "none";
      const dice = clock.random();
      const fault =
        dice < 0.4 ? "full" : dice < 0.5 ? "failed" : dice < 0.75 ? "killed-before" : "killed-after";
      count(scene, FAULT_NAMES[fault]);
      return fault;
    },
    slowMs() {
      if (!scene.faulty || !percent(scene, plan.rivals?.slowCommit ?? 0)) return 0;
      count(scene, "slow commits");
      return Math.floor(clock.random() ** 3 * SLOW_MS_MAX);
    },
  };
}

const SLOW_MS_MAX = 60_000;
const FAULT_NAMES = {
  full: "full disks",
  failed: "commits that failed",
  "killed-before": "killed before a commit",
  "killed-after": "killed after a commit",
} as const;
