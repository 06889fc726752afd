import type { EventOptions, WakeOptions } from "../api.ts";
import type { EventQueued, WakeRequested } from "../core/records.ts";
import type { World } from "../core/world.ts";
import { LubdubError } from "../errors.ts";
import type { Journal } from "../run/journal.ts";
import type { Store } from "../log/store.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Attribution } from "../run/attribution.ts";
import type { Clock } from "../run/clock.ts";
import type { Accepted, AcceptedEvent, Cause } from "../vocabulary.ts";
import type { SessionContext } from "../../machines/index.ts";
import { nextWakeId } from "../core/batch.ts";
import { newId } from "../core/ids.ts";
import { parseEvent, parseWake, type EventDraft, type WakeDraft } from "./parse.ts";

/** Everything comes in through here: library calls, HTTP, command line, spool. */
export interface Intake {
  /** `wakes` false: the event waits for the session's next run, at the latest `lingerMs`. */
  event(text: string, options: EventOptions, wakes: boolean): Promise<AcceptedEvent>;
  wake(options: WakeOptions): Promise<Accepted>;
  /** Steps 4 and 5 for what comes from inside: part of this turn's commit. @throws LubdubError `LUBDUB_QUEUE_FULL`, ... */
  queue(draft: EventDraft, wakes: boolean): EventQueued;
  request(draft: WakeDraft): WakeRequested;
}

interface IntakeParts {
  readonly world: World;
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly options: ResolvedOptions;
  /** Throws while nothing may be accepted. */
  readonly guard: () => void;
  readonly causeOf: Attribution["causeOf"];
}

/** THE WRITE PATH. The returned promise resolves after the commit; until then nothing has happened. */
export function createIntake({ world, store, journal, clock, options, guard, causeOf }: IntakeParts): Intake {
  return {
    async event(text, eventOptions, wakes) {
      // 1. Is the door open?
      guard();
      // 2. Refuse bad input, with nothing lost.
      const draft = parseEvent(text, eventOptions);
      // 3. The same dedupe key makes one event of its session: answer as the first time.
      const { dedupeKey } = draft;
      const known = dedupeKey === undefined ? undefined : journal.findDuplicate(draft.sessionKey, dedupeKey);
      if (known !== undefined) return acceptedBefore(known);
      const record = queue(draft, wakes, causeOf(draft.cause));
      // 6. Answer after the commit.
      await journal.committed();
      const { sessionKey, position, facts } = record;
      return { sessionKey, eventId: facts.eventId, wakeId: facts.wakeId, position, deduplicated: false };
    },
    async wake(wakeOptions) {
      guard();
      const draft = parseWake(wakeOptions);
      const { sessionKey, position, facts } = request(draft, causeOf(draft.cause));
      await journal.committed();
      return { sessionKey, wakeId: facts.wakeId, position, deduplicated: false };
    },
    queue,
    request,
  };

  function sessionOf({ sessionKey }: EventDraft | WakeDraft): SessionContext {
    return world.session(sessionKey).actor.context;
  }

  function queue(draft: EventDraft, wakes: boolean, cause?: Cause): EventQueued {
    // 4. Refuse what does not fit.
    refuseFull(world, draft.sessionKey, options.queueMax);
    // 5. Write: numbered, folded into the actors, part of this turn's commit.
    return journal.write({
      type: "event.queued",
      sessionKey: draft.sessionKey,
      facts: {
        eventId: newId("e", journal.nextPosition, clock),
        wakeId: nextWakeId(sessionOf(draft)) ?? newId("w", journal.nextPosition, clock),
        ...wakeFacts(draft, wakes, cause),
        ...eventFacts(draft),
      },
      body: { text: draft.text, ...(draft.data === undefined ? {} : { data: draft.data }) },
    });
  }

  function request(draft: WakeDraft, cause?: Cause): WakeRequested {
    const { sessionKey } = draft;
    const wakeId =
      nextWakeId(sessionOf(draft)) ??
      pendingWakeId(world, sessionKey) ??
      newId("w", journal.nextPosition, clock);
    const facts = { wakeId, ...wakeFacts(draft, true, cause) };
    return journal.write({ type: "wake.requested", sessionKey, facts, body: null });
  }

  async function acceptedBefore(position: number): Promise<AcceptedEvent> {
    await journal.committed();
    const record = store.recordAt(position) as EventQueued;
    const { eventId, wakeId } = record.facts;
    return { sessionKey: record.sessionKey, eventId, wakeId, position, deduplicated: true };
  }

  function wakeFacts(draft: WakeDraft, wakes: boolean, cause: Cause | undefined) {
    const { source, intent, reason, overrides } = draft;
    const urgent = intent === "manual" || intent === "immediate";
    const delayMs = wakes ? (draft.coalesceMs ?? (urgent ? 0 : options.coalesceMs)) : options.lingerMs;
    return {
      source,
      intent,
      reason,
      dueAtMs: clock.nowMs() + delayMs,
      ...(overrides && { overrides }),
      ...(cause && { cause }),
    };
  }
}

const pendingWakeId = (world: World, sessionKey: string): string | undefined =>
  world.heartbeat(world.laneOf(sessionKey)).actor.context.pending.get(sessionKey)?.wakeId;

function eventFacts({ trust, dedupeKey, contextKey, route }: EventDraft) {
  return {
    trust,
    ...(dedupeKey === undefined ? {} : { dedupeKey }),
    ...(contextKey === undefined ? {} : { contextKey }),
    ...(route === undefined ? {} : { route }),
  };
}

function refuseFull(world: World, sessionKey: string, queueMax: number): void {
  const { queue, dead } = world.session(sessionKey).actor.context;
  if (queue.length >= queueMax) {
    throw new LubdubError("LUBDUB_QUEUE_FULL", {
      expected: `at most ${queueMax} events queued in one session`,
      got: `one more for ${sessionKey}`,
      fix: "Nothing was dropped. Send it again once the session has run, or drain its queue.",
    });
  }
  if (dead.length >= queueMax) {
    throw new LubdubError("LUBDUB_DEAD_LETTERS_FULL", {
      expected: `at most ${queueMax} dead letters in one session`,
      got: `a new event for ${sessionKey}`,
      fix: "Requeue or dismiss its dead letters first.",
    });
  }
}
