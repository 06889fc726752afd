import type { ScheduleOptions } from "../../../src/api.ts";
import { LubdubError } from "../../../src/errors.ts";
import { CRONS } from "./model-schedules.ts";
import { must } from "./promise.ts";
import { count, percent, watch, type Scene } from "./scene.ts";
import { checkUnlisted, list } from "./set-aside.ts";

/** What is done to schedules from outside, and what must be seen of them. */

const IDS = ["a", "b", "c", "d"];
const EVERY_MS = [1_000, 7_000, 60_000];
/** A one-shot is at most so far away, in milliseconds. */
const AT_MS_MAX = 20_000;

/** One thing that happens to a schedule. */
export function actOnSchedule(scene: Scene): void {
  const { clock, life, plan, model } = scene;
  const { heartbeat } = life;
  const pick = <T>(values: readonly T[]): T => values[Math.floor(clock.random() * values.length)] as T;
  const left = model.schedules.sessionsLeft();
  if (left.length > 0 && percent(scene, 50)) return forgetLeft(scene, pick(left));
  const scheduleId = pick(IDS);
  const dice = clock.random();
  if (dice < 0.1) setAgain(scene, scheduleId);
  else if (dice < 0.5) answered(scene, heartbeat.setSchedule(optionsOf(scene, scheduleId, pick)));
  else if (dice < 0.6) answered(scene, heartbeat.pauseSchedule(scheduleId));
  else if (dice < 0.75) answered(scene, heartbeat.resumeSchedule(scheduleId));
  else if (dice < 0.9) answered(scene, heartbeat.runSchedule(scheduleId));
  else if (dice < 0.93) answered(scene, heartbeat.removeSchedule(scheduleId));
  else if (dice < 0.96) answered(scene, heartbeat.forget(pick(plan.keys)));
  else sleep(scene, plan.schedules?.sleepMsMax ?? 0);
}

/** What its schedule says now stands elsewhere, and stays: also for a process that knows it from the disk alone. */
function forgetLeft(scene: Scene, sessionKey: string): void {
  const { life, plan } = scene;
  count(scene, "sessions forgotten that a schedule had left");
  const ends = plan.crash > 0 && percent(scene, 50);
  const forgotten = life.heartbeat.forget(sessionKey);
  answered(scene, ends ? forgotten.then(() => (life.process.alive = false)) : forgotten);
}

/** As each start does with what its configuration says. */
function setAgain(scene: Scene, scheduleId: string): void {
  const { life, model } = scene;
  const known = model.schedules.byId.get(scheduleId);
  if (known?.every === undefined) return;
  const { sessionKey, every } = known;
  answered(scene, life.heartbeat.setSchedule({ scheduleId, sessionKey, ...every }));
}

function optionsOf(
  { clock, plan }: Scene,
  scheduleId: string,
  pick: <T>(values: readonly T[]) => T,
): ScheduleOptions {
  const sessionKey = pick(plan.keys);
  const dice = clock.random();
  const cadence =
    dice < 0.45
      ? { everyMs: pick(EVERY_MS) }
      : dice < 0.8
        ? { cron: pick(Object.keys(CRONS)) }
        : { atMs: clock.nowMs() + 1 + Math.floor(clock.random() * AT_MS_MAX) };
  const onMissed = clock.random() < 0.3 ? "skip" : "catch-up";
  const says = clock.random() < 0.2 ? {} : { text: textOf(scheduleId), route: { to: sessionKey } };
  return { scheduleId, sessionKey, onMissed, ...cadence, ...says };
}

/** What each tick of a schedule says. */
const textOf = (scheduleId: string): string => `tick ${scheduleId}`;
export const isTick = (text: string): boolean => text.startsWith("tick ");

/** The machine sleeps: nothing is called, and nothing is forgotten. */
function sleep(scene: Scene, maxMs: number): void {
  if (maxMs === 0) return;
  scene.clock.jump(scene.clock.random() * maxMs);
  count(scene, "sleeps of the machine");
}

function answered(scene: Scene, call: Promise<unknown>): void {
  const { process } = scene.life;
  call.catch((error: unknown) =>
    watch(scene, () =>
      must(error instanceof LubdubError || !process.alive, `S1 every refusal says why: ${String(error)}`),
    ),
  );
}

/** What the heartbeat says of its schedules is what the log says. */
export async function checkSchedules(scene: Scene): Promise<void> {
  const [violation] = scene.violations;
  if (violation !== undefined) throw violation;
  const listed = await list(scene, "schedule", scene.life.heartbeat.schedules());
  if (listed === null) return;
  const { byId } = scene.model.schedules;
  await checkUnlisted(scene, "schedule", byId.keys(), new Set(listed.map(({ scheduleId }) => scheduleId)));
  for (const { scheduleId, sessionKey, nextAtMs, state, text = "" } of listed) {
    const known = byId.get(scheduleId);
    must(known?.sessionKey === sessionKey, "S3 a schedule keeps its session");
    must(
      nextAtMs === known.nextMs,
      `L1 the next tick of ${scheduleId}: expected ${known.nextMs}, got ${nextAtMs}`,
    );
    must((state === "paused") === known.paused, "S12 paused as the log says");
    must(text === known.text, "S15 a schedule says what was asked for");
  }
}

/** A machine that has slept is noticed within a minute. */
const NOTICED_STEPS = 62;
const STEP_MS = 1_000;
const REMOVED_STEPS_MAX = 10;
const WRONG_BEFORE_MS = 26 * 3_600_000;

/** L1: however the machine slept, and whatever the clock did, each schedule has ticked and goes on; then all are turned off. */
export async function healSchedules(scene: Scene, pass: (ms: number) => Promise<void>): Promise<void> {
  for (let steps = 0; steps < NOTICED_STEPS; steps++) await pass(STEP_MS);
  await checkSchedules(scene);
  const { clock, model } = scene;
  const { byId } = model.schedules;
  for (const [id, { kind, nextMs, paused, grid, newestTickMs }] of byId) {
    if (paused) continue;
    count(scene, "schedules that go on in the end");
    const nowMs = kind === "every" ? model.atMs : clock.nowMs();
    must(nextMs + STEP_MS > nowMs, `L1 schedule ${id} is late: ${nextMs} at ${nowMs}`);
    if (kind !== "cron" || grid === null) continue;
    const ticked = newestTickMs !== null && newestTickMs - nowMs <= WRONG_BEFORE_MS ? newestTickMs : nowMs;
    const silentMs = Math.max(nowMs, ticked) + grid.everyMs;
    must(nextMs <= silentMs, `L1 schedule ${id} is silent until ${nextMs} at ${nowMs}`);
  }
  for (let steps = 0; byId.size > 0; steps++) {
    must(steps < REMOVED_STEPS_MAX, "L1 a schedule can be removed");
    for (const id of byId.keys()) answered(scene, scene.life.heartbeat.removeSchedule(id));
    await pass(STEP_MS);
  }
}
