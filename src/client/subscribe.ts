import { setTimeout as sleep } from "node:timers/promises";
import type { LogRecord } from "../core/records.ts";
import { LubdubError } from "../errors.ts";
import { errorFrom, type Transport } from "./transport.ts";

export type StreamErrorListener = (error: LubdubError) => void;

/** Records of one subscription: reconnects after the last one that was handed over, so that none is missed or doubled. */
export interface Subscription {
  /** Resolves when the stream begins (or could not): what is committed later will be seen. */
  readonly begun: Promise<void>;
  end(): void;
}

/** Pause before coming back, in milliseconds: it doubles from the first to the last while nothing answers. */
const RECONNECT_MS_FIRST = 100;
const RECONNECT_MS_LAST = 5_000;

export function subscribeTo(
  transport: Transport,
  listener: (record: LogRecord) => void,
  onError: StreamErrorListener,
): Subscription {
  const ended = new AbortController();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  let lastEventId: string | undefined;
  let pauseMs = RECONNECT_MS_FIRST;

  const readOnce = async (): Promise<void> => {
    const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    for await (const { event, id, data } of transport.events("/v1/stream", {
      headers,
      signal: ended.signal,
    })) {
      if (ended.signal.aborted) return;
      if (event === "problem") throw errorFrom(JSON.parse(data), "a broken problem");
      if (event === undefined) tell(listener, JSON.parse(data) as LogRecord);
      if (id !== undefined) lastEventId = id;
      pauseMs = RECONNECT_MS_FIRST;
      begin();
    }
  };
  const readForEver = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      try {
        await readOnce();
      } catch (error) {
        if (isClosed(error) || ended.signal.aborted) break;
        onError(error as LubdubError);
      }
      begin();
      await sleep(pauseMs, undefined, { signal: ended.signal }).catch(() => {});
      pauseMs = Math.min(RECONNECT_MS_LAST, pauseMs * 2);
    }
    begin();
  };
  void readForEver();
  return { begun, end: () => ended.abort() };
}

/** A listener that throws must not end the stream, nor get its record again. */
function tell(listener: (record: LogRecord) => void, record: LogRecord): void {
  try {
    listener(record);
  } catch {
    // Reported by nobody, as in process.
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof LubdubError && error.code === "LUBDUB_CLOSED";
}
