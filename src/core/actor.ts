import { createActor, type AnyMachineSnapshot, type AnyStateMachine, type EventFromLogic } from "xstate";
import {
  agentMachine,
  deliveryMachine,
  heartbeatMachine,
  Pending,
  scheduleMachine,
  sessionMachine,
  type AgentContext,
  type DeliveryContext,
  type HeartbeatContext,
  type ScheduleContext,
  type SessionContext,
  type Wake,
} from "../../machines/index.ts";
import { LubdubError } from "../errors.ts";
import type { Effect } from "./effects.ts";

/**
 * The one file that calls XState: a machine's snapshot, brought to life. Live actors cost 3 us a send where the pure
 * `transition()` costs 17, so the hot path runs on actors; everything around them treats a snapshot as a value.
 */
export interface Live<Context, Event> {
  /** @returns false when the machine ignores the event in this state: nothing has changed. */
  send(event: Event): boolean;
  readonly value: string;
  readonly context: Context;
}

export type HeartbeatActor = Live<HeartbeatContext, EventFromLogic<typeof heartbeatMachine>>;
export type SessionActor = Live<SessionContext, EventFromLogic<typeof sessionMachine>>;
export type AgentActor = Live<AgentContext, EventFromLogic<typeof agentMachine>>;
export type DeliveryActor = Live<DeliveryContext, EventFromLogic<typeof deliveryMachine>>;
export type ScheduleActor = Live<ScheduleContext, EventFromLogic<typeof scheduleMachine>>;

/** Id and version of the machines that this build runs: written into every snapshot, checked before one is revived. */
export const MACHINE_IDS = {
  heartbeat: heartbeatMachine.id,
  session: sessionMachine.id,
  schedule: scheduleMachine.id,
  agent: agentMachine.id,
  delivery: deliveryMachine.id,
} as const;

/** A heartbeat per lane, a session per session key, a schedule per id, an agent per id, a delivery per reply that goes out. */
export type ActorKind = keyof typeof MACHINE_IDS;

/** `perform` receives what the machine's actions ask for. */
export function heartbeatActors(
  perform: (effect: Effect) => void,
): (lane: string, encoded?: string) => HeartbeatActor {
  const machine = heartbeatMachine.provide({
    actions: {
      "begin the run": ({ context: { lane, run } }) => {
        if (run !== null) perform({ type: "run.begin", lane, run });
      },
    },
  });
  const first = firstOf(machine);
  return (lane, encoded) => {
    if (encoded === undefined) return begun(first, { lane });
    const { value, context } = parsed<HeartbeatContext & { pending: readonly Wake[] }>(encoded);
    return revived(machine, { value, context: { ...context, pending: Pending.of(context.pending) } });
  };
}

const firstSession = firstOf(sessionMachine);
export const sessionActor = (sessionKey: string, encoded?: string): SessionActor =>
  encoded === undefined ? begun(firstSession, { sessionKey }) : revived(sessionMachine, parsed(encoded));

const firstSchedule = firstOf(scheduleMachine);
export const scheduleActor = (scheduleId: string, encoded?: string): ScheduleActor =>
  encoded === undefined ? begun(firstSchedule, { scheduleId }) : revived(scheduleMachine, parsed(encoded));

const firstAgent = firstOf(agentMachine);
export const agentActor = (agentId: string, encoded?: string): AgentActor =>
  encoded === undefined ? begun(firstAgent, { agentId }) : revived(agentMachine, parsed(encoded));

/** `perform` receives what the machine's actions ask for. */
export function deliveryActors(
  perform: (effect: Effect) => void,
): (deliveryId: string, encoded?: string) => DeliveryActor {
  const machine = deliveryMachine.provide({
    actions: {
      "begin to send": ({ context: { deliveryId } }) => perform({ type: "delivery.begin", deliveryId }),
    },
  });
  const first = firstOf(machine);
  return (deliveryId, encoded) =>
    encoded === undefined ? begun(first, { deliveryId }) : revived(machine, parsed(encoded));
}

