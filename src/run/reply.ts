import { createHash } from "node:crypto";
import type { Outbox, Run, SessionContext } from "../../machines/index.ts";
import { offeredEvents } from "../core/batch.ts";
import { newId } from "../core/ids.ts";
import type { RunRan } from "../core/records.ts";
import type { Settlement } from "../core/settle.ts";
import type { ResolvedOptions } from "../options.ts";
import { decide } from "../policy/outgoing.ts";
import { routeOf } from "../policy/routes.ts";
import { showsNothing, visibilityOf } from "../policy/visibility.ts";
import type { RunRequest } from "../vocabulary.ts";
import type { Clock } from "./clock.ts";
import type { RecordDraft } from "./journal.ts";

/** What the end of a run says of its reply. */
export type ReplyFacts = Pick<RunRan["facts"], "delivery" | "indicator">;

interface ReplyParts {
  readonly run: Pick<Run, "runId" | "wake">;
  readonly end: Settlement;
  /** As it was before the run ended. */
  readonly session: SessionContext;
  readonly nowMs: number;
  readonly clock: Pick<Clock, "random">;
  /** Where in the log the delivery's record will stand: after that of the run's end. */
  readonly position: number;
  readonly options: Pick<ResolvedOptions, "deliver" | "delivery" | "queueMax">;
}

/**
 * What becomes of the reply of a run: facts for its end, and the delivery that goes into the same commit. Where nothing is
 * delivered at all, nothing is said.
 */
export function replyOf(parts: ReplyParts): { facts: ReplyFacts; queued: RecordDraft | null } {
  const { run, end, session, nowMs, options } = parts;
  if (end.type !== "run.ran" || options.deliver === undefined) return { facts: {}, queued: null };
  const { sessionKey, wakeId, intent } = run.wake;
  const reply = {
    ...(end.reply !== undefined && { text: end.reply }),
    ...(end.media && { media: end.media }),
    ...(end.notify !== undefined && { notify: end.notify }),
  };
  const events = session.offer?.runId === run.runId ? offeredEvents(session) : [];
  const given = { reply, events, intent, outbox: session.outbox, atMs: nowMs, fingerprintOf };
  const decision = decide(given, { ...options.delivery, outboxMax: options.queueMax });
  const { fate, indicator, outgoing } = decision;
  const facts = { delivery: fate, ...(indicator && { indicator }) };
  if (outgoing === null) return { facts, queued: null };
  const { route, destination, text, media, said } = outgoing;
  const expiresAtMs = nowMs + options.delivery.expireMs;
  const { runId } = run;
  const queued: RecordDraft = {
    type: "delivery.queued",
    sessionKey,
    facts: {
      deliveryId: newId("d", parts.position, parts.clock),
      runId,
      wakeId,
      route,
      destination,
      expiresAtMs,
    },
    body: {
      text,
      ...(media.length > 0 && { media }),
      ...(said && { fingerprint: said.fingerprint }),
    },
  };
  return { facts, queued };
}

const fingerprintOf = (text: string): string => createHash("sha256").update(text.trim()).digest("base64url");

/** Nobody could see what the agent would say to a beat: the model need not be asked. */
export const ALERTS_DISABLED = { status: "skipped", reason: "alerts-disabled" } as const;

/** Only a run without events: what happened must reach the agent, whoever sees its answer. */
export function isUnseen(
  { events, intent }: Pick<RunRequest, "events" | "intent">,
  outbox: Outbox | undefined,
  { deliver, delivery }: ReplyParts["options"],
): boolean {
  if (deliver === undefined || events.length > 0) return false;
  const { target, visibility } = delivery;
  const { route } = routeOf({ events, intent, lastRoute: outbox?.route ?? undefined, target });
  return showsNothing(visibilityOf(visibility, route));
}
