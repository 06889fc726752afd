import type { Wake } from "../../machines/index.ts";
import { heartbeatActors, type HeartbeatActor } from "../core/actor.ts";
import type { Intent } from "../vocabulary.ts";
import {
  PRIORITY,
  priorityOf,
  type HeartbeatRunResult,
  type HeartbeatWakeRequest,
  type Priority,
} from "./wake-words.ts";

/**
 * The pending and running wakes: one heartbeat actor per target (`agentId::sessionKey`). A target with nothing to do has
 * none. A lane per target, not one for all: the whole batch leaves the pending wakes at once, and a request that comes
 * during the run stands beside the batch, where the machine would merge it into the wake that still waits its turn.
 */
export interface WakeLanes {
  readonly actors: Map<string, HeartbeatActor>;
  /** Numbers wakes and runs: a batch goes in the order in which its wakes became pending. */
  count: number;
}

/** A wake as the machine carries it, with what the handler is to be told. */
interface TargetWake extends Wake {
  readonly order: number;
  readonly priority: Priority;
  readonly request: HeartbeatWakeRequest;
}

/** A wake that was handed to the handler. */
export interface TakenWake {
  readonly runId: string;
  readonly wake: TargetWake;
}

// The machine's "begin the run" asks for nothing here: the module calls the handler itself, batch by batch.
const heartbeatActor = heartbeatActors(() => {});

/** There is one timer for all targets, and it takes whatever is pending: a wake has no deadline of its own. */
const DUE_WITH_THE_TIMER_MS = 0;
const INTENT_OF: Readonly<Record<Priority, Intent>> = {
  [PRIORITY.retry]: "scheduled",
  [PRIORITY.interval]: "scheduled",
  [PRIORITY.normal]: "event",
  [PRIORITY.action]: "immediate",
};

/** Adds a request. Of two for one target the one with the higher priority stays; of equals the later one. */
export function request(lanes: WakeLanes, asked: HeartbeatWakeRequest, atMs: number): void {
  const target = `${asked.agentId ?? ""}::${asked.sessionKey ?? ""}`;
  const priority = priorityOf(asked);
  const actor = lanes.actors.get(target) ?? heartbeatActor(target);
  lanes.actors.set(target, actor);
  const pending = pendingOf(actor, target);
  if (pending !== undefined) {
    const loses =
      priority < pending.priority || (priority === pending.priority && atMs < pending.requestedAtMs);
    if (loses) return;
    // The machine's own merge keeps the older wake and knows fewer ranks: here the new request takes the place.
    actor.send({ type: "wake.dropped", sessionKey: target });
  }
  const number = (lanes.count += 1);
  const wake: TargetWake = {
    sessionKey: target,
    wakeId: `w-${number}`,
    source: asked.source ?? "other",
    intent: asked.intent ?? INTENT_OF[priority],
    reason: asked.reason,
    requestedAtMs: atMs,
    dueAtMs: DUE_WITH_THE_TIMER_MS,
    waitsFor: "window",
    attempts: 0,
    postponements: 0,
    order: pending?.order ?? number,
    priority,
    request: pending === undefined ? asked : withOverride(asked, pending.request),
  };
  actor.send({ type: "wake.requested", wake });
  if (pending?.waitsFor === "idle") postpone(actor, target);
}

/** Whether a wake waits to be handed to the handler. */
export function hasPending({ actors }: WakeLanes): boolean {
  for (const actor of actors.values()) if (actor.context.pending.size > 0) return true;
  return false;
}

/** Takes all that is pending, in order: every target is `running` until it is settled. */
export function takeBatch(lanes: WakeLanes, atMs: number): readonly TakenWake[] {
  const batch: TakenWake[] = [];
  for (const [target, actor] of lanes.actors) {
    const wake = pendingOf(actor, target);
    if (wake === undefined) continue;
    // Still running here only for a handler that was replaced: its late answer is for a run that no lane knows.
    if (actor.context.run !== null) endRun(actor, actor.context.run.runId);
    const runId = `r-${(lanes.count += 1)}`;
    actor.send({ type: "run.started", sessionKey: target, wakeId: wake.wakeId, runId, atMs, idle: true });
    batch.push({ runId, wake });
  }
  return batch.toSorted((a, b) => a.wake.order - b.wake.order);
}

/** The wake is over. */
export function settle(
  lanes: WakeLanes,
  { runId, wake }: TakenWake,
  status: HeartbeatRunResult["status"],
): void {
  const actor = lanes.actors.get(wake.sessionKey);
  if (actor === undefined) return;
  if (status === "skipped") endRun(actor, runId);
  else if (status === "failed") actor.send({ type: "run.failed", runId, dueAtMs: null, next: null });
  else actor.send({ type: "run.ran", runId, next: null });
  if (actor.value === "idle") lanes.actors.delete(wake.sessionKey);
}

/** The same request goes back under its own target, as if asked for again at `atMs`, and waits for an idle agent. */
export function giveBack(lanes: WakeLanes, taken: TakenWake, atMs: number): void {
  settle(lanes, taken, "skipped");
  request(lanes, taken.wake.request, atMs);
  const target = taken.wake.sessionKey;
  const actor = lanes.actors.get(target);
  if (actor !== undefined) postpone(actor, target);
}

/** The machine reads its own fields only; what it carries is what `request` put in. */
const pendingOf = (actor: HeartbeatActor, target: string): TargetWake | undefined =>
  actor.context.pending.get(target) as TargetWake | undefined;

const endRun = (actor: HeartbeatActor, runId: string): boolean =>
  actor.send({ type: "run.skipped", runId, dueAtMs: null });

const postpone = (actor: HeartbeatActor, sessionKey: string): boolean =>
  actor.send({ type: "wake.postponed", sessionKey, dueAtMs: DUE_WITH_THE_TIMER_MS });

/** An override outlives a merge, but a wake of `requestHeartbeatNow` never shows one. */
function withOverride(newer: HeartbeatWakeRequest, older: HeartbeatWakeRequest): HeartbeatWakeRequest {
  const { heartbeat } = older;
  if (newer.intent === undefined || newer.heartbeat !== undefined || heartbeat === undefined) return newer;
  return { ...newer, heartbeat };
}
