/** A signal of several; disposing it lets go of them. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Aborts with the reason of the first source that does, or with a `TimeoutError` after `timeoutMs` (0: never).
 *
 * `AbortSignal.any` is not used for sources that live as long as the process: it keeps every signal it made for them until
 * the timeout, some 2 kB per call, and has no way to let go.
 */
export function linkedSignal(sources: readonly (AbortSignal | undefined)[], timeoutMs = 0): LinkedSignal {
  const controller = new AbortController();
  const given = sources.filter((source) => source !== undefined);
  const follow = (event: Event): void => controller.abort((event.target as AbortSignal).reason);
  const expire = (): void => controller.abort(new DOMException("The time is over.", "TimeoutError"));
  const timer = timeoutMs === 0 ? undefined : setTimeout(expire, timeoutMs).unref();
  const aborted = given.find((source) => source.aborted);
  if (aborted !== undefined) controller.abort(aborted.reason);
  else for (const source of given) source.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const source of given) source.removeEventListener("abort", follow);
    },
  };
}
