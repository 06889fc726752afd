import {
  createActor,
  type Actor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventFromLogic,
} from "xstate";
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
  /** @returns what brings it back to where it stands now, also after its machine has thrown */
  mark(): () => void;
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

/** Whom an actor's actions ask, while all of one kind share a machine: to make one takes longer than to run it for a while. */
const performers = new WeakMap<object, Perform>();
type Perform = (effect: Effect) => void;
/** The actions of most kinds ask for nothing. */
const NOTHING: Perform = () => {};
/** Each actor has one before its first event. */
const performerOf = (self: object): Perform => performers.get(self) as Perform;

const heartbeatKind = kindOf(
  heartbeatMachine.provide({
    actions: {
      "begin the run": ({ context: { lane, run }, self }) => {
        if (run !== null) performerOf(self)({ type: "run.begin", lane, run });
      },
    },
  }),
);
/** `perform` receives what the machine's actions ask for. */
export function heartbeatActors(perform: Perform): (lane: string, encoded?: string) => HeartbeatActor {
  return (lane, encoded) => {
    if (encoded === undefined) return begun(heartbeatKind, { lane }, perform);
    const { value, context } = parsed<HeartbeatContext & { pending: readonly Wake[] }>(encoded);
    const pending = Pending.of(context.pending);
    return revived(heartbeatKind, { value, context: { ...context, pending } }, perform);
  };
}

const sessionKind = kindOf(sessionMachine);
export const sessionActor = (sessionKey: string, encoded?: string): SessionActor =>
  encoded === undefined ? begun(sessionKind, { sessionKey }) : revived(sessionKind, parsed(encoded));

const scheduleKind = kindOf(scheduleMachine);
export const scheduleActor = (scheduleId: string, encoded?: string): ScheduleActor =>
  encoded === undefined ? begun(scheduleKind, { scheduleId }) : revived(scheduleKind, parsed(encoded));

const agentKind = kindOf(agentMachine);
export const agentActor = (agentId: string, encoded?: string): AgentActor =>
  encoded === undefined ? begun(agentKind, { agentId }) : revived(agentKind, parsed(encoded));

const deliveryKind = kindOf(
  deliveryMachine.provide({
    actions: {
      "begin to send": ({ context: { deliveryId }, self }) =>
        performerOf(self)({ type: "delivery.begin", deliveryId }),
    },
  }),
);
/** `perform` receives what the machine's actions ask for. */
export function deliveryActors(perform: Perform): (deliveryId: string, encoded?: string) => DeliveryActor {
  return (deliveryId, encoded) =>
    encoded === undefined
      ? begun(deliveryKind, { deliveryId }, perform)
      : revived(deliveryKind, parsed(encoded), perform);
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

/** One machine's snapshots, each of which an actor can go on from. */
interface Kind {
  readonly machine: AnyStateMachine;
  /** Its actors begin alike but for their names, which are left open. */
  readonly first: AnyMachineSnapshot;
  /** One in each state that was asked for, without its context. */
  readonly resolved: Map<string, AnyMachineSnapshot>;
}

/**
 * Our snapshots are whole: no child actors, no history. What XState does to restore one, key by key through the whole
 * context, changes nothing, and takes longer than all else that brings an actor to life.
 */
function kindOf(provided: AnyStateMachine): Kind {
  const machine = provided.provide({});
  machine.restoreSnapshot = (snapshot) => snapshot as AnyMachineSnapshot;
  return { machine, first: createActor(machine, { input: {} }).getSnapshot(), resolved: new Map() };
}

/** @throws when the machine has no such state */
function resolvedIn({ machine, resolved }: Kind, value: string): AnyMachineSnapshot {
  let snapshot = resolved.get(value);
  if (snapshot === undefined) resolved.set(value, (snapshot = machine.resolveState({ value, context: {} })));
  return snapshot;
}

/** A new actor: a copy of the first costs a third of letting each work out its start. */
function begun<Context extends object, Event extends { readonly type: string }>(
  kind: Kind,
  name: Partial<NoInfer<Context>>,
  perform = NOTHING,
): Live<Context, Event> {
  return alive(kind, { ...kind.first, context: { ...kind.first.context, ...name } }, perform);
}

/** An actor as it was stored. */
function revived<Context extends object, Event extends { readonly type: string }>(
  kind: Kind,
  { value, context }: Encoded<Context>,
  perform = NOTHING,
): Live<Context, Event> {
  return alive(kind, { ...resolvedIn(kind, value), context }, perform);
}

/** Who only looks at an actor needs no XState: it is started by the first event that is sent to it. */
function alive<Context extends object, Event extends { readonly type: string }>(
  kind: Kind,
  first: AnyMachineSnapshot,
  perform = NOTHING,
): Live<Context, Event> {
  let snapshot = first;
  let started: Started | undefined;
  return {
    send(event) {
      const before = snapshot;
      started ??= start(kind, snapshot, perform);
      started.actor.send(event);
      snapshot = started.actor.getSnapshot();
      if (started.failure !== undefined) throw machineFailed(event.type, started.failure);
      return snapshot !== before;
    },
    get value() {
      return snapshot.value as string;
    },
    get context() {
      return snapshot.context as Context;
    },
    mark() {
      const now = snapshot;
      return () => {
        snapshot = now;
        started = undefined;
      };
    },
  };
}

interface Started {
  readonly actor: Actor<AnyStateMachine>;
  failure: unknown;
}

function start({ machine }: Kind, snapshot: AnyMachineSnapshot, perform: Perform): Started {
  const actor = createActor(machine, { snapshot });
  performers.set(actor, perform);
  const started: Started = { actor, failure: undefined };
  // Without an error observer a throwing guard would be rethrown as an uncaught exception and end the host.
  actor.subscribe({ error: (error) => (started.failure = error) });
  actor.start();
  return started;
}

function machineFailed(type: string, failure: unknown): LubdubError {
  return new LubdubError("LUBDUB_INTERNAL", {
    expected: `the machine to handle ${type}`,
    got: failure instanceof Error ? failure.message : "a value that is not an error",
    fix: "This is a bug in Lubdub: please report it.",
    cause: failure,
  });
}
