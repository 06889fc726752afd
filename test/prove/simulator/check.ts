import { isDeepStrictEqual } from "node:util";
import type { LogRecord } from "../../../src/core/records.ts";
import { cargoOf } from "./act.ts";
import type { RestingAgent } from "../../../src/api.ts";
import type { Plan } from "./plan.ts";
import { restingLine } from "./model-breakers.ts";
import type { Call } from "./agent.ts";
import { checkDeliveries, checkTry } from "./deliveries.ts";
import { isHold } from "./model-limits.ts";
import { must, same } from "./promise.ts";
import { count, type Moment, type Scene } from "./scene.ts";
import { checkSchedules, isTick } from "./schedules.ts";

/** Compares everything that can be seen from outside with the model. @param all - also the sessions that nothing moved */
export async function check(scene: Scene, all: boolean): Promise<void> {
  const { model, life } = scene;
  must(scene.disk.triedAfterFailure === 0, "S2 nothing is written after a commit that failed");
  for (const record of life.told.splice(0)) {
    checkEnd(scene, record);
    checkTry(scene, record);
  }
  const [violation] = scene.violations;
  if (violation !== undefined) throw violation;
  checkForgotten(scene);
  await checkIdleSignals(scene);
  const { state, resting = [], quarantined = [] } = await life.heartbeat.status();
  if (state !== "running") return;
  // What is set aside is not known, nor are its agents.
  if (quarantined.length === 0) checkResting(scene, resting);
  if (scene.plan.deliveries !== null && all) await checkDeliveries(scene);
  if (scene.plan.schedules !== null && all) await checkSchedules(scene);
  for (const key of all ? model.sessions.keys() : model.touched) await checkSession(scene, key);
  model.touched.clear();
}

/** Who rests is seen, with until when. */
function checkResting({ model }: Scene, resting: readonly RestingAgent[]): void {
  const { breakers } = model.limits;
  if (breakers === null) return;
  const lines = resting.map(({ agentId, untilMs, probing }) => restingLine(agentId, untilMs, probing));
  must(same(lines.sort(), breakers.resting), `L1 who rests: ${breakers.resting.join()}, not ${lines.join()}`);
}

/** S12: folding the log gives the same queues as living through it. */
export async function replayEqualsLive(scene: Scene): Promise<void> {
  await replayEquals(scene, momentOf(scene));
}

/** S12 at every position: what the model remembers of an older moment is what going back to it shows. */
export async function travelBack(scene: Scene): Promise<void> {
  const { past, disk } = scene;
  past.push(momentOf(scene));
  const moment = past.length > MOMENTS_KEPT ? past.shift() : undefined;
  if (moment !== undefined && moment.position >= disk.store.base()) await replayEquals(scene, moment);
}

const MOMENTS_KEPT = 1;

const momentOf = ({ model }: Scene): Moment => ({
  position: model.position,
  queues: new Map([...model.sessions].map(([key, { queue, dead }]) => [key, [...queue, ...dead]])),
});

async function replayEquals({ life }: Scene, { position, queues }: Moment): Promise<void> {
  const { state, quarantined = [] } = await life.heartbeat.status();
  if (state !== "running" || quarantined.length > 0) return;
  const { sessions } = await life.heartbeat.stateAt(position);
  for (const [key, ids] of queues) {
    const { queue, dead } = (sessions[key] as Folded | undefined)?.context ?? { queue: [], dead: [] };
    const folded = [...queue, ...dead.map(({ event }) => event)].map(({ eventId }) => eventId);
    must(same(folded, ids), `S12 replay to ${position} equals live for ${JSON.stringify(key)}`);
  }
}

interface Folded {
  readonly context: {
    readonly queue: readonly { readonly eventId: string }[];
    readonly dead: readonly { readonly event: { readonly eventId: string } }[];
  };
}

async function checkSession(scene: Scene, key: string): Promise<void> {
  const { life, model } = scene;
  const { queue, dead, notBeforeMs, moved, waitsFor } = model.session(key);
  const seen = await life.heartbeat.session(key).catch((error: unknown) => unreadable(scene, key, error));
  if (seen === null) return;
  const { events, deadLetters, why } = seen;
  const live = events.map(({ eventId }) => eventId);
  must(
    same(live, queue),
    `S1 S10 the queue of ${JSON.stringify(key)}: expected ${queue.join()}, got ${live.join()}`,
  );
  const letters = deadLetters.map(({ event }) => event.eventId);
  must(same(letters, dead), `S16 the dead letters of ${JSON.stringify(key)}`);
  if (queue.length === 0) return;
  must(why.code !== "nothing-queued", "L1 what is queued is not said to be nothing");
  // A wake that an older lane still holds is handed over when it is due; its session's lane of today does not know of it.
  if (moved !== null) return;
  const waitsForSomebody = ["running", "user-turn", "waiting-for-lane", "waiting-for-slot"].includes(
    why.code,
  );
  must(
    waitsForSomebody || why.untilMs !== null,
    `L1 something is queued, so a deadline exists (${why.code})`,
  );
  if (waitsForSomebody || notBeforeMs === null) return;
  must(
    why.untilMs === notBeforeMs,
    `S11 the sooner deadline counts: expected ${notBeforeMs}, got ${why.untilMs}`,
  );
  if (isHold(waitsFor)) must(why.code === waitsFor, `L1 it says that ${waitsFor} holds it back: ${why.code}`);
}

