import type { EventOptions } from "../../../src/api.ts";
import type { Accepted, Intent, Recorded } from "../../../src/vocabulary.ts";
import { LubdubError } from "../../../src/errors.ts";
import { must } from "./promise.ts";
import type { Plan } from "./plan.ts";
import { watch, type Scene } from "./scene.ts";

/** One thing that happens from outside. */
export function act(scene: Scene): void {
  const { plan, clock, life } = scene;
  const { heartbeat } = life;
  const key = plan.keys[Math.floor(clock.random() * plan.keys.length)] as string;
  scene.counts.inputs++;
  const dice = clock.random();
  if (dice < 0.4) send(scene, key);
  else if (dice < 0.46) for (let burst = 0; burst < 20; burst++) send(scene, key);
  else if (dice < 0.55)
    note(scene, { key }, heartbeat.requestHeartbeat({ sessionKey: key, intent: intent(scene) }));
  else if (dice < 0.58) quiet(heartbeat.drainSystemEvents(key));
  else if (dice < 0.68) turn(scene, key);
  else if (dice < 0.78) release(scene, Math.floor(clock.random() * life.turns.length));
  else if (dice < 0.86) quiet(signalIdle(scene, key));
  else if (dice < 0.9) quiet(deadLetter(scene));
  else if (dice < 0.91) quiet(heartbeat.forget(key));
  else if (dice < 0.93) quiet(heartbeat.runHeartbeatOnce({ sessionKey: key }));
  else if (dice < 0.935) quiet(closeGracefully(scene));
}

/** A user's turn ends. */
export function release({ life, model }: Scene, index: number): void {
  const [ended] = life.turns.splice(index, 1);
  if (ended === undefined) return;
  model.idle.add(ended.sessionKey);
  ended.release();
}

function send(scene: Scene, chosen: string): void {
  const { clock, sent, life, plan } = scene;
  const repeated = clock.random() < 0.1 ? sent[sent.length - 1 - Math.floor(clock.random() * 3)] : undefined;
  const { key, text } = repeated ?? { key: chosen, text: `event ${sent.length + 1}` };
  if (repeated === undefined) sent.push({ key, text });
  const options = {
    sessionKey: key,
    intent: intent(scene),
    dedupeKey: `${key} ${text}`,
    ...cargoOf(plan, key, text),
    ...(clock.random() < 0.3 ? { coalesceMs: 0 } : {}),
  };
  const call =
    clock.random() < 0.8
      ? life.heartbeat.wake(text, options)
      : life.heartbeat.enqueueSystemEvent(text, options);
  note(scene, { key, dedupeKey: options.dedupeKey }, call);
}

type Answered = Recorded & Partial<Accepted>;

interface Asked {
  readonly key: string;
  readonly dedupeKey?: string;
}

/** What travels with an event: all of it follows from key and text, so that it can be checked wherever it arrives. */
export function cargoOf(
  { bulky }: Plan,
  key: string,
  text: string,
): Pick<EventOptions, "trust" | "route" | "data"> {
  const data = bulky && /[024]$/.test(text) ? { text, bulk: "x".repeat(60_000) } : { text };
  return { trust: text.endsWith("7") ? "trusted" : "untrusted", route: { to: key }, data };
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
  { disk, model }: Scene,
  { key, dedupeKey }: Asked,
  { position, sessionKey, eventId, deduplicated }: Answered,
): void {
  const record = disk.recordAt(position);
  must(record !== undefined, "S2 what was accepted is on the disk");
  must(record.sessionKey === key && sessionKey === key, "S3 it is there under its own key");
  if (eventId !== undefined && record.type === "event.queued")
    must(record.facts.eventId === eventId, "S2 under its own id");
  if (dedupeKey === undefined || eventId === undefined) return;
  if (deduplicated)
    must(model.eventIdByDedupeKey.get(dedupeKey) === eventId, "S9 a duplicate is answered as the first time");
}

function turn(scene: Scene, key: string): void {
  const { life, laneOf, clock } = scene;
  const preempt = clock.random() < 0.5;
  const call = life.heartbeat.acquireTurn(key, { preempt });
  const working = life.agent.working(laneOf(key));
  if (preempt && working !== undefined)
    watch(scene, () =>
      must(working.request.signal.aborted, "L1 a user's turn stops the run that is in its way"),
    );
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

async function deadLetter(scene: Scene): Promise<void> {
  const { heartbeat } = scene.life;
  const requeue = scene.clock.random() < 0.5;
  const [letter] = await heartbeat.deadLetters();
  if (letter === undefined) return;
  const { eventId, sessionKey } = letter.event;
  note(scene, { key: sessionKey }, requeue ? heartbeat.requeue(eventId) : heartbeat.dismiss(eventId));
}

async function closeGracefully({ life }: Scene): Promise<void> {
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
