import { AsyncLocalStorage } from "node:async_hooks";
import type { Heartbeat, TurnLease, TurnOptions } from "../api.ts";
import { LubdubError } from "../errors.ts";
import { sessionPath, type Transport } from "./transport.ts";

/** A lease ends this long after its last renewal, in milliseconds: what a dead client may block a lane for. */
const TTL_MS = 30_000;
const RENEW_MS = TTL_MS / 3;
/** One question waits this long at the daemon, in milliseconds, and leaves it the same again to answer. */
export const WAIT_MS = 20_000;
export const WAIT_TIMEOUT_MS = 2 * WAIT_MS;

export type TurnCalls = Pick<Heartbeat, "withTurn" | "acquireTurn" | "isBusy" | "onIdle">;

interface Turn {
  readonly turnId: string;
  readonly lane: string;
}

/** `closing` gives back what is held when the client is closed. */
export function createTurnCalls(
  transport: Transport,
  laneOf: (sessionKey: string) => Promise<string>,
): { readonly calls: TurnCalls; closing(): Promise<void> } {
  const holding = new AsyncLocalStorage<readonly string[]>();
  const leases = new Set<TurnLease>();

  const acquireTurn = async (sessionKey: string, options: TurnOptions = {}): Promise<TurnLease> => {
    const first = await take(transport, sessionKey, options);
    let { turnId } = first;
    let renewing = Promise.resolve();
    const renewal = setInterval(() => {
      renewing = renew(transport, sessionKey, turnId).then(
        (held) => void (turnId = held),
        // Not reached this time: the next one comes well before the lease ends.
        () => {},
      );
    }, RENEW_MS).unref();
    let released: Promise<void> | undefined;
    const release = (): Promise<void> => {
      clearInterval(renewal);
      leases.delete(lease);
      // After a renewal that is on its way, which may change the id. When it cannot be said, the lease ends by itself.
      released ??= renewing.then(() => giveBack(transport, sessionKey, turnId)).catch(() => {});
      return released;
    };
    const lease: TurnLease = {
      sessionKey,
      lane: first.lane,
      release: () => void release(),
      [Symbol.asyncDispose]: release,
    };
    leases.add(lease);
    return lease;
  };
  const isBusy = async (sessionKey: string): Promise<boolean> =>
    ((await transport.call(sessionPath(sessionKey, "/turns"))) as { busy: boolean }).busy;

  const calls: TurnCalls = {
    acquireTurn,
    isBusy,
    async withTurn(sessionKey, fn, options) {
      const lanes = holding.getStore() ?? [];
      // Inside a turn of the same lane already: waiting for it would be waiting for oneself.
      if (lanes.length > 0 && lanes.includes(await laneOf(sessionKey))) return fn();
      await using lease = await acquireTurn(sessionKey, options);
      return await holding.run([...lanes, lease.lane], fn);
    },
    onIdle(sessionKey, callback) {
      const stopped = new AbortController();
      const tellWhenIdle = async (): Promise<void> => {
        await untilIdle(transport, sessionPath(sessionKey), stopped.signal);
        if (!stopped.signal.aborted) callback();
      };
      tellWhenIdle().catch(() => {
        // Stopped, or the daemon is gone: then nothing can be said about the lane.
      });
      return () => stopped.abort();
    },
  };
  return {
    calls,
    async closing() {
      await Promise.all([...leases].map((lease) => lease[Symbol.asyncDispose]()));
    },
  };
}

/** Asks until the lane is given, the signal aborts, or the daemon is gone. */
async function take(
  transport: Transport,
  sessionKey: string,
  { preempt = true, signal, route }: TurnOptions,
): Promise<Turn> {
  const body = { preempt, ttlMs: TTL_MS, waitMs: WAIT_MS, ...(route && { route }) };
  const call = { method: "POST", body, timeoutMs: WAIT_TIMEOUT_MS, ...(signal && { signal }) } as const;
  for (;;) {
    try {
      return (await transport.call(sessionPath(sessionKey, "/turns"), call)) as Turn;
    } catch (error) {
      if (!hasCode(error, "LUBDUB_LANE_BUSY")) throw error;
    }
  }
}

/** A daemon that was started again knows nothing of the lease: it is taken anew. @returns the id that holds now */
async function renew(transport: Transport, sessionKey: string, turnId: string): Promise<string> {
  const path = sessionPath(sessionKey, `/turns/${turnId}/renew`);
  try {
    await transport.call(path, { method: "POST", body: { ttlMs: TTL_MS } });
    return turnId;
  } catch (error) {
    if (!hasCode(error, "LUBDUB_NOT_FOUND")) throw error;
    return (await take(transport, sessionKey, {})).turnId;
  }
}

async function giveBack(transport: Transport, sessionKey: string, turnId: string): Promise<void> {
  await transport.call(sessionPath(sessionKey, `/turns/${turnId}`), { method: "DELETE" });
}

async function untilIdle(transport: Transport, path: string, signal: AbortSignal): Promise<void> {
  const question = `${path}/turns?wait=idle&waitMs=${WAIT_MS}`;
  let busy = true;
  while (busy) {
    const answer = await transport.call(question, { signal, timeoutMs: WAIT_TIMEOUT_MS });
    ({ busy } = answer as { busy: boolean });
  }
}

function hasCode(error: unknown, code: LubdubError["code"]): boolean {
  return error instanceof LubdubError && error.code === code;
}
