import { act, release } from "./act.ts";
import { check, replayEqualsLive, travelBack } from "./check.ts";
import { isDelivered } from "./deliveries.ts";
import { createScene, restart } from "./lives.ts";
import { pause, wakeStale } from "./rivals.ts";
import { hasBudget, type Plan } from "./plan.ts";
import { must, takeLooks } from "./promise.ts";
import { count, percent, type Reached, type Scene } from "./scene.ts";
import { healSchedules } from "./schedules.ts";

/** What one seed did. */
export interface SimulationReport {
  readonly seed: number;
  /** Steps: each is a call or signal from outside, and a move of the clock. */
  readonly inputs: number;
  /** System events accepted. */
  readonly events: number;
  readonly runs: number;
  readonly crashes: number;
  /** Events in the log: each was folded by the machines, by the model and hashed. */
  readonly records: number;
  /** Of every record in order: the same seed gives the same hash. */
  readonly traceHash: string;
  /** Simulated time until everything was handled once faults had stopped. */
  readonly healingMs: number;
  /** How often each invariant was looked at, by its number. */
  readonly looks: Readonly<Record<string, number>>;
  /** How often each case was really reached. */
  readonly reached: Reached;
}

/**
 * The bound of L1: so long after the longest wait that anything may ask for (`lingerMs`), everything must be handled, in
 * simulated milliseconds. It leaves room for every pause of the plans, for each session's turn in one lane, and for a queue that
 * is handled one event at a time with the longest spacing of the limits between.
 */
export const HEALING_MS_MAX = 900_000;
/** Longer than any call may take, with the grace that it has to end. */
const CLOSING_MS = 60_000;
/** Healing looks so often whether all is handled. */
const HEALING_STEP_MS = 1_000;
/** All sessions are compared this often; those that something moved, after every step. */
const STEPS_PER_FULL_CHECK = 16;
/** As often one moment is remembered, and an older one gone back to. */
const STEPS_PER_MOMENT = 100;
/** Chance in 100 per step that an owner that lost its data goes on. */
const STALE_GOES_ON = 20;
/** The longest wait that anything asks for (`lingerMs`): the machine sleeps that long before the healing. */
const SLEEP_MS = 3_600_000;

/** So many days may pass where each has a budget: two runs a day, for two runs of each session. */
const DAYS_MAX = 12;
const DAY_MS = 86_400_000;
/** Chance in 100 per step with a run in it that the machine sleeps for a night, where days have a budget. */
const NIGHTS = 5;

/** By then what could not be read was looked at again, and that the machine has slept was noticed. */
const READ_AGAIN_MS = 61_000;

/** Runs one seed to its end, or throws a `Violation`. */
export async function simulate(plan: Plan): Promise<SimulationReport> {
  takeLooks();
  const scene = createScene(plan);
  for (let at = 1; at <= plan.steps; at++) await step(scene, at);
  const healingMs = await heal(scene);
  const { model, reached, hash } = scene;
  return {
    seed: plan.seed,
    inputs: plan.steps,
    events: model.events.size,
    runs: model.started,
    crashes: reached["crashes"] ?? 0,
    records: model.position,
    traceHash: hash.digest("hex"),
    healingMs,
    looks: takeLooks(),
    reached,
  };
}

/** One thing happens, time may pass, and every promise is checked. */
async function step(scene: Scene, at: number): Promise<void> {
  const { clock } = scene;
  scene.reading = true;
  act(scene);
  const dice = clock.random();
  if (dice < 0.5) await clock.settle();
  else if (dice < 0.75) await clock.next();
  else await clock.advance(Math.floor(clock.random() * 400));
  scene.reading = false;
  const started = await trouble(scene);
  await check(scene, started || at % STEPS_PER_FULL_CHECK === 0);
  if (at % STEPS_PER_MOMENT === 0) await travelBack(scene);
}

