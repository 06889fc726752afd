import { Pending, merge, type HeartbeatContext, type SessionContext } from "../machines/index.ts";
import type { HeartbeatActor, SessionActor } from "../src/core/actor.ts";
import type { Effect } from "../src/core/effects.ts";

/**
 * What `src/core/actor.ts` would be without XState: two switches, for the records of the benchmark (queued, started, ran).
 * It exists to show what XState costs; a record that it does not know is refused, so that it cannot be fast by being wrong.
 */
export {
  agentActor,
  deliveryActors,
  encode,
  MACHINE_IDS,
  redacted,
  scheduleActor,
} from "../src/core/actor.ts";

type Sent<Actor extends { send(event: never): boolean }> = Parameters<Actor["send"]>[0];

export function heartbeatActors(perform: (effect: Effect) => void): (lane: string) => HeartbeatActor {
  return (lane) =>
    reducer<HeartbeatContext, Sent<HeartbeatActor>>(
      "idle",
      { lane, pending: Pending.none, run: null },
      (context, event) => {
        const { pending, run } = context;
        if (event.type === "wake.requested") {
          const old = pending.get(event.wake.sessionKey);
          const next = pending.with(old === undefined ? event.wake : merge(old, event.wake));
          return [run === null ? "pending" : "running", { ...context, pending: next }];
        }
        if (event.type === "run.started") {
          const wake = pending.get(event.sessionKey);
          if (run !== null || wake === undefined || wake.dueAtMs > event.atMs) return null;
          const { runId, wakeId, atMs, sessionKey } = event;
          const begun = { runId, wake: { ...wake, wakeId }, startedAtMs: atMs, forgotten: false };
          perform({ type: "run.begin", lane, run: begun });
          return ["running", { lane, pending: pending.without(sessionKey), run: begun }];
        }
        if (event.type === "run.ran") {
          if (run === null || run.runId !== event.runId) return null;
          const { next } = event;
          const known = next === null || pending.get(next.sessionKey) !== undefined;
          const left = known ? pending : pending.with(next);
          return [left.size === 0 ? "idle" : "pending", { lane, pending: left, run: null }];
        }
        throw new Error(`${event.type} is not part of the benchmark`);
      },
    );
}

export function sessionActor(sessionKey: string): SessionActor {
  return reducer<SessionContext, Sent<SessionActor>>(
    "empty",
    { sessionKey, queue: [], offer: null, retry: null, dead: [] },
    (context, event) => {
      const { queue, offer } = context;
      if (event.type === "event.queued") {
        const value = offer === null ? "waiting" : "offered";
        return [value, { ...context, queue: [...queue, event.event] }];
      }
      if (event.type === "run.started") {
        if (offer !== null || event.eventIds.length === 0) return null;
        const { runId, wakeId, attempt, eventIds } = event;
        return ["offered", { ...context, offer: { runId, wakeId, attempt, eventIds } }];
      }
      if (event.type === "run.ran") {
        if (offer === null || offer.runId !== event.runId) return null;
        const left = queue.slice(offer.eventIds.length);
        return [
          left.length === 0 ? "empty" : "waiting",
          { ...context, queue: left, offer: null, retry: null },
        ];
      }
      throw new Error(`${event.type} is not part of the benchmark`);
    },
  );
}

function reducer<Context, Event>(
  initial: string,
  start: Context,
  next: (context: Context, event: Event) => readonly [value: string, context: Context] | null,
) {
  let [value, context] = [initial, start];
  return {
    send(event: Event): boolean {
      const moved = next(context, event);
      if (moved === null) return false;
      [value, context] = moved;
      return true;
    },
    get value() {
      return value;
    },
    get context() {
      return context;
    },
    mark() {
      const now = [value, context] as const;
      return () => {
        [value, context] = now;
      };
    },
  };
}