/** What could not be read is named, and never said to be empty. */
async function unreadable(scene: Scene, key: string, error: unknown): Promise<null> {
  must(
    scene.plan.readFault > 0 && (await isSetAside(scene, key)),
    `S1 session ${JSON.stringify(key)} is known, or named as unreadable: ${String(error)}`,
  );
  count(scene, "sessions set aside");
  return null;
}

async function isSetAside({ life, laneOf }: Scene, key: string): Promise<boolean> {
  const { quarantined = [] } = await life.heartbeat.status();
  return quarantined.some(({ lane }) => lane === laneOf(key));
}

/** Everything that the agent answered in this life must stand in the log as it answered it. */
function checkEnd({ life, model, plan }: Scene, record: LogRecord): void {
  if (record.type !== "run.ran" && record.type !== "run.skipped" && record.type !== "run.failed") return;
  const call = life.agent.calls.get(record.facts.runId);
  if (call === undefined) {
    const interrupted = record.type === "run.failed" && record.facts.code === "LUBDUB_RUN_INTERRUPTED";
    return must(interrupted, "S8 a run that ended was begun");
  }
  const { request, answer } = call;
  must(
    request.sessionKey === record.sessionKey && request.wakeId === record.facts.wakeId,
    "S4 the key and the wake id are carried",
  );
  const succeeded = typeof answer === "object" && answer.status === "ran";
  if (record.type === "run.ran") {
    must(succeeded, "S8 only a run that succeeded acknowledges");
    const shown = new Set(request.events.map(({ eventId }) => eventId));
    must(
      record.facts.eventIds.every((id) => shown.has(id)),
      "S7 only what was shown is acknowledged",
    );
    must(record.body?.reply === answer.reply, "S15 the reply is what the agent said");
  } else if (succeeded) must(request.signal.aborted, "S8 a success that was in time acknowledges");
  if (record.type === "run.failed" && record.facts.dueAtMs === null)
    must(
      isFinal(call) || request.attempt >= plan.options.maxAttempts,
      "S16 not given up before its attempts",
    );
  if (record.type === "run.failed" && !request.signal.aborted)
    must(record.facts.class === refusalOf(call, plan), "S8 what a provider refuses is no failure");
  if (record.type === "run.skipped") {
    must(isBusy(call), "S8 only a busy agent is asked again without an attempt");
    const saysBusy = typeof answer === "object" && answer.status === "skipped";
    must(record.facts.aborted === true || saysBusy, "S9 a run that was stopped may have acted");
  }
  for (const event of request.events) {
    must(
      (model.events.get(event.eventId)?.text ?? event.text) === event.text,
      "S15 the text is what was sent",
    );
    if (isTick(event.text)) {
      must(
        isDeepStrictEqual(event.route, { to: record.sessionKey }),
        "S4 the route of a schedule is that of its ticks",
      );
      must(event.trust === "trusted", "S19 the trust of a tick is that of who set it");
      continue;
    }
    const { trust, route, data } = cargoOf(plan, record.sessionKey, event.text);
    must(event.trust === trust, "S19 the trust is that of the event");
    must(isDeepStrictEqual(event.route, route), "S4 the route travels with its event");
    must(isDeepStrictEqual(event.data, data), "S15 the data is what was sent");
  }
}

const isFinal = ({ answer }: Call): boolean =>
  typeof answer === "object" && answer.status === "failed" && answer.retryable === false;
const refusalOf = ({ answer }: Call, { options }: Plan): string | undefined =>
  options.limits?.breaker && typeof answer === "object" && answer.status === "failed"
    ? answer.class
    : undefined;
const isBusy = ({ answer, request }: Call): boolean =>
  request.signal.aborted || (typeof answer === "object" && answer.status === "skipped");

/**
 * L1: a busy session is tried again as soon as its agent says that it is idle, not at the end of its pause. One whose agent
 * was busy again after that waits a base pause, so that it does not spin (promise 8).
 */
async function checkIdleSignals(scene: Scene): Promise<void> {
  const { idleSignals, life, model } = scene;
  for (const signal of idleSignals.splice(0)) {
    if (signal.life !== life || life.stopping || (await isSetAside(scene, signal.key))) continue;
    const { code } = await life.heartbeat.why(signal.key).catch(() => ({ code: "unreadable" }));
    const tried = (model.positions.get(signal.key) ?? 0) > signal.position;
    const again = model.session(signal.key).postponements > 1;
    must(tried || again || code !== "busy", "L1 a busy session is tried again when its agent is idle");
  }
}

/** What was forgotten is gone from the disk, at the latest after the next start, or once it can be read. */
function checkForgotten({ plan, disk, model, life, faulty }: Scene): void {
  if (!life.process.alive) return;
  const later: number[] = [];
  for (const position of model.forgotten.splice(0)) {
    const record = disk.store.recordAt(position);
    if (record === undefined || record.previous <= disk.store.base()) continue;
    const erased = (disk.store.recordAt(record.previous)?.body ?? null) === null;
    if (!erased && faulty && plan.readFault > 0) later.push(position);
    else must(erased, "S20 what was forgotten is erased");
  }
  model.forgotten.push(...later);
}