/** What may go wrong between two steps. @returns true when a process has started */
async function trouble(scene: Scene): Promise<boolean> {
  const { plan, clock, life } = scene;
  if (percent(scene, plan.clockJump)) {
    count(scene, "clock jumps");
    clock.jump((clock.random() < 0.5 ? -1 : 1) * 86_400_000 * clock.random());
  }
  if (hasBudget(plan) && scene.model.runs.size > 0 && percent(scene, NIGHTS)) {
    count(scene, "nights during a run");
    clock.jump(DAY_MS);
  }
  if (percent(scene, plan.rivals?.pause ?? 0)) await pause(scene);
  if (scene.stale !== null && percent(scene, STALE_GOES_ON)) await wakeStale(scene);
  if (percent(scene, plan.crash)) scene.life.process.alive = false;
  const { process, heartbeat } = scene.life;
  if (!process.alive || (await heartbeat.status()).state === "store-failed") await restart(scene);
  return scene.life !== life;
}

/** Faults stop; the agent only succeeds: everything that was accepted must now be handled. */
async function heal(scene: Scene): Promise<number> {
  const { clock, model } = scene;
  scene.faulty = false;
  scene.life.agent.heal();
  await clock.settle();
  // It looks at its clock once more: one that was set back unseen would seem not to have slept.
  await scene.life.heartbeat.why(scene.plan.keys[0] as string).catch(() => {});
  clock.jump(SLEEP_MS);
  const pass = async (ms: number): Promise<void> => {
    for (; scene.life.turns.length > 0; await clock.settle()) release(scene, 0);
    await clock.advance(ms);
    if (!scene.life.process.alive) await restart(scene);
  };
  if (scene.plan.readFault > 0) await pass(READ_AGAIN_MS);
  if (scene.plan.schedules !== null) await healSchedules(scene, pass);
  const healingMs = await healDays(scene, pass);
  await check(scene, true);
  for (const [key, { queue }] of model.sessions) {
    must(
      queue.length === 0,
      `L1 everything is handled in the end: ${queue.length} left in ${JSON.stringify(key)}`,
    );
    must((await scene.life.heartbeat.why(key)).code !== "running", "L1 no run is left over");
  }
  must(isDelivered(scene), "L1 every reply has arrived in the end, or is dead");
  await replayEqualsLive(scene);
  // What is being sent for a session that was forgotten meanwhile is waited for, and may take its time.
  const closed = scene.life.heartbeat.close();
  await clock.advance(CLOSING_MS);
  await closed;
  return healingMs;
}

/** @returns the longest that a day took, in simulated milliseconds */
async function healDays(scene: Scene, pass: (ms: number) => Promise<void>): Promise<number> {
  const daysMax = hasBudget(scene.plan) ? DAYS_MAX : 1;
  let longestMs = 0;
  for (let days = 1; ; days++) {
    let healingMs = 0;
    for (; healingMs < HEALING_MS_MAX && !handled(scene); healingMs += HEALING_STEP_MS) {
      if (healingMs >= READ_AGAIN_MS && isSpent(scene)) break;
      await pass(HEALING_STEP_MS);
    }
    longestMs = Math.max(longestMs, healingMs);
    if (handled(scene) || days === daysMax) return longestMs;
    count(scene, "days slept until there was a budget again");
    scene.clock.jump(DAY_MS);
  }
}

/** Something waits, and all of it for the next day. */
function isSpent({ model }: Scene): boolean {
  const waiting = [...model.sessions.values()].filter(({ queue }) => queue.length > 0);
  const none = [...model.runs.values()].every(({ orphaned }) => orphaned === true);
  return none && waiting.length > 0 && waiting.every(({ waitsFor }) => waitsFor === "budget");
}

const handled = (scene: Scene): boolean => isDelivered(scene) && isIdle(scene);

const isIdle = ({ model, life }: Scene): boolean =>
  life.turns.length === 0 &&
  [...model.runs.values()].every(({ orphaned }) => orphaned === true) &&
  [...model.sessions.values()].every(({ queue }) => queue.length === 0);
