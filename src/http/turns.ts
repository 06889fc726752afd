import { randomUUID } from "node:crypto";
import type { Heartbeat, TurnLease } from "../api.ts";
import { LubdubError, shown } from "../errors.ts";
import type { Route } from "../vocabulary.ts";
import { TURNS_MAX } from "./limits.ts";

/** A turn that somebody on the other side of the network holds. */
interface RemoteTurn {
  readonly turnId: string;
  readonly sessionKey: string;
  readonly lane: string;
  readonly ttlMs: number;
}

interface TakeOptions {
  readonly preempt: boolean;
  readonly route?: Route | undefined;
  readonly ttlMs: number;
  /** Stops waiting for the lane. */
  readonly signal: AbortSignal;
}

/** Turn leases with an end: a client that dies keeps a lane for no longer than its `ttlMs`. */
export interface Turns {
  /** @throws the signal's reason when the lane was not free in time; `LUBDUB_TOO_MANY` */
  take(sessionKey: string, options: TakeOptions): Promise<RemoteTurn>;
  /** @throws LubdubError `LUBDUB_NOT_FOUND` when it has ended */
  renew(sessionKey: string, turnId: string, ttlMs: number): RemoteTurn;
  /** Safe to call twice. */
  release(sessionKey: string, turnId: string): void;
  /** Ends all of them. */
  close(): void;
}

interface Held {
  readonly lease: TurnLease;
  timer: NodeJS.Timeout;
}

export function createTurns(heartbeat: Heartbeat): Turns {
  const held = new Map<string, Held>();
  const end = (turnId: string): void => {
    const turn = held.get(turnId);
    if (turn === undefined) return;
    held.delete(turnId);
    clearTimeout(turn.timer);
    turn.lease.release();
  };
  const endAfter = (turnId: string, ttlMs: number): NodeJS.Timeout => setTimeout(end, ttlMs, turnId).unref();
  const find = (sessionKey: string, turnId: string): Held | undefined => {
    const turn = held.get(turnId);
    return turn?.lease.sessionKey === sessionKey ? turn : undefined;
  };
  return {
    async take(sessionKey, { preempt, route, ttlMs, signal }) {
      if (held.size >= TURNS_MAX) throw tooMany();
      const lease = await heartbeat.acquireTurn(sessionKey, { preempt, signal, ...(route && { route }) });
      if (signal.aborted) {
        // Granted at the moment the caller went away: nobody would ever give it back.
        lease.release();
        throw signal.reason;
      }
      const turnId = randomUUID();
      held.set(turnId, { lease, timer: endAfter(turnId, ttlMs) });
      return { turnId, sessionKey, lane: lease.lane, ttlMs };
    },
    renew(sessionKey, turnId, ttlMs) {
      const turn = find(sessionKey, turnId);
      if (turn === undefined) throw ended(turnId);
      clearTimeout(turn.timer);
      turn.timer = endAfter(turnId, ttlMs);
      return { turnId, sessionKey, lane: turn.lease.lane, ttlMs };
    },
    release(sessionKey, turnId) {
      if (find(sessionKey, turnId) !== undefined) end(turnId);
    },
    close() {
      for (const turnId of held.keys()) end(turnId);
    },
  };
}

function tooMany(): LubdubError {
  return new LubdubError("LUBDUB_TOO_MANY", {
    expected: `at most ${TURNS_MAX} turns held over HTTP`,
    got: "one more",
    fix: "Release turns that have ended.",
  });
}

function ended(turnId: string): LubdubError {
  return new LubdubError("LUBDUB_NOT_FOUND", {
    expected: "a turn that is held",
    got: shown(turnId),
    fix: "It was released, or not renewed in time: take a new one.",
  });
}
