import { LubdubError, type ErrorCode } from "../errors.ts";

/** A listener that throws is its own problem. */
export function tell(listener: () => void): void {
  try {
    listener();
  } catch {
    // Reported by nobody on purpose: one listener must not silence the others, nor end the host.
  }
}

export function asStoreError(error: unknown): LubdubError {
  if (error instanceof LubdubError) return error;
  return new LubdubError("LUBDUB_STORE_FAILED", {
    expected: "the commit to succeed",
    got: error instanceof Error ? error.message : String(error),
    fix: "Nothing more is accepted. Close the heartbeat and open it again.",
    cause: error,
  });
}

export function notRunning(state: "stopping" | "closed" | "store-failed"): LubdubError {
  const code: ErrorCode = state === "stopping" ? "LUBDUB_STOPPING" : "LUBDUB_CLOSED";
  return new LubdubError(code, {
    expected: "a running heartbeat",
    got: `one that is ${state}`,
    ...(state === "stopping" ? { fix: "Send it again after the next start." } : {}),
  });
}
