/** Waits for whichever comes first. @returns whether `promise` was settled, also when it was rejected */
export async function waitFor(
  promise: Promise<unknown>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { promise: over, resolve } = Promise.withResolvers<false>();
  const end = (): void => resolve(false);
  const timer = setTimeout(end, timeoutMs);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const settled = (): true => true;
  try {
    return await Promise.race([promise.then(settled, settled), over]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

/** Wakes one waiter; a ring while nobody waits is remembered, and many are one. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or at once if it rang since the last `reset`. */
  rung(): Promise<void>;
  reset(): void;
}

export function createBell(): Bell {
  let next = Promise.withResolvers<void>();
  let rang = false;
  return {
    ring() {
      rang = true;
      next.resolve();
    },
    rung: () => next.promise,
    reset() {
      if (rang) next = Promise.withResolvers<void>();
      rang = false;
    },
  };
}
