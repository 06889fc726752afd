import type { LogRecord, RunEnd } from "../../../src/core/records.ts";
import { louder, passes, type Asked } from "./model-limits.ts";
import { must, same } from "./promise.ts";

/** What one session must look like: lists and maps, written down from the promises; no XState, no SQL. */
export interface ModelSession {
  queue: string[];
  dead: string[];
  /** The batch of a failed run and its wake id: the next run must offer the same. */
  frozen: { wakeId: string; ids: string[] } | null;
  /** Failures and busy answers since the wake began; busy answers also since it last failed. */
  failures: number;
  postponements: number;
  /** No run before this moment; null when nobody asked for one. */
  notBeforeMs: number | null;
  waitsFor: string;
  /** What its pending wake was asked for with; null when there is none. */
  asked: Asked | null;
  /**
   * `laneOf` has changed under a wake: lanes of before may hold what the model takes for one wake. Until it is over, its
   * pauses and its count of failures are bounds. `exact`: a snapshot holds all of it, and it has not run since.
   */
  moved: { exact: boolean } | null;
  /** Dropped in a lane of before: the very next record of the session must ask for it in the lane of today. */
  handedOver: { readonly wakeId: string } | null;
}

export interface ModelEvent {
  readonly text: string;
  /** Characters of text and data. */
  readonly chars: number;
  readonly asked: Asked;
}

export interface ModelRun {
  readonly runId: string;
  readonly wakeId: string;
  readonly sessionKey: string;
  readonly lane: string;
  readonly attempt: number;
  readonly ids: readonly string[];
  readonly asked: Asked | null;
  /** Its process is gone, and today its lane may be another one. */
  readonly orphaned?: boolean;
  readonly forgotten?: boolean;
}

export type RecordOf<Type extends LogRecord["type"]> = Extract<LogRecord, { type: Type }>;

export function freshSession(): ModelSession {
  const wake = { failures: 0, postponements: 0, notBeforeMs: null, waitsFor: "window", asked: null };
  return { queue: [], dead: [], frozen: null, ...wake, moved: null, handedOver: null };
}

/** The wake is over; what is still queued must go on at once, unless somebody asked for it meanwhile. */
export function over(session: ModelSession, atMs: number, next: Asked): void {
  session.frozen = session.moved = null;
  session.failures = session.postponements = 0;
  if (session.queue.length === 0) return;
  session.notBeforeMs ??= atMs;
  session.asked ??= next;
}

export function postpone(session: ModelSession, untilMs: number): void {
  session.postponements++;
  session.notBeforeMs = untilMs;
  session.waitsFor = "idle";
}

export function request(session: ModelSession, asked: Asked, dueAtMs: number): void {
  const { intent } = asked;
  session.asked = louder(session.asked, asked);
  const breaks =
    session.notBeforeMs === null ||
    session.waitsFor === "window" ||
    intent === "manual" ||
    (intent === "immediate" && session.waitsFor === "idle") ||
    (asked.depth === 0 && session.waitsFor === "self-wake") ||
    passes(intent, session.waitsFor);
  if (!breaks || dueAtMs >= (session.notBeforeMs ?? Infinity)) return;
  session.notBeforeMs = dueAtMs;
  session.waitsFor = "window";
}

/** The wake of a run goes back, with what was asked for meanwhile. */
export function goesBack(session: ModelSession, { asked }: ModelRun): void {
  if (asked !== null) session.asked = session.asked === null ? asked : louder(asked, session.asked);
}

/** What asks for a run of it now: something from outside in what waits ends a chain of runs. */
export function askedOf(
  { asked, queue }: ModelSession,
  events: ReadonlyMap<string, ModelEvent>,
): Asked | null {
  if (asked === null || asked.depth === 0) return asked;
  const depths = queue.map((id) => events.get(id)?.asked.depth ?? 0);
  return { ...asked, depth: Math.min(asked.depth, ...depths) };
}

/** The agent may have acted on it: the next run holds the same, as far as it is still queued. */
export function freeze(session: ModelSession, { wakeId, ids }: ModelRun): void {
  const queued = ids.filter((id) => session.queue.includes(id));
  if (queued.length > 0) session.frozen = { wakeId, ids: queued };
}

/** Its agent's provider refused: no attempt is used up, and its events are given again under their wake id. */
export function refused(session: ModelSession, run: ModelRun, dueAtMs: number): void {
  session.failures = run.attempt - 1;
  freeze(session, run);
  goesBack(session, run);
  session.notBeforeMs = dueAtMs;
  session.waitsFor = "circuit-open";
}

