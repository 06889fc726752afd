import { LubdubError } from "../errors.ts";
import type { Clock } from "./clock.ts";

/** One call of somebody else's function, from outside. */
export interface TimedCall<Answer> {
  /** Always resolves, once: also when the function throws, hangs or answers late. */
  readonly ended: Promise<CallEnd<Answer>>;
  /** Aborts its signal. It is given up if it does not end within the grace. */
  abort(why: string): void;
}

export type CallEnd<Answer> =
  /** `late`: after its signal had aborted, within the grace. */
  | { readonly how: "answered"; readonly answer: Answer; readonly late: "too-slow" | "aborted" | null }
  | { readonly how: "threw"; readonly message: string }
  | { readonly how: "too-slow" | "aborted" };

interface CallParts<Answer> {
  readonly call: (signal: AbortSignal) => Answer | Promise<Answer>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** How long it may take to end once its signal aborted. */
  readonly graceMs: number;
}

/**
 * Calls with a time limit. Past it, or when aborted, the signal aborts; what it still answers within the grace counts, what
 * comes later is ignored.
 */
export function timedCall<Answer>({ call, clock, timeoutMs, graceMs }: CallParts<Answer>): TimedCall<Answer> {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<CallEnd<Answer>>();
  let stopped: "too-slow" | "aborted" | null = null;
  let cancel = clock.setTimer(timeoutMs, () => stop("too-slow", `it did not end within ${timeoutMs} ms`));

  function stop(how: "too-slow" | "aborted", why: string): void {
    if (stopped !== null) return;
    stopped = how;
    cancel();
    cancel = clock.setTimer(graceMs, () => resolve({ how }));
    controller.abort(new LubdubError("LUBDUB_RUN_INTERRUPTED", { expected: "the call to go on", got: why }));
  }

  void settled(call, controller.signal).then((end) => {
    cancel();
    if (end.how === "answered") return resolve({ ...end, late: stopped });
    resolve(stopped === null ? end : { how: stopped });
  });
  return { ended: promise, abort: (why) => stop("aborted", why) };
}

async function settled<Answer>(
  call: CallParts<Answer>["call"],
  signal: AbortSignal,
): Promise<{ how: "answered"; answer: Answer } | { how: "threw"; message: string }> {
  try {
    return { how: "answered", answer: await call(signal) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { how: "threw", message: message || "an error without a message" };
  }
}
