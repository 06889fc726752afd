import type { Run } from "../../machines/index.ts";
import { settlement, type Settlement } from "../core/settle.ts";
import type { RunEnd } from "../core/records.ts";
import type { World } from "../core/world.ts";
import type { ResolvedOptions } from "../options.ts";
import type { AttemptOutcome } from "./attempt.ts";
import type { Clock } from "./clock.ts";
import type { Journal, RecordDraft } from "./journal.ts";
import type { RunLimits } from "./limits.ts";
import { replyOf, type ReplyFacts } from "./reply.ts";

/** What it takes to write how a run ended. */
export interface Settling {
  readonly world: World;
  readonly journal: Pick<Journal, "write" | "together" | "recordAt" | "nextPosition">;
  readonly clock: Clock;
  readonly options: ResolvedOptions;
  readonly limits: Pick<RunLimits, "restUntilMs" | "endFacts" | "usageFacts">;
}

/** A run that is over. */
export interface Ended {
  readonly lane: string;
  readonly run: Pick<Run, "runId" | "wake">;
  readonly outcome: AttemptOutcome;
  /** How long it took. */
  readonly durationMs: number;
}

/** Writes what the outcome means, as things are now, for the wake and the events that the run held. */
export function settleRun({ world, journal, clock, options, limits }: Settling, ended: Ended): RunEnd {
  const { lane, run, outcome } = ended;
  const session = world.session(run.wake.sessionKey).actor.context;
  const eventIds = session.offer?.runId === run.runId ? session.offer.eventIds : [];
  const nowMs = clock.nowMs();
  const restUntilMs = "class" in outcome ? limits.restUntilMs(run.wake.sessionKey) : null;
  const facts = {
    wake: run.wake,
    events: eventIds.length,
    nowMs,
    random: clock.random(),
    policy: options,
    restUntilMs,
  };
  const elsewhere = {
    ...(world.laneOf(run.wake.sessionKey) === lane ? {} : { lane }),
    ...limits.endFacts(run.wake.sessionKey),
  };
  const end = settlement(outcome, facts);
  const used = end.type === "run.ran" && end.usage !== undefined;
  const spent = used ? limits.usageFacts(run.wake.sessionKey) : {};
  const parts = { run, end, session, nowMs, options, clock, position: journal.nextPosition + 1 };
  const { facts: replied, queued } = replyOf(parts);
  // Were its delivery lost, the end would speak of a reply that goes nowhere.
  return journal.together(() => {
    const record = journal.write(endOf(ended, end, { eventIds, elsewhere, spent, replied }));
    if (queued !== null) journal.write(queued);
    return record;
  });
}

/** The process that ran it is gone: whether the agent acted is unknown, so it counts as an attempt. */
export function settleInterrupted(parts: Settling, lane: string, run: Ended["run"]): RunEnd {
  const reason = "The process ended while the run was going on.";
  const outcome = { status: "failed", reason, code: "LUBDUB_RUN_INTERRUPTED" } as const;
  return settleRun(parts, { lane, run, outcome, durationMs: 0 });
}

interface EndFacts {
  readonly eventIds: readonly string[];
  /** The lane that it ran in, when `laneOf` has changed since: only a run of a process that is gone; whose limits count it. */
  readonly elsewhere: { readonly lane?: string; readonly agent?: string };
  /** The day for which its usage counts. */
  readonly spent: { readonly dayEndsAtMs?: number };
  /** What became of its reply, if replies are delivered. */
  readonly replied: ReplyFacts;
}

/** The record that says how a run ended. */
function endOf(
  { run, durationMs }: Ended,
  end: Settlement,
  { eventIds, elsewhere, spent, replied }: EndFacts,
): Extract<RecordDraft, { type: RunEnd["type"] }> {
  const { runId } = run;
  const { sessionKey, wakeId } = run.wake;
  const { verdict, error: gateError } = end.gate ?? {};
  const gate = verdict === undefined ? {} : { gate: verdict };
  const why = gateError === undefined ? {} : { gateError };
  switch (end.type) {
    case "run.ran": {
      const { type, reply, media, notify: _notify, gate: _gate, ...said } = end;
      const counted = elsewhere.agent === undefined ? {} : { agent: elsewhere.agent };
      const facts = {
        wakeId,
        runId,
        eventIds,
        durationMs,
        ...said,
        ...gate,
        ...counted,
        ...spent,
        ...replied,
      };
      const body = { ...(reply !== undefined && { reply }), ...(media && { media }), ...why };
      return { type, sessionKey, facts, body: Object.keys(body).length === 0 ? null : body };
    }
    case "run.skipped":
      return {
        type: end.type,
        sessionKey,
        facts: {
          wakeId,
          runId,
          reason: end.reason,
          dueAtMs: end.dueAtMs,
          ...(end.aborted && { aborted: true }),
          ...gate,
          ...elsewhere,
        },
        body: gateError === undefined ? null : why,
      };
    case "run.failed": {
      const { code, dueAtMs, class: refusal } = end;
      const facts = {
        wakeId,
        runId,
        code,
        dueAtMs,
        ...(refusal && { class: refusal }),
        ...gate,
        ...elsewhere,
      };
      return { type: end.type, sessionKey, facts, body: { error: end.error, ...why } };
    }
  }
}
