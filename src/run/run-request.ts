import type { Run, SessionContext } from "../../machines/index.ts";
import { offeredEvents } from "../core/batch.ts";
import type { RunRequest } from "../vocabulary.ts";

/** What the agent is given for a run of this session. */
export function requestOf(
  lane: string,
  { runId, wake, startedAtMs }: Run,
  session: SessionContext,
): Omit<RunRequest, "signal"> {
  const { sessionKey, wakeId, attempts, source, intent, reason, overrides } = wake;
  return {
    sessionKey,
    lane,
    wakeId,
    runId,
    attempt: attempts + 1,
    source,
    intent,
    reason,
    startedAtMs,
    events: offeredEvents(session),
    transcriptKey: overrides?.isolated === true ? `${sessionKey}:heartbeat:${runId}` : sessionKey,
    ...(overrides && { overrides }),
    ...(session.marks && { marks: session.marks }),
  };
}
