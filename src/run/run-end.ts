import type { Run } from "../../machines/index.ts";
import type { Settlement } from "../core/settle.ts";
import type { RecordDraft } from "./journal.ts";

/** The record that says how a run ended. */
export function endOf(run: Run, end: Settlement, eventIds: readonly string[], nowMs: number): RecordDraft {
  const { runId, startedAtMs } = run;
  const { sessionKey, wakeId } = run.wake;
  switch (end.type) {
    case "run.ran": {
      const facts = { wakeId, runId, eventIds, durationMs: Math.max(0, nowMs - startedAtMs) };
      return {
        type: end.type,
        sessionKey,
        facts,
        body: end.reply === undefined ? null : { reply: end.reply },
      };
    }
    case "run.skipped":
      return {
        type: end.type,
        sessionKey,
        facts: { wakeId, runId, reason: end.reason, dueAtMs: end.dueAtMs },
        body: null,
      };
    case "run.failed": {
      const facts = { wakeId, runId, code: end.code, dueAtMs: end.dueAtMs };
      return { type: end.type, sessionKey, facts, body: { error: end.error } };
    }
  }
}
