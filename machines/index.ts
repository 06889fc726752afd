export { deliveryMachine, type DeliveryContext, type DeliveryEvent, type Letter } from "./delivery.ts";
export { heartbeatMachine, type HeartbeatContext, type HeartbeatEvent, type Run } from "./heartbeat.ts";
export { agentMachine, type AgentContext, type AgentEvent, type Breaker, type Refusal } from "./agent.ts";
export { type Count, type Spent, type Tally } from "./tally.ts";
export { passes, type Hold, type Intent } from "./intents.ts";
export type { LastSaid, Outbox, OutboxEvent } from "./outbox.ts";
export { merge, Pending, RANK_HEAD_START_MS, type Cause, type WaitsFor, type Wake } from "./pending.ts";
export {
  sessionMachine,
  type DeadEvent,
  type Offer,
  type QueuedEvent,
  type SessionContext,
  type SessionEvent,
} from "./session.ts";
export {
  scheduleMachine,
  type Cadence,
  type ScheduleContext,
  type ScheduleEvent,
  type ScheduleSpec,
} from "./schedule.ts";