/** A snapshot as it is stored. */
export function encode(actor: Pick<Live<unknown, never>, "value" | "context">): string {
  return JSON.stringify({ value: actor.value, context: actor.context });
}

/**
 * A stored actor without the texts and data of this session: it goes on through a replay like the whole one. A schedule may belong
 * to another one by now.
 */
export function redacted(kind: ActorKind, encoded: string, sessionKey: string): string {
  switch (kind) {
    case "session":
      return redactedSession(encoded);
    case "schedule":
      return redactedSchedule(encoded, sessionKey);
    case "delivery":
      return redactedDelivery(encoded);
    case "heartbeat":
    case "agent":
      return encoded;
  }
}

function redactedSession(encoded: string): string {
  const { value, context } = parsed<SessionContext>(encoded);
  const queue = context.queue.map(blank);
  const dead = context.dead.map((letter) => ({
    ...letter,
    event: blank(letter.event),
    error: { code: letter.error.code, message: "" },
  }));
  const { outbox } = context;
  const unsaid = outbox === undefined ? {} : { outbox: { ...outbox, said: [] } };
  return JSON.stringify({ value, context: { ...context, queue, dead, ...unsaid } });
}

function redactedSchedule(encoded: string, sessionKey: string): string {
  const { value, context } = parsed<ScheduleContext>(encoded);
  if (context.spec?.sessionKey !== sessionKey) return encoded;
  return JSON.stringify({ value, context: { ...context, spec: blank(context.spec) } });
}

function redactedDelivery(encoded: string): string {
  const { value, context } = JSON.parse(encoded) as Encoded<DeliveryContext>;
  const letter = context.letter && { ...blank(context.letter), media: [] };
  const error = context.error && { code: context.error.code, message: "" };
  return JSON.stringify({ value, context: { ...context, letter, error } });
}

const blank = <T extends { readonly text: string; readonly data?: unknown }>({
  data: _data,
  ...kept
}: T) => ({
  ...kept,
  text: "",
});

interface Encoded<Context> {
  readonly value: never;
  readonly context: Context;
}

function parsed<Context>(encoded: string): Encoded<Context> {
  return JSON.parse(encoded) as Encoded<Context>;
}

/** Its name is left open. */
function firstOf(machine: AnyStateMachine): AnyMachineSnapshot {
  return createActor(machine, { input: {} }).getSnapshot();
}

/** A new actor. Those of one machine begin alike but for their name, and a copy of the first costs a third of letting each work out its start. */
function begun<Context extends object, Event extends { readonly type: string }>(
  first: AnyMachineSnapshot,
  name: Partial<NoInfer<Context>>,
): Live<Context, Event> {
  return alive({ ...first, context: { ...first.context, ...name } });
}

/** An actor as it was stored. */
function revived<Context extends object, Event extends { readonly type: string }>(
  machine: AnyStateMachine,
  stored: Encoded<Context>,
): Live<Context, Event> {
  return alive(machine.resolveState(stored));
}

function alive<Context extends object, Event extends { readonly type: string }>(
  start: AnyMachineSnapshot,
): Live<Context, Event> {
  const machine: AnyStateMachine = start.machine;
  const actor = createActor(machine, { snapshot: start });
  // Without an error observer a throwing guard would be rethrown as an uncaught exception and end the host.
  let failure: unknown;
  actor.subscribe({ error: (error) => (failure = error) });
  actor.start();
  let snapshot: AnyMachineSnapshot = actor.getSnapshot();
  return {
    send(event) {
      const before = snapshot;
      actor.send(event);
      snapshot = actor.getSnapshot();
      if (failure !== undefined) {
        throw new LubdubError("LUBDUB_INTERNAL", {
          expected: `the machine to handle ${event.type}`,
          got: failure instanceof Error ? failure.message : "a value that is not an error",
          fix: "This is a bug in Lubdub: please report it.",
          cause: failure,
        });
      }
      return snapshot !== before;
    },
    get value() {
      return snapshot.value as string;
    },
    get context() {
      return snapshot.context as Context;
    },
  };
}
