import type { EventOptions } from "../../../src/api.ts";
import type { Accepted, Intent, Recorded, RunRequest } from "../../../src/vocabulary.ts";
import { LubdubError } from "../../../src/errors.ts";
import { actOnDelivery, routeOf, turnRoute } from "./deliveries.ts";
import { must } from "./promise.ts";
import type { Plan } from "./plan.ts";
import { count, percent, watch, type Scene } from "./scene.ts";
import { actOnSchedule } from "./schedules.ts";

/** One thing that happens from outside. */
export function act(scene: Scene): void {
  const { plan, clock, life } = scene;
  const { heartbeat } = life;
  if (plan.schedules !== null && percent(scene, 8)) return actOnSchedule(scene);
  if (plan.deliveries !== null && percent(scene, 4)) return actOnDelivery(scene);
  const key = plan.keys[Math.floor(clock.random() * plan.keys.length)] as string;
  const dice = clock.random();
  if (dice < 0.4) send(scene, key);
  else if (dice < 0.46) for (let burst = 0; burst < 20; burst++) send(scene, key);
  else if (dice < 0.55)
    note(scene, { key }, heartbeat.requestHeartbeat({ sessionKey: key, intent: intent(scene) }));
  else if (dice < 0.58) quiet(heartbeat.drainSystemEvents(key));
  else if (dice < 0.68) turn(scene, key);
  else if (dice < 0.78) release(scene, Math.floor(clock.random() * life.turns.length));
  else if (dice < 0.85) quiet(signalIdle(scene, key));
  else if (dice < 0.86) for (let storm = 0; storm < 20; storm++) quiet(signalIdle(scene, key));
  else if (dice < 0.9) quiet(deadLetter(scene));
  else if (dice < 0.91) quiet(heartbeat.forget(key));
  else if (dice < 0.93) quiet(heartbeat.runHeartbeatOnce({ sessionKey: key }));
  else if (dice < 0.935) quiet(closeGracefully(scene));
  else if (dice < 0.95) atTheEdge(scene);
}

/** A user's turn ends. */
export function release({ life, model }: Scene, index: number): void {
  const [ended] = life.turns.splice(index, 1);
  if (ended === undefined) return;
  model.idle.add(ended.sessionKey);
  ended.release();
}

interface Sent {
  readonly key: string;
  readonly text: string;
}

/** What a run leaves behind: it asks for its own session again, or for another one. */
export function wakeOn(scene: Scene, { sessionKey, runId }: Pick<RunRequest, "sessionKey" | "runId">): void {
  const { plan, clock, sent } = scene;
  if (!plan.options.limits?.selfWakes || !percent(scene, 50)) return;
  const another = plan.keys[Math.floor(clock.random() * plan.keys.length)] as string;
  const key = percent(scene, 80) ? sessionKey : another;
  const text = `event ${sent.length + 1}`;
  sent.push({ key, text });
  submit(scene, { key, text }, { runId, named: false });
}

/** Something new; or what was sent before, a moment or long ago, by another process perhaps, and in any order. */
function send(scene: Scene, key: string): void {
  const { clock, sent } = scene;
  const dice = clock.random();
  const back = dice < 0.07 ? 3 : dice < 0.1 ? sent.length : 0;
  const before = sent[sent.length - 1 - Math.floor(clock.random() * back)];
  if (back > 0 && before !== undefined) return sendAgain(scene, before);
  const text = `event ${sent.length + 1}`;
  sent.push({ key, text });
  submit(scene, { key, text }, causeOf(scene));
}

/** Now and then what a run has begun ends later, perhaps after a restart, and names it. */
function causeOf(scene: Scene): Cause | undefined {
  const { plan, model, clock } = scene;
  if (!plan.options.limits?.selfWakes || !percent(scene, 20)) return undefined;
  const { newestRuns } = model.limits;
  const runId = newestRuns[Math.floor(clock.random() * newestRuns.length)];
  return runId === undefined ? undefined : { runId, named: true };
}

function sendAgain(scene: Scene, before: Sent): void {
  count(scene, "sent again");
  submit(scene, before);
  // One name for two things: each session has its own.
  if (scene.clock.random() > 0.1) return;
  const key = scene.plan.keys[0] as string;
  if (key !== before.key) submit(scene, { ...before, key });
}

/** The last millisecond of a dedupe key's window, its end, and the first one after it. */
function atTheEdge(scene: Scene): void {
  const { clock, sent, model } = scene;
  const before = sent[Math.floor(clock.random() * sent.length)];
  if (before === undefined) return;
  const endMs = model.dedupe.endMsOf(before.key, before.text);
  const waitMs = endMs - Math.max(clock.nowMs(), model.atMs);
  if (waitMs <= 1 || waitMs > EDGE_MS_MAX) return;
  clock.stall(waitMs + Math.floor(clock.random() * 3) - 1);
  count(scene, "sent at the edge of the window");
  submit(scene, before);
}

const EDGE_MS_MAX = 60_000;

