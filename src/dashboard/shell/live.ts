import { signal } from "@preact/signals";
import { createParser } from "eventsource-parser";
import { useEffect, useState } from "preact/hooks";
import type { LogRecord } from "../../core/records.ts";
import { ApiError, send, signedIn } from "./api.ts";
import { noticeTime, nowMs } from "./clock.ts";

/** One stream of the log's records for the whole page. */

/** `stale`: nothing was heard for too long, so what is shown may be old. */
export const liveness = signal<"connecting" | "live" | "stale">("connecting");
/** Position of the newest record that was heard of. */
export const newestPosition = signal(0);
/** When the daemon was last heard, by `nowMs`. */
export const heardAtMs = signal(nowMs.value);

/** The daemon sends a sign of life every 15 s. */
const SILENCE_MS_MAX = 20_000;
const RECONNECT_MS = 1_000;

/** Told of each new record; and of `null` after a (re)connection, when records may have been missed. */
type Listener = (record: LogRecord | null) => void;
const listeners = new Set<Listener>();

export function onRecord(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = (record: LogRecord | null): void => {
  for (const listener of listeners) listener(record);
};

/** Connects, and comes back, until it is stopped. @returns stops */
export function stayConnected(): () => void {
  const stopped = new AbortController();
  void connectForEver(stopped.signal);
  return () => stopped.abort();
}

async function connectForEver(stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted && signedIn.value) {
    const silent = new AbortController();
    try {
      await listen(AbortSignal.any([stopped, silent.signal]), silent);
    } catch (error) {
      if (stopped.aborted || (error instanceof ApiError && error.code === "LUBDUB_UNAUTHORIZED")) return;
    }
    liveness.value = "stale";
    await new Promise((resume) => setTimeout(resume, RECONNECT_MS));
  }
}

async function listen(ended: AbortSignal, silent: AbortController): Promise<void> {
  let watchdog = 0;
  const heard = (): void => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => silent.abort(), SILENCE_MS_MAX);
    heardAtMs.value = nowMs.value;
    liveness.value = "live";
  };
  const parser = createParser({
    onComment: heard,
    onEvent({ event, data }) {
      heard();
      if (event === "open") {
        newestPosition.value = (JSON.parse(data) as { position: number }).position;
        tell(null);
      } else if (event === undefined) {
        const record = JSON.parse(data) as LogRecord;
        newestPosition.value = record.position;
        tell(record);
      }
    },
  });
  try {
    const response = await send("/v1/stream", { signal: ended });
    noticeTime(response);
    const text = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(
      new TextDecoderStream(),
    );
    for await (const chunk of text) parser.feed(chunk);
  } finally {
    clearTimeout(watchdog);
  }
}

/** What a view shows: the last answer stays while the next is on its way, or fails. */
export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: ApiError | undefined;
  /** Loads anew: after an action. */
  readonly reload: () => void;
}

/** Records may come by the thousand: what is shown is loaded at most this often. */
const RELOAD_MS_MIN = 300;

/**
 * Loads something, and again when a record says that it may have changed.
 * @param key - what is loaded, e.g. its path: another key loads anew.
 * @param concerns - whether a record changes it. @default every one does
 * @param isPart - whether the answer is only a part, and more of it soon to be had. @default never
 */
export function useLive<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  concerns: (record: LogRecord) => boolean = () => true,
  isPart: (value: T) => boolean = () => false,
): Loaded<T> {
  const [answer, setAnswer] = useState<Omit<Loaded<T>, "reload"> & { readonly key: string }>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    const gone = new AbortController();
    let isLoading = false;
    let isWanted = false;
    const refresh = async (): Promise<void> => {
      isWanted = true;
      if (isLoading) return;
      isLoading = true;
      while (isWanted && !gone.signal.aborted) {
        isWanted = false;
        const found = await load(gone.signal).then(
          (value) => ({ key, value, error: undefined }),
          (error: unknown) => ({ key, value: undefined, error: asApiError(error) }),
        );
        if (gone.signal.aborted) return;
        if (found.value !== undefined && isPart(found.value)) isWanted = true;
        setAnswer((before) => ({
          ...found,
          value: found.value ?? (before?.key === key ? before.value : undefined),
        }));
        await new Promise((resume) => setTimeout(resume, RELOAD_MS_MIN));
      }
      isLoading = false;
    };
    void refresh();
    const stop = onRecord((record) => {
      if (record === null || concerns(record)) void refresh();
    });
    return () => {
      stop();
      gone.abort();
    };
  }, [key, round]);
  const current = answer?.key === key ? answer : undefined;
  return { value: current?.value, error: current?.error, reload: () => setRound((before) => before + 1) };
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError({
    code: "LUBDUB_INTERNAL",
    detail: error instanceof Error ? error.message : String(error),
  });
}
