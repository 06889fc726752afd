import type { CausingRun, WakeChain } from "../chain.ts";
import { positionOf } from "../core/ids.ts";
import { isDeliveryRecord, isRunEnd, type LogRecord } from "../core/records.ts";
import type { Host } from "./host.ts";
import { history, madeBy, madeOrRefused, receiptOf, type Maker } from "./receipts.ts";

/** Runs that caused each other, followed back. */
const CAUSES_MAX = 30;

/**
 * @param id - of an event, a wake, a run or a delivery
 * @throws LubdubError `LUBDUB_NOT_FOUND`
 */
export function wakeChain(host: Host, id: string): WakeChain {
  const wanted = wakeOf(host, id);
  const made = madeOrRefused(host, wanted);
  return { receipt: receiptOf(host, wanted), records: recordsOf(host, made), causes: causesOf(host, made) };
}

/** The wake that a run or a delivery belongs to. */
function wakeOf({ store }: Host, id: string): string {
  const record = store.recordAt(positionOf(id) ?? 0);
  if (record?.type === "run.started" && record.facts.runId === id) return record.facts.wakeId;
  // A delivery is queued in the commit that ends its run, by which its id is counted.
  if (record?.type === "delivery.queued" && record.facts.deliveryId === id) return record.facts.wakeId;
  return id;
}

function recordsOf(host: Host, made: Maker): readonly LogRecord[] {
  const links = createLinks(made);
  const found = new Map<number, LogRecord>([[made.position, made]]);
  for (const record of [...history(host, made.sessionKey, made.position)].reverse())
    if (links.take(record)) found.set(record.position, record);
  for (const eventId of links.eventIds) {
    const event = madeBy(host, eventId);
    if (event !== undefined) found.set(event.position, event);
  }
  return [...found.values()].sort((a, b) => a.position - b.position);
}

/** Which ids belong together: a run brings its events, its wake and its replies. */
function createLinks(made: Maker) {
  const wakeIds = new Set([made.facts.wakeId]);
  const eventIds = new Set("eventId" in made.facts ? [made.facts.eventId] : []);
  const runIds = new Set<string>();
  const deliveryIds = new Set<string>();
  const hasEvent = (ids: readonly string[]): boolean => ids.some((id) => eventIds.has(id));

  return {
    eventIds,
    /** Whether a record belongs to it; records come in order. */
    take(record: LogRecord): boolean {
      if (record.type === "run.started") {
        const { facts } = record;
        // A wake without an event may have merged with another: the next run carries it.
        const isMerged = runIds.size === 0 && made.type === "wake.requested";
        if (!isMerged && !wakeIds.has(facts.wakeId) && !hasEvent(facts.eventIds)) return false;
        runIds.add(facts.runId);
        wakeIds.add(facts.wakeId);
        for (const eventId of facts.eventIds) eventIds.add(eventId);
        return true;
      }
      if (isRunEnd(record)) return runIds.has(record.facts.runId);
      if (isDeliveryRecord(record)) {
        if (record.type === "delivery.queued" && runIds.has(record.facts.runId))
          deliveryIds.add(record.facts.deliveryId);
        return deliveryIds.has(record.facts.deliveryId);
      }
      if ("eventIds" in record.facts) {
        if (!hasEvent(record.facts.eventIds)) return false;
        if (record.type === "events.requeued") wakeIds.add(record.facts.wakeId);
        return true;
      }
      if (record.type === "session.forgotten") return true;
      if (!("wakeId" in record.facts) || record.type === "event.queued") return false;
      // One wake is pending in a session: before the first run, what it waits for is what this one waits for, whichever id it has.
      return wakeIds.has(record.facts.wakeId) || (runIds.size === 0 && record.type !== "wake.requested");
    },
  };
}

function causesOf(host: Host, made: Maker): readonly CausingRun[] {
  const causes: CausingRun[] = [];
  for (let maker: Maker | undefined = made; maker !== undefined && causes.length < CAUSES_MAX;) {
    const cause = "cause" in maker.facts ? maker.facts.cause : undefined;
    const run = host.store.recordAt(positionOf(cause?.runId ?? "") ?? 0);
    if (cause === undefined || run?.type !== "run.started" || run.facts.runId !== cause.runId) break;
    const { sessionKey, atMs: startedAtMs, facts } = run;
    causes.push({ runId: facts.runId, wakeId: facts.wakeId, sessionKey, startedAtMs });
    maker = madeBy(host, facts.wakeId);
  }
  return causes;
}
