import type { Run } from "../../machines/index.ts";
import type { Settlement } from "../core/settle.ts";
import type { RecordDraft } from "./journal.ts";

interface EndFacts {
  readonly eventIds: readonly string[];
  readonly nowMs: number;
  /** The lane that it ran in, when `laneOf` has changed since: only a run of a process that is gone; whose limits count it. */
  readonly elsewhere: { readonly lane?: string; readonly agent?: string };
}

/** The record that says how a run ended. */
export function endOf(run: Run, end: Settlement, { eventIds, nowMs, elsewhere }: EndFacts): RecordDraft {
  const { runId, startedAtMs } = run;
  const { sessionKey, wakeId } = run.wake;
  switch (end.type) {
    case "run.ran": {
      const { type, reply, ...said } = end;
      const counted = elsewhere.agent === undefined ? {} : { agent: elsewhere.agent };
      const facts = {
        wakeId,
        runId,
        eventIds,
        durationMs: Math.max(0, nowMs - startedAtMs),
        ...said,
        ...counted,
      };
      return { type, sessionKey, facts, body: reply === undefined ? null : { reply } };
    }
    case "run.skipped":
      return {
        type: end.type,
        sessionKey,
        facts: { wakeId, runId, reason: end.reason, dueAtMs: end.dueAtMs, ...elsewhere },
        body: null,
      };
    case "run.failed": {
      const { code, dueAtMs, class: refusal } = end;
      const facts = { wakeId, runId, code, dueAtMs, ...(refusal && { class: refusal }), ...elsewhere };
      return { type: end.type, sessionKey, facts, body: { error: end.error } };
    }
  }
}
