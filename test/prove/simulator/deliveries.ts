import type { DeliverHandler, DeliveryOutcome, DeliveryRequest, Route } from "../../../src/vocabulary.ts";
import type { LogRecord } from "../../../src/core/records.ts";
import type { Clock } from "../../../src/run/clock.ts";
import { isDeepStrictEqual } from "node:util";
import { hasBudget } from "./plan.ts";
import { must } from "./promise.ts";
import { checkUnlisted, list } from "./set-aside.ts";
import { count, percent, watch, type Scene } from "./scene.ts";

/** Where replies go, what is done to them from outside, and what must be seen of them. */

/** The one destination that stays stuck for good. */
const STUCK = "ops";

/** Where an event's reply goes: to its session, nowhere in particular, or to one place that all sessions share. */
export function routeOf(key: string, text: string): Route | undefined {
  if (text.endsWith("3")) return undefined;
  return { to: text.endsWith("5") ? STUCK : key };
}

const DAY_MS = 86_400_000;

/** What a target answered, by delivery and attempt. */
export type Answers = Map<string, DeliveryOutcome | "threw">;

/** Targets with moods: they send, refuse, throw, are slow or hang. One is stuck, also when all else is healed. */
export function simulatedTargets(scene: Scene, clock: Clock, answers: Answers): DeliverHandler {
  const later = (delayMs: number): Promise<void> =>
    new Promise((resolve) => void clock.setTimer(delayMs, resolve));
  async function answer({ route, signal }: DeliveryRequest): Promise<DeliveryOutcome> {
    const dice = clock.random();
    if (route["to"] === STUCK && dice < 0.8) return aborted(signal).then(() => failed({}));
    if (!scene.faulty || dice < 0.5) return { status: "sent" };
    if (dice < 0.6) return failed({});
    if (dice < 0.65) return failed({ retryable: false });
    if (dice < 0.7) return failed({ retryAfterMs: 300 });
    if (dice < 0.8) throw new Error("thrown");
    if (dice < 0.9) return later(50).then(() => ({ status: "sent" }));
    return aborted(signal).then(() => failed({}));
  }
  return async (request) => {
    const { deliveryId, attempt, text, route, sessionKey } = request;
    const id = `${deliveryId} ${attempt}`;
    watch(scene, () => {
      const known = scene.model.deliveries.find(deliveryId);
      must(
        known?.state === "is sent" && known.attempts === attempt,
        "S2 nothing is sent before that is on the disk",
      );
      must(
        known.sessionKey === sessionKey && isDeepStrictEqual(known.route, route),
        "S4 it is sent where it goes",
      );
      must(known.text === text, "S15 it says what the agent said");
      must(!answers.has(id), "S9 one try is one call");
    });
    try {
      const outcome = await answer(request);
      answers.set(id, outcome);
      return outcome;
    } catch (error) {
      answers.set(id, "threw");
      throw error;
    }
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
const failed = (more: object): DeliveryOutcome => ({ status: "failed", reason: "no luck", ...more });

/** Any delivery is requeued or dismissed: it may be on its way, or gone. */
export function actOnDelivery({ clock, model, life }: Scene): void {
  const { line } = model.deliveries;
  const { deliveryId = "d-1-gone" } = line[Math.floor(clock.random() * line.length)] ?? {};
  const { heartbeat } = life;
  const call: Promise<unknown> =
    clock.random() < 0.7 ? heartbeat.requeue(deliveryId) : heartbeat.dismiss(deliveryId);
  call.catch(() => {});
}

/** What a target answered is what the log says; one that is requeued has its first try again. */
export function checkTry({ life, plan }: Scene, record: LogRecord): void {
  if (record.type !== "delivery.sent" && record.type !== "delivery.failed") return;
  const { deliveryId, attempt } = record.facts;
  const id = `${deliveryId} ${attempt}`;
  const answer = life.answers.get(id);
  life.answers.delete(id);
  const sent = answer !== undefined && answer !== "threw" && answer.status === "sent";
  if (record.type === "delivery.sent") return must(sent, "S8 only what was sent counts as sent");
  const { code, dueAtMs } = record.facts;
  if (code === "LUBDUB_DELIVERY_FAILED") must(!sent, "S8 what was sent has not failed");
  const final = typeof answer === "object" && answer.status === "failed" && answer.retryable === false;
  const { maxAttempts = 0, expireMs = 0 } = plan.deliveries ?? {};
  // Where no clock jumps and nothing sleeps, a day is never over.
  if (
    dueAtMs === null &&
    expireMs === DAY_MS &&
    plan.clockJump === 0 &&
    plan.schedules === null &&
    plan.rivals === null &&
    !hasBudget(plan)
  )
    must(final || attempt >= maxAttempts, "S16 not given up before its tries");
}

/** What the heartbeat says of its deliveries is what the log says. */
export async function checkDeliveries(scene: Scene): Promise<void> {
  const [violation] = scene.violations;
  if (violation !== undefined) throw violation;
  const { line } = scene.model.deliveries;
  if (line.length >= 1_000) return;
  const listed = await list(scene, "delivery", scene.life.heartbeat.deliveries({ limit: 1_000 }));
  if (listed === null) return;
  const ids = line.map(({ deliveryId }) => deliveryId);
  await checkUnlisted(scene, "delivery", ids, new Set(listed.map(({ deliveryId }) => deliveryId)));
  for (const { deliveryId, sessionKey, route, state } of listed) {
    const known = scene.model.deliveries.find(deliveryId);
    must(known !== undefined && known.sessionKey === sessionKey, "S3 a delivery keeps its session");
    must(isDeepStrictEqual(known.route, route), "S4 a delivery keeps its route");
    must((state === "dead") === (known.state === "dead"), `S16 ${state} as the log says`);
  }
}

/** L1: in the end each has arrived or is dead, whatever one target does. */
export const isDelivered = ({ model }: Scene): boolean =>
  model.deliveries.line.every(({ state }) => state === "dead");

/** Some turns say where their user is. */
export function turnRoute(scene: Scene, key: string): { readonly route?: Route } {
  if (scene.plan.deliveries === null || !percent(scene, 60)) return {};
  count(scene, "turns that say where their user is");
  return { route: { to: key, thread: "user" } };
}
