import type { Failed, Outcome, RunHandler, RunRequest, Skipped } from "../vocabulary.ts";

/** What a check before a run found: the run ends here without its agent, or it goes on. */
export type Finding =
  | Skipped
  | Failed
  | {
      readonly status: "go";
      /** Goes into the request. */
      readonly adds?: Partial<Pick<RunRequest, "gate" | "instructions" | "tasks">>;
      /** Why the check could not look; it lets the run go on all the same. The log says it with the end of the run. */
      readonly failed?: string;
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
    let failed: string | undefined;
    for (const check of checks) {
      const found = await check(given);
      if (found.status !== "go") return found;
      given = { ...given, ...found.adds };
      failed ??= found.failed;
      marks = { ...marks, ...found.marks };
    }
    const answer = await run(given);
    const outcome: Outcome =
      failed === undefined ? answer : { ...answer, gate: { verdict: "failed-open", error: failed } };
    if (outcome.status !== "ran" || Object.keys(marks).length === 0) return outcome;
    return { ...outcome, marks: { ...marks, ...outcome.marks } };
  };
}