function submit(scene: Scene, { key, text }: Sent, cause?: Cause): void {
  const { clock, life, plan } = scene;
  const options = {
    sessionKey: key,
    intent: intent(scene),
    dedupeKey: text,
    ...cargoOf(plan, key, text),
    ...(clock.random() < 0.3 ? { coalesceMs: 0 } : {}),
    ...(cause?.named ? { cause: cause.runId } : {}),
  };
  const asked = { key, dedupeKey: text, atMs: clock.nowMs(), runId: cause?.runId };
  const call =
    clock.random() < 0.8
      ? life.heartbeat.wake(text, options)
      : life.heartbeat.enqueueSystemEvent(text, options);
  note(scene, asked, call);
}

type Answered = Recorded & Partial<Accepted>;

/** The run that a call comes out of: it is made in it, or names it. */
interface Cause {
  readonly runId: string;
  readonly named: boolean;
}

interface Asked {
  readonly key: string;
  readonly dedupeKey?: string;
  /** By the clock on the wall, which the log's time is never behind. */
  readonly atMs?: number;
  /** The run that asks. */
  readonly runId?: string | undefined;
}

/** What travels with an event: all of it follows from key and text, so that it can be checked wherever it arrives. */
export function cargoOf(
  { bulky, deliveries }: Plan,
  key: string,
  text: string,
): Pick<EventOptions, "trust" | "route" | "data"> {
  const data = bulky && /[024]$/.test(text) ? { text, bulk: "x".repeat(60_000) } : { text };
  const route = deliveries === null ? { to: key } : routeOf(key, text);
  return { trust: text.endsWith("7") ? "trusted" : "untrusted", ...(route && { route }), data };
}

/** What was accepted must be on the disk in the very moment the caller hears of it. */
function note(scene: Scene, asked: Asked, call: Promise<Answered>): void {
  const { process } = scene.life;
  call.then(
    (accepted) => watch(scene, () => checkAccepted(scene, asked, accepted)),
    (error: unknown) =>
      watch(scene, () =>
        must(error instanceof LubdubError || !process.alive, `S1 every refusal says why: ${String(error)}`),
      ),
  );
}

function checkAccepted(
  scene: Scene,
  { key, dedupeKey, atMs = 0, runId }: Asked,
  { position, sessionKey, eventId, deduplicated }: Answered,
): void {
  const { disk, model, plan } = scene;
  const record = disk.store.recordAt(position);
  must(record !== undefined, "S2 what was accepted is on the disk");
  must(record.sessionKey === key && sessionKey === key, "S3 it is there under its own key");
  if (eventId !== undefined && record.type === "event.queued")
    must(record.facts.eventId === eventId, "S2 under its own id");
  if (!deduplicated && (record.type === "event.queued" || record.type === "wake.requested"))
    must(record.facts.cause?.runId === runId, "L2 what a run leaves behind is known as its own");
  if (dedupeKey === undefined || eventId === undefined || !deduplicated) return;
  count(scene, "duplicates answered");
  must(model.dedupe.eventIdOf(key, dedupeKey) === eventId, "S9 a duplicate is answered as the first time");
  must(
    record.atMs + plan.options.dedupeWindowMs > atMs,
    "S9 a dedupe key is free again at the end of its window",
  );
}

function turn(scene: Scene, key: string): void {
  const { life, laneOf, clock } = scene;
  const preempt = clock.random() < 0.5;
  const call = life.heartbeat.acquireTurn(key, { preempt, ...turnRoute(scene, key) });
  const working = life.agent.working(laneOf(key));
  if (preempt && working !== undefined)
    watch(scene, () => {
      count(scene, "runs pre-empted");
      must(working.request.signal.aborted, "L1 a user's turn stops the run that is in its way");
    });
  call.then(
    (taken) => void life.turns.push(taken),
    () => {},
  );
}

async function signalIdle(scene: Scene, key: string): Promise<void> {
  const { model, life, plan } = scene;
  const listeners = life.idle.get(key);
  const { code } = await life.heartbeat.why(key);
  // With few slots or a full disk it may have to wait all the same.
  if (
    code === "busy" &&
    listeners?.size &&
    plan.options.concurrency > plan.keys.length &&
    plan.storeFault === 0
  )
    scene.idleSignals.push({ life, key, position: model.positions.get(key) ?? 0 });
  model.idle.add(key);
  for (const callback of listeners ?? []) callback();
}

/** Any dead letter, now and then twice at once: the second time there is none any more. */
async function deadLetter(scene: Scene): Promise<void> {
  const { clock, life } = scene;
  const { heartbeat } = life;
  const requeue = clock.random() < 0.5;
  const letters = await heartbeat.deadLetters();
  const letter = letters[Math.floor(clock.random() * letters.length)];
  if (letter === undefined) return;
  const { eventId, sessionKey } = letter.event;
  for (let times = clock.random() < 0.2 ? 2 : 1; times > 0; times--)
    note(scene, { key: sessionKey }, requeue ? heartbeat.requeue(eventId) : heartbeat.dismiss(eventId));
}

async function closeGracefully(scene: Scene): Promise<void> {
  const { life } = scene;
  count(scene, "closed in good order");
  life.stopping = true;
  await life.heartbeat.close({ graceMs: 10 });
  life.process.alive = false;
}

function intent({ clock }: Scene): Intent {
  const intents = ["scheduled", "task", "event", "event", "event", "immediate", "manual"] as const;
  return intents[Math.floor(clock.random() * intents.length)] as Intent;
}

function quiet(call: Promise<unknown>): void {
  call.catch(() => {});
}
