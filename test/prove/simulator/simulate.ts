import { act, release } from "./act.ts";
import { check, replayEqualsLive, travelBack } from "./check.ts";
import { must } from "./promise.ts";
import type { Plan } from "./plan.ts";
import { createScene, percent, restart, type Scene } from "./scene.ts";

/** What one seed did. */
export interface SimulationReport {
  readonly seed: number;
  /** Things that happened from outside: calls, signals, moves of the clock. */
  readonly inputs: number;
  /** System events accepted. */
  readonly events: number;
  readonly runs: number;
  readonly crashes: number;
  /** Events in the log: each was folded by the machines, by the model and hashed. */
  readonly records: number;
  /** Of every record in order: the same seed gives the same hash. */
  readonly traceHash: string;
}

/** Simulated time in which everything must be handled once faults have stopped. */
const HEALING_MS = 120_000;
/** All sessions are compared this often; those that something moved, after every step. */
const STEPS_PER_FULL_CHECK = 16;
/** As often one moment is remembered, and an older one gone back to. */
const STEPS_PER_MOMENT = 50;
/** The longest wait that anything asks for (`lingerMs`): the machine sleeps that long before the healing. */
const SLEEP_MS = 3_600_000;

/** Runs one seed to its end, or throws a `Violation`. */
export async function simulate(plan: Plan): Promise<SimulationReport> {
  const scene = createScene(plan);
  for (let at = 1; at <= plan.steps; at++) await step(scene, at);
  await heal(scene);
  const { model, counts, hash } = scene;
  return {
    seed: plan.seed,
    inputs: counts.inputs,
    events: model.texts.size,
    runs: model.started,
    crashes: counts.crashes,
    records: model.position,
    traceHash: hash.digest("hex"),
  };
}

/** One thing happens, time may pass, and every promise is checked. */
async function step(scene: Scene, at: number): Promise<void> {
  const { plan, clock } = scene;
  act(scene);
  const dice = clock.random();
  if (dice < 0.5) await clock.settle();
  else if (dice < 0.75) await clock.next();
  else await clock.advance(Math.floor(clock.random() * 400));
  if (percent(scene, plan.clockJump))
    clock.jump((clock.random() < 0.5 ? -1 : 1) * 86_400_000 * clock.random());
  if (percent(scene, plan.crash)) scene.life.process.alive = false;
  const down = !scene.life.process.alive || (await scene.life.heartbeat.status()).state === "store-failed";
  if (down) await restart(scene);
  await check(scene, down || at % STEPS_PER_FULL_CHECK === 0);
  if (at % STEPS_PER_MOMENT === 0) await travelBack(scene);
}

/** Faults stop; the agent only succeeds: everything that was accepted must now be handled. */
async function heal(scene: Scene): Promise<void> {
  const { clock, model } = scene;
  scene.faulty = false;
  scene.life.agent.heal();
  await clock.settle();
  clock.jump(SLEEP_MS);
  for (let round = 0; round < 3; round++) {
    for (; scene.life.turns.length > 0; await clock.settle()) release(scene, 0);
    await clock.advance(HEALING_MS);
    if (!scene.life.process.alive) await restart(scene);
  }
  await check(scene, true);
  for (const [key, { queue }] of model.sessions) {
    must(
      queue.length === 0,
      `L1 everything is handled in the end: ${queue.length} left in ${JSON.stringify(key)}`,
    );
    must((await scene.life.heartbeat.why(key)).code !== "running", "L1 no run is left over");
  }
  await replayEqualsLive(scene);
  await scene.life.heartbeat.close();
}
