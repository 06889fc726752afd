import type { AnyStateMachine } from "xstate";
import {
  agentMachine,
  deliveryMachine,
  heartbeatMachine,
  scheduleMachine,
  sessionMachine,
} from "../../machines/index.ts";
import type { ActorKind } from "../core/actor.ts";

/** In the order in which a reader should meet them. Each stands in a file of its name. */
export const MACHINES: Readonly<Record<ActorKind, AnyStateMachine>> = {
  heartbeat: heartbeatMachine,
  session: sessionMachine,
  schedule: scheduleMachine,
  agent: agentMachine,
  delivery: deliveryMachine,
};

export const MACHINE_NAMES = Object.keys(MACHINES) as readonly ActorKind[];
