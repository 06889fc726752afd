import { LubdubError, shown } from "../errors.ts";
import type { ResolvedOptions } from "../options.ts";
import type { GateVerdict, Outcome, RunHandler, RunRequest } from "../vocabulary.ts";
import { checkedRan } from "./checked-ran.ts";
import type { Clock } from "./clock.ts";

/** An outcome with the code of what went wrong, if something did, and whether the run was stopped on the way. */
export type AttemptOutcome = Outcome & {
  readonly code?: string;
  readonly usageRefused?: true;
  readonly aborted?: true;
};

/** One call of the handler, from outside. */
export interface Attempt {
  /** Always resolves, once: also when the handler throws, hangs or answers nonsense. */
  readonly outcome: Promise<AttemptOutcome>;
  /** Pre-empts it: it counts as busy unless it still succeeds. */
  abort(why: string): void;
}

interface AttemptParts {
  readonly handler: RunHandler;
  readonly request: Omit<RunRequest, "signal">;
  readonly clock: Clock;
  readonly options: Pick<ResolvedOptions, "runTimeoutMs" | "abortGraceMs">;
}

/**
 * Calls the handler with a time limit. Past the limit, or when pre-empted, its signal aborts; if it does not end within
 * the grace, it is given up and what it answers later is ignored.
 */
export function attempt({ handler, request, clock, options }: AttemptParts): Attempt {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<AttemptOutcome>();
  let ifStopped: AttemptOutcome | null = null;
  const timeoutMs = request.overrides?.timeoutMs ?? options.runTimeoutMs;
  let cancel = clock.setTimer(timeoutMs, () => {
    const reason = `the run did not end within ${timeoutMs} ms`;
    stop({ status: "failed", reason, code: "LUBDUB_RUN_TIMEOUT" }, reason);
  });

  function stop(outcome: AttemptOutcome, why: string): void {
    if (ifStopped !== null) return;
    ifStopped = outcome;
    cancel();
    cancel = clock.setTimer(options.abortGraceMs, () => resolve(outcome));
    controller.abort(new LubdubError("LUBDUB_RUN_INTERRUPTED", { expected: "the run to go on", got: why }));
  }

  void call(handler, { ...request, signal: controller.signal }).then((outcome) => {
    cancel();
    resolve(ifStopped === null || outcome.status === "ran" ? outcome : ifStopped);
  });
  return {
    outcome: promise,
    abort: (why) => stop({ status: "skipped", reason: "preempted", aborted: true }, why),
  };
}

async function call(handler: RunHandler, request: RunRequest): Promise<AttemptOutcome> {
  try {
    return checked(await handler(request));
  } catch (error) {
    return { status: "failed", reason: messageOf(error), code: "LUBDUB_RUN_THREW" };
  }
}

/** What a handler in plain JavaScript may answer is anything. */
export function checked(answer: unknown): AttemptOutcome {
  const outcome = answer as Readonly<Record<string, unknown>> | null | undefined;
  const reason = typeof outcome?.reason === "string" ? outcome.reason.slice(0, REASON_CHARS_MAX) : "";
  switch (outcome?.status) {
    case "ran":
      return { ...checkedRan(outcome), ...checkedGate(outcome.gate) };
    case "skipped": {
      if (reason === "") break;
      const after = outcome.retryAfterMs;
      const known = typeof after === "number" && Number.isFinite(after) && after >= 0;
      return {
        status: "skipped",
        reason,
        ...(known ? { retryAfterMs: clamped(after) } : {}),
        ...checkedGate(outcome.gate),
      };
    }
    case "failed":
      return {
        status: "failed",
        reason: reason || "no reason was given",
        ...(outcome.retryable === false ? { retryable: false } : {}),
        ...(outcome.class === "auth" || outcome.class === "quota" ? { class: outcome.class } : {}),
        ...checkedGate(outcome.gate),
      };
  }
  const { message } = new LubdubError("LUBDUB_OUTCOME_INVALID", {
    expected:
      'the run to answer { status: "ran" }, { status: "skipped", reason } or { status: "failed", reason }',
    got: shown(JSON.stringify(answer) ?? String(answer)),
  });
  return { status: "failed", reason: message, code: "LUBDUB_OUTCOME_INVALID" };
}

const VERDICTS: ReadonlySet<unknown> = new Set<GateVerdict>(["closed", "failed-open", "failed-closed"]);

function checkedGate(said: unknown): Pick<Outcome, "gate"> {
  const { verdict, error } = (said ?? {}) as { readonly verdict?: GateVerdict; readonly error?: unknown };
  if (verdict === undefined || !VERDICTS.has(verdict)) return {};
  return { gate: { verdict, ...(typeof error === "string" && { error: error.slice(0, REASON_CHARS_MAX) }) } };
}

const REASON_CHARS_MAX = 4_096;
/** An agent that says "at once" and goes on being busy must not spin. */
const RETRY_AFTER_MS_MIN = 100;
const RETRY_AFTER_MS_MAX = 86_400_000;

const clamped = (ms: number): number =>
  Math.min(Math.max(Math.ceil(ms), RETRY_AFTER_MS_MIN), RETRY_AFTER_MS_MAX);

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message || "an error without a message").slice(0, REASON_CHARS_MAX);
}
