import type { Failed, RunHandler, RunRequest, Skipped } from "../vocabulary.ts";

/** What a check before a run found: the run ends here without its agent, or it goes on. */
export type Finding =
  | Skipped
  | Failed
  | {
      readonly status: "go";
      /** Goes into the request. */
      readonly adds?: Partial<Pick<RunRequest, "gate" | "instructions" | "tasks">>;
      /** Remembered by the session if the run succeeds. */
      readonly marks?: Readonly<Record<string, number>>;
    };

/** Looks before a run whether its agent need be asked at all. It costs no tokens. */
export type PreRunCheck = (request: RunRequest) => Finding | Promise<Finding>;

/**
 * A run function with checks before it, in this order; the first that does not say `go` ends the attempt.
 *
 * @example createHeartbeat({ run: withChecks(agent, [heartbeatFile({ path: "HEARTBEAT.md" }), gate({ file: { path: "inbox", when: "changed" } })]) })
 */
export function withChecks(run: RunHandler, checks: readonly PreRunCheck[]): RunHandler {
  return async (request) => {
    let given = request;
    let marks: Readonly<Record<string, number>> = {};
    for (const check of checks) {
      const found = await check(given);
      if (found.status !== "go") return found;
      given = { ...given, ...found.adds };
      marks = { ...marks, ...found.marks };
    }
    const outcome = await run(given);
    if (outcome.status !== "ran" || Object.keys(marks).length === 0) return outcome;
    return { ...outcome, marks: { ...marks, ...outcome.marks } };
  };
}
