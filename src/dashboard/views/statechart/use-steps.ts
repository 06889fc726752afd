import { useEffect, useState } from "preact/hooks";
import type { LogRecord } from "../../../core/records.ts";
import type { Status } from "../../../api.ts";
import type { Step, Steps } from "../../../past.ts";
import { call, query, type ApiError } from "../../shell/api.ts";
import { asApiError, newestPosition, onRecord } from "../../shell/live.ts";

/** Steps shown of the past, unless more are asked for. */
const PAST_STEPS = 200;
const PAGE_STEPS = 500;
/** The oldest are let go: a page that stays open for weeks must not grow. */
const STEPS_MAX = 5_000;
/** Between two questions: neighbours in a lane may do much. */
const PAUSE_MS = 300;

interface Read {
  readonly sessionKey: string;
  readonly steps: readonly Step[];
  /** The log was looked at up to here. */
  readonly upTo: number;
  /** After `upTo`. */
  readonly states?: Step["states"];
  readonly isLoading: boolean;
  readonly error?: ApiError;
}

/** A session's newest steps; those to come follow as they happen. */
export function useSteps(sessionKey: string, past: number = PAST_STEPS): Read {
  const none: Read = { sessionKey, steps: [], upTo: 0, isLoading: true };
  const [read, setRead] = useState(none);
  useEffect(() => {
    const gone = new AbortController();
    const { signal } = gone;
    let steps: readonly Step[] = [];
    let upTo: number | null = null;
    let lane = sessionKey;
    let states: Step["states"] | undefined;
    let isLoading = false;
    let isWanted = false;
    const show = (more: Partial<Read>): void =>
      setRead({ sessionKey, steps, upTo: upTo ?? 0, ...(states && { states }), isLoading: false, ...more });

    /** Reads on until the newest record that was heard of. */
    const readOn = async (): Promise<void> => {
      upTo ??= await startOf(sessionKey, past, signal);
      for (;;) {
        const page: Steps = await call(`/v1/steps${query({ sessionKey, after: upTo, limit: PAGE_STEPS })}`, {
          signal,
        });
        steps = [...steps, ...page.steps].slice(-STEPS_MAX);
        const isEnd = page.upTo === upTo || page.upTo >= newestPosition.value;
        ({ upTo, lane, states } = page);
        show({ isLoading: !isEnd });
        if (isEnd) return;
      }
    };
    const refresh = async (): Promise<void> => {
      isWanted = true;
      if (isLoading) return;
      isLoading = true;
      while (isWanted && !signal.aborted) {
        isWanted = false;
        await readOn().catch((error: unknown) => {
          if (!signal.aborted) show({ error: asApiError(error) });
        });
        await new Promise((resume) => setTimeout(resume, PAUSE_MS));
      }
      isLoading = false;
    };
    void refresh();
    const stop = onRecord((record) => {
      // In a shared lane a neighbour may have moved it.
      if (record === null || record.sessionKey === sessionKey || lane !== sessionKey) void refresh();
    });
    return () => {
      stop();
      gone.abort();
    };
  }, [sessionKey, past]);
  return read.sessionKey === sessionKey ? read : none;
}

/** The position before the oldest step that is shown. */
async function startOf(sessionKey: string, past: number, signal: AbortSignal): Promise<number> {
  const { position } = await call<Status>("/v1/status", { signal });
  const newest = query({ before: position + 1, limit: past, sessionKey });
  const { records } = await call<{ records: readonly LogRecord[] }>(`/v1/log${newest}`, { signal });
  return (records[0]?.position ?? 1) - 1;
}
