import type { Run } from "../../machines/index.ts";

/** What a transition asks the host to do once it is committed. Effects are data; in a replay they are thrown away. */
export interface RunEffect {
  readonly type: "run.begin";
  readonly lane: string;
  readonly run: Run;
}

/** Send this one. */
export interface DeliveryEffect {
  readonly type: "delivery.begin";
  readonly deliveryId: string;
}

export type Effect = RunEffect | DeliveryEffect;
