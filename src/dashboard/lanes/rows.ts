import type { LogRecord } from "../../core/records.ts";
import { createTimeline, type EntryKind, type TimelineEntry } from "../../timeline/timeline.ts";

/** The lanes that a session's story runs in, from what came to what was said. */
export const LANES = ["events", "waits", "runs", "acks", "replies"] as const;
export type Lane = (typeof LANES)[number];

const LANE_OF: Readonly<Record<EntryKind, Lane>> = {
  event: "events",
  wake: "events",
  schedule: "events",
  session: "events",
  wait: "waits",
  run: "runs",
  ack: "acks",
  reply: "replies",
  delivery: "replies",
};

/** One record, or what still goes on after the last one. */
export interface Row {
  readonly position: number;
  readonly atMs: number;
  readonly isOpen: boolean;
  readonly cells: Readonly<Record<Lane, readonly TimelineEntry[]>>;
  /** Whether something in the lane goes on before the row, and after it. */
  readonly rails: Readonly<Record<Lane, { readonly above: boolean; readonly below: boolean }>>;
}

/**
 * The rows of a page. Records before `first` only say what was going on when it begins.
 * @param isNewest - the page ends with the newest record: what still goes on is a row of its own
 */
export function rowsOf(records: readonly LogRecord[], first: number, isNewest: boolean): readonly Row[] {
  const timeline = createTimeline();
  const told = records.map((record) => ({ record, entries: timeline.add(record) }));
  const shown = told.filter(({ record }) => record.position >= first);
  const open = isNewest ? timeline.open() : [];
  const drafts = shown.map(({ record: { position, atMs }, entries }) => ({
    position,
    atMs,
    isOpen: false,
    entries,
  }));
  const last = drafts.at(-1);
  if (open.length > 0 && last !== undefined) drafts.push({ ...last, isOpen: true, entries: open });
  const spans = [
    ...eventSpans(records, isNewest),
    ...drafts.flatMap(({ entries }) => entries.flatMap(spanOf)),
  ];
  return drafts.map((draft, index) => {
    const before = drafts[index - 1];
    return {
      position: draft.position,
      atMs: draft.atMs,
      isOpen: draft.isOpen,
      cells: perLane((lane) => draft.entries.filter(({ kind }) => LANE_OF[kind] === lane)),
      rails: perLane((lane) => ({
        above: spans.some((span) => span.lane === lane && isWithin(span, before, draft)),
        below: spans.some((span) => span.lane === lane && isWithin(span, draft, drafts[index + 1])),
      })),
    };
  });
}

interface Span {
  readonly lane: Lane;
  /** Positions of the records that begin and end it; 0: before all, Infinity: not yet over. */
  readonly from: number;
  readonly to: number;
}

interface Edge {
  readonly position: number;
  readonly isOpen: boolean;
}

/** Whether it goes on between two rows that follow each other. Above the first row is what began earlier. */
function isWithin({ from, to }: Span, above: Edge | undefined, below: Edge | undefined): boolean {
  if (below === undefined) return false;
  const start = above?.position ?? below.position - 1;
  return from <= start && (below.isOpen ? to === Infinity : to >= below.position);
}

/** What an entry says to have lasted until it. */
function spanOf({ kind, position, open, sincePosition }: TimelineEntry): Span[] {
  if (sincePosition === undefined) return [];
  return [{ lane: LANE_OF[kind], from: sincePosition, to: open === true ? Infinity : position }];
}

/** From when an event came to when it was acknowledged, given up, or taken out of the queue. */
function eventSpans(records: readonly LogRecord[], isNewest: boolean): Span[] {
  const since = new Map<string, number>();
  const held = new Map<string, readonly string[]>();
  const spans: Span[] = [];
  const end = (eventIds: Iterable<string>, to: number): void => {
    for (const id of eventIds) {
      const from = since.get(id);
      if (from !== undefined) spans.push({ lane: "events", from, to });
      since.delete(id);
    }
  };
  for (const { type, position, facts } of records) {
    if (type === "event.queued") since.set(facts.eventId, position);
    else if (type === "events.requeued") for (const id of facts.eventIds) since.set(id, position);
    else if (type === "run.started") held.set(facts.runId, facts.eventIds);
    else if (type === "run.ran" || type === "events.drained" || type === "events.dismissed")
      end(facts.eventIds, position);
    else if (type === "run.failed" && facts.dueAtMs === null) end(held.get(facts.runId) ?? [], position);
    else if (type === "session.forgotten") end([...since.keys()], position);
  }
  end([...since.keys()], isNewest ? Infinity : Number.MAX_SAFE_INTEGER);
  return spans;
}

function perLane<T>(make: (lane: Lane) => T): Readonly<Record<Lane, T>> {
  return Object.fromEntries(LANES.map((lane) => [lane, make(lane)])) as Record<Lane, T>;
}
