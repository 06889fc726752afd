import type { LogRecord, RunEnd } from "../core/records.ts";
import { deliveryRecordWords, routeWords } from "./delivery.ts";
import { events, excerpt } from "./excerpt.ts";
import { scheduleRecordWords } from "./schedule.ts";
import { clockTime, duration } from "./time.ts";

/** What a record says, in words. Texts of others are in it as they are, cut short: whoever shows them makes them plain. */
export function recordWords(record: LogRecord): string {
  switch (record.type) {
    case "event.queued": {
      const text = record.body === null ? "(forgotten)" : `"${excerpt(record.body.text)}"`;
      return `queued: ${record.facts.source} event ${text}`;
    }
    case "wake.requested":
      return `wake requested by ${record.facts.source} (${record.facts.intent}): ${record.facts.reason}`;
    case "run.started": {
      const { wakeId, attempt, eventIds } = record.facts;
      return `woken with ${events(eventIds.length)}: wake ${wakeId}, attempt ${attempt}`;
    }
    case "run.ran": {
      const { eventIds, durationMs, delivery, usage, usageRefused } = record.facts;
      const reply = record.body?.reply ?? "";
      const said = reply === "" ? "no reply" : `reply "${excerpt(reply)}"`;
      const fate = delivery === undefined || delivery === "queued" ? "" : `, not sent: ${delivery}`;
      const spent = usage === undefined ? "" : `, ${usage.inputTokens + usage.outputTokens} tokens`;
      const refused = usageRefused === true ? ", what it said of its usage is no count" : "";
      const end = `${events(eventIds.length)} in ${duration(durationMs)}, ${said}${fate}${spent}${refused}`;
      return `handled: ${end}${gateWords(record)}`;
    }
    case "run.skipped":
      return `not now: ${record.facts.reason}; ${next(record.facts.dueAtMs, "the wake ends")}${gateWords(record)}`;
    case "run.failed": {
      const { code, dueAtMs } = record.facts;
      return `failed: ${record.body?.error ?? "(forgotten)"} [${code}]; ${next(dueAtMs, "given up, see `lubdub dead ls`")}${gateWords(record)}`;
    }
    case "route.noted":
      return `the user is at ${routeWords(record.facts.route)}`;
    case "wake.postponed":
      return `the agent is busy: ${record.facts.reason}; ${next(record.facts.dueAtMs, "")}`;
    case "wake.held":
      return `held back: ${record.facts.reason}; ${next(record.facts.dueAtMs, "")}`;
    case "wake.dropped":
      return `wake ended: ${record.facts.reason}`;
    case "events.drained":
      return `${events(record.facts.eventIds.length)} taken out of the queue by a caller`;
    case "events.requeued":
      return `${events(record.facts.eventIds.length)} put back into the queue`;
    case "events.dismissed":
      return `${events(record.facts.eventIds.length)} dismissed for good`;
    case "session.forgotten":
      return "session forgotten: its texts are erased";
    case "delivery.queued":
    case "delivery.started":
    case "delivery.sent":
    case "delivery.failed":
    case "delivery.expired":
    case "delivery.requeued":
    case "delivery.dismissed":
      return deliveryRecordWords(record);
    case "schedule.set":
    case "schedule.fired":
    case "schedule.moved":
    case "schedule.paused":
    case "schedule.resumed":
    case "schedule.removed":
      return scheduleRecordWords(record);
  }
}

/** Why a gate could not be asked, and what it counted as. */
function gateWords({ facts: { gate }, body }: RunEnd): string {
  if (gate !== "failed-open" && gate !== "failed-closed") return "";
  const counted = gate === "failed-open" ? "open" : "closed";
  return `; its gate failed and counts as ${counted}: ${body?.gateError ?? "(forgotten)"}`;
}

function next(dueAtMs: number | null, otherwise: string): string {
  return dueAtMs === null ? otherwise : `next try at the latest ${clockTime(dueAtMs)}`;
}
