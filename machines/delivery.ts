import { assign, setup } from "xstate";

/** One reply that goes out. The machine reads nothing of it; it travels from the run to its destination unchanged. */
export interface Letter {
  readonly sessionKey: string;
  /** The run that it answers; one run makes one delivery at most. */
  readonly runId: string;
  readonly wakeId: string;
  readonly route: Readonly<Record<string, string>>;
  /** One name for the route: deliveries to the same destination go out one at a time, in order. */
  readonly destination: string;
  readonly text: string;
  readonly media: readonly string[];
  readonly queuedAtMs: number;
}

/** What a delivery remembers. */
export interface DeliveryContext {
  readonly deliveryId: string;
  readonly letter: Letter | null;
  /** When it got into line for its destination: that is the order in which it is sent. */
  readonly enteredAtMs: number;
  /** It is not sent before this moment ... */
  readonly dueAtMs: number;
  /** ... and not after this one. */
  readonly expiresAtMs: number;
  /** Tries that were begun. */
  readonly attempts: number;
  /** When the try that is going on began. */
  readonly startedAtMs: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly diedAtMs: number | null;
}

interface Died {
  readonly error: { readonly code: string; readonly message: string };
  readonly atMs: number;
}

/** What can happen to a delivery. */
export type DeliveryEvent =
  | {
      readonly type: "delivery.queued";
      readonly letter: Letter;
      readonly atMs: number;
      readonly expiresAtMs: number;
    }
  | { readonly type: "delivery.started"; readonly atMs: number }
  | { readonly type: "delivery.sent" }
  /** `dueAtMs` null: given up. */
  | ({ readonly type: "delivery.failed"; readonly dueAtMs: number | null } & Died)
  | ({ readonly type: "delivery.expired" } & Died)
  | { readonly type: "delivery.requeued"; readonly atMs: number; readonly expiresAtMs: number }
  | { readonly type: "delivery.dismissed" }
  | { readonly type: "session.forgotten" };

/**
 * delivery (one per reply that goes out): ended --queued--> pending --started--> sending --sent--> ended.
 * Failed: sending --> retrying with the same id, route and text; out of tries or of time: dead, until somebody requeues or
 * dismisses it. It knows nothing of runs and lanes: a delivery that is stuck holds up no heartbeat.
 */
export const deliveryMachine = setup({
  types: {} as {
    input: { readonly deliveryId: string };
    context: DeliveryContext;
    events: DeliveryEvent;
  },
  guards: {
    "may start": ({ context, event }) =>
      event.type === "delivery.started" && context.dueAtMs <= event.atMs && event.atMs < context.expiresAtMs,
    "is out of time": ({ context, event }) =>
      event.type === "delivery.expired" && context.expiresAtMs <= event.atMs,
    "is given up": ({ event }) => event.type === "delivery.failed" && event.dueAtMs === null,
  },
  actions: {
    change: assign(({ context, event }) => changed(context, event)),
    "start over": assign(({ context }) => unsent(context.deliveryId)),
    /** Effect: the host begins to send it after the commit. */
    "begin to send": () => {},
  },
}).createMachine({
  id: "delivery@1",
  context: ({ input }) => unsent(input.deliveryId),
  initial: "ended",
  states: {
    ended: {
      entry: "start over",
      on: { "delivery.queued": { target: "pending", actions: "change" } },
    },
    pending: {
      on: {
        "delivery.started": { guard: "may start", target: "sending", actions: ["change", "begin to send"] },
        "delivery.expired": { guard: "is out of time", target: "dead", actions: "change" },
        "delivery.dismissed": { target: "ended" },
        "session.forgotten": { target: "ended" },
      },
    },
    sending: {
      on: {
        "delivery.sent": { target: "ended" },
        "delivery.failed": [
          { guard: "is given up", target: "dead", actions: "change" },
          { target: "retrying", actions: "change" },
        ],
        "session.forgotten": { target: "ended" },
      },
    },
    retrying: {
      on: {
        "delivery.started": { guard: "may start", target: "sending", actions: ["change", "begin to send"] },
        "delivery.expired": { guard: "is out of time", target: "dead", actions: "change" },
        "delivery.dismissed": { target: "ended" },
        "session.forgotten": { target: "ended" },
      },
    },
    dead: {
      on: {
        "delivery.requeued": { target: "pending", actions: "change" },
        "delivery.dismissed": { target: "ended" },
        "session.forgotten": { target: "ended" },
      },
    },
  },
});

/** One that is over is as if it had never been: so nothing has to be kept of it. */
const unsent = (deliveryId: string): DeliveryContext => ({
  deliveryId,
  letter: null,
  enteredAtMs: 0,
  dueAtMs: 0,
  expiresAtMs: 0,
  attempts: 0,
  startedAtMs: null,
  error: null,
  diedAtMs: null,
});

/** The context once `event` is handled. */
function changed(context: DeliveryContext, event: DeliveryEvent): DeliveryContext {
  switch (event.type) {
    case "delivery.queued": {
      const { letter, atMs, expiresAtMs } = event;
      return { ...context, letter, enteredAtMs: atMs, dueAtMs: atMs, expiresAtMs };
    }
    case "delivery.started":
      return { ...context, attempts: context.attempts + 1, startedAtMs: event.atMs };
    case "delivery.failed":
      if (event.dueAtMs === null) return died(context, event);
      return { ...context, startedAtMs: null, error: event.error, dueAtMs: event.dueAtMs };
    case "delivery.expired":
      return died(context, event);
    case "delivery.requeued": {
      const { atMs, expiresAtMs } = event;
      return { ...context, enteredAtMs: atMs, dueAtMs: atMs, expiresAtMs, attempts: 0, diedAtMs: null };
    }
    case "delivery.sent":
    case "delivery.dismissed":
    case "session.forgotten":
      return context;
  }
}

const died = (context: DeliveryContext, { error, atMs }: Died): DeliveryContext => ({
  ...context,
  startedAtMs: null,
  error,
  diedAtMs: atMs,
});
