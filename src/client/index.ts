import type { Heartbeat } from "../api.ts";
import { LubdubError } from "../errors.ts";
import { backupTo } from "./backup.ts";
import { createReadCalls } from "./reads.ts";
import { createScheduleCalls } from "./schedules.ts";
import { subscribeTo, type StreamErrorListener, type Subscription } from "./subscribe.ts";
import { createTransport } from "./transport.ts";
import { createTurnCalls } from "./turns.ts";
import { createWriteCalls } from "./writes.ts";

export type * from "../api.ts";
export type * from "../vocabulary.ts";
export { ERROR_CODES, LubdubError, type ErrorCode } from "../errors.ts";

/** Where the daemon is, and the key to it. */
export interface ClientOptions {
  /** The daemon's address. @example "http://127.0.0.1:5823" */
  readonly url: string;
  /** The daemon's token. */
  readonly token: string;
  /**
   * Told when a subscription's stream breaks. It comes back by itself, after the last record it had, for as long as it
   * takes. @default nothing
   */
  readonly onStreamError?: StreamErrorListener;
}

/**
 * A daemon's heartbeat, with the interface of one in this process.
 *
 * What differs: a call may reject with `LUBDUB_DAEMON_UNREACHABLE`, and then it is not known whether it was carried out
 * (give events a `dedupeKey`, and repeat); `close` ends this client and not the daemon; turns end 30 s after this process
 * does; `backup` needs the daemon's files to be readable from here.
 *
 * @throws LubdubError `LUBDUB_OPTION_INVALID` for a `url` that is none.
 * @example
 * await using heartbeat = connect({ url: "http://127.0.0.1:5823", token });
 * await heartbeat.wake("npm test ended with 0", { sessionKey: "agent:main:discord:channel:42" });
 */
export function connect({ url, token, onStreamError = () => {} }: ClientOptions): Heartbeat {
  const closed = new AbortController();
  const subscriptions = new Set<Subscription>();
  const wire = { url, token, closed: closed.signal };
  // A subscription made before a call sees what the call does.
  const ready = (): Promise<unknown> => Promise.all([...subscriptions].map(({ begun }) => begun));
  const bare = createTransport(wire);
  const transport = createTransport({ ...wire, ready });
  const reads = createReadCalls(transport);
  const turns = createTurnCalls(transport, async (key) => (await reads.why(key)).lane);
  const close = async (): Promise<void> => {
    for (const subscription of subscriptions) subscription.end();
    await turns.closing();
    closed.abort(closedError());
  };

  return {
    ...createWriteCalls(transport),
    ...reads,
    ...createScheduleCalls(transport),
    ...turns.calls,
    subscribe(listener) {
      if (closed.signal.aborted) throw closed.signal.reason;
      const subscription = subscribeTo(bare, listener, onStreamError);
      subscriptions.add(subscription);
      return () => {
        subscriptions.delete(subscription);
        subscription.end();
      };
    },
    backup: (file) => backupTo(transport, file),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function closedError(): LubdubError {
  return new LubdubError("LUBDUB_CLOSED", {
    expected: "a client that is open",
    got: "one that was closed",
    fix: "Connect again.",
  });
}