/** What a start must offer, and when. @param exact - false: lanes of before may each know of another failure */
export function checkStart(
  { frozen, failures, moved, notBeforeMs }: ModelSession,
  { facts, atMs }: RecordOf<"run.started">,
  wanted: { readonly ids: readonly string[]; readonly maxAttempts: number; readonly exact: boolean },
  early: boolean,
): void {
  must(
    same(facts.eventIds, wanted.ids),
    `S10 offered in order: expected ${wanted.ids.join()}, got ${facts.eventIds.join()}`,
  );
  if (frozen !== null) must(facts.wakeId === frozen.wakeId, "S9 a retry keeps its wake id");
  must(
    wanted.exact ? facts.attempt === failures + 1 : facts.attempt <= wanted.maxAttempts,
    `S8 busy uses up no attempt: expected ${failures + 1}, got ${facts.attempt}`,
  );
  if (moved !== null) return;
  must(notBeforeMs !== null, "L2 a run was asked for");
  must(early || atMs >= notBeforeMs, `L4 not before its time: ${notBeforeMs} at ${atMs}`);
}

/** A run that goes on while another one starts: of another session, and in another lane. */
export function notInTheWay(run: ModelRun, started: Pick<ModelRun, "runId" | "sessionKey" | "lane">): void {
  const sameLane = run.lane === started.lane && run.orphaned !== true;
  must(
    !sameLane && run.sessionKey !== started.sessionKey,
    `S5 one run at a time in a lane: ${run.runId} and ${started.runId}`,
  );
}

export const ofSession = (runs: Iterable<ModelRun>, sessionKey: string): readonly ModelRun[] =>
  [...runs].filter((run) => run.sessionKey === sessionKey);

/** A caller takes events out of the queue itself. @param runs - the session's own */
export function drain(session: ModelSession, eventIds: readonly string[], runs: readonly ModelRun[]): void {
  for (const id of eventIds) must(session.queue.includes(id), "S7 only queued events are drained");
  for (const { ids } of runs)
    must(!ids.some((id) => eventIds.includes(id)), "S7 an offered event is not drained");
  session.queue = session.queue.filter((id) => !eventIds.includes(id));
  if (session.frozen === null) return;
  session.frozen.ids = session.frozen.ids.filter((id) => session.queue.includes(id));
  if (session.frozen.ids.length === 0) session.frozen = null;
}

/** Dead letters go back to the end of the queue, or away for good. */
export function revive(
  session: ModelSession,
  record: RecordOf<"events.requeued" | "events.dismissed">,
  events: ReadonlyMap<string, ModelEvent>,
): void {
  const { eventIds } = record.facts;
  for (const id of eventIds)
    must(session.dead.includes(id), "S16 only dead letters are requeued or dismissed");
  session.dead = session.dead.filter((id) => !eventIds.includes(id));
  if (record.type === "events.dismissed") return;
  session.queue.push(...eventIds);
  // A person asks; what asked for the oldest event still counts for its chain.
  const depth = events.get(session.queue[0] ?? "")?.asked.depth ?? 0;
  request(session, { intent: "manual", depth }, record.facts.dueAtMs);
}

/** As many of the oldest as fit, but one at least. @param events - by id */
export function batchOf(
  queue: readonly string[],
  events: ReadonlyMap<string, ModelEvent>,
  batchMax: number,
): readonly string[] {
  const batch: string[] = [];
  let leftChars = 200_000;
  for (const id of queue.slice(0, batchMax)) {
    leftChars -= events.get(id)?.chars ?? 0;
    if (batch.length > 0 && leftChars < 0) break;
    batch.push(id);
  }
  return batch;
}

export const charsOf = (body: { readonly text: string; readonly data?: unknown } | null): number =>
  body === null ? 0 : body.text.length + (body.data === undefined ? 0 : JSON.stringify(body.data).length);

/** A lane of before ends what it still holds, although the session was let go long ago: nothing may come of it. */
export function endedBefore(session: ModelSession, { type, facts }: RunEnd, maxAttempts: number): void {
  const interrupted = type === "run.failed" && facts.code === "LUBDUB_RUN_INTERRUPTED";
  must(interrupted, "S6 only a run that has not ended settles");
  session.moved = { exact: false };
  session.failures = Math.max(session.failures, maxAttempts);
}
