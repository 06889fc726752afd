import type { Heartbeat, PageOptions, ScheduleOptions } from "../api.ts";
import type { ScheduleSet } from "../core/records.ts";
import type { ScheduleEntry } from "../core/world.ts";
import { LubdubError, shown } from "../errors.ts";
import type { EventDraft } from "../intake/parse.ts";
import { parseSchedule, parseScheduleId, type ScheduleDraft } from "../intake/parse-schedule.ts";
import { SCHEDULES_MAX } from "../options.ts";
import { nextAt, nextAtAfterSetBack, upcoming } from "../policy/cadence.ts";
import type { RecordDraft } from "../run/journal.ts";
import type { Cadence, Schedule } from "../vocabulary.ts";
import { unlessDamaged } from "./damage.ts";
import type { Host } from "./host.ts";
import { write } from "./edits.ts";
import { checkRange } from "./views.ts";

type ScheduleCalls = Pick<
  Heartbeat,
  | "setSchedule"
  | "removeSchedule"
  | "pauseSchedule"
  | "resumeSchedule"
  | "runSchedule"
  | "schedule"
  | "schedules"
>;

/** How many of the next ticks a schedule shows. */
const UPCOMING = 5;

export function schedulesOf(host: Host): ScheduleCalls {
  const { world, journal, scheduleIndex } = host;
  return {
    setSchedule: (options) => setSchedule(host, options),
    async removeSchedule(id) {
      const { key, actor } = known(host, id);
      return write(host, removal(key, specOf(actor)));
    },
    async pauseSchedule(id) {
      const entry = known(host, id);
      const { sessionKey } = specOf(entry.actor);
      const facts = { scheduleId: entry.key };
      return changed(host, entry, { type: "schedule.paused", sessionKey, facts, body: null });
    },
    async resumeSchedule(id) {
      const entry = known(host, id);
      const { sessionKey, cadence } = specOf(entry.actor);
      if (entry.actor.value === "active") return viewOf(host, entry);
      const times = { ...entry.actor.context, nowMs: nowFor(host, cadence) };
      const nextAtMs = nextAtAfterSetBack(cadence, times);
      if (nextAtMs === null) throw missedForGood(entry.key);
      const facts = { scheduleId: entry.key, nextAtMs };
      return changed(host, entry, { type: "schedule.resumed", sessionKey, facts, body: null });
    },
    async runSchedule(id) {
      host.guard();
      const entry = known(host, id);
      host.scheduler.runNow(entry);
      const view = viewOf(host, entry);
      await journal.committed();
      return view;
    },
    async schedule(id) {
      host.guardRead();
      return viewOf(host, known(host, id));
    },
    async schedules({ after = "", limit = 100 }: PageOptions = {}) {
      host.guardRead();
      checkRange("limit", limit, 1, 1_000);
      return scheduleIndex.page(after, limit).flatMap(
        (id) =>
          unlessDamaged(
            () => viewOf(host, world.schedules.peek(id)),
            (error) => host.quarantine({ kind: "schedule", key: id }, error),
          ) ?? [],
      );
    },
  };
}

async function setSchedule(host: Host, options: ScheduleOptions): Promise<Schedule | null> {
  host.guard();
  const { journal, world, scheduleIndex } = host;
  const draft = parseSchedule(options, host.scheduler.wallMs());
  const { scheduleId, cadence, wake } = draft;
  const old = found(host, scheduleId);
  if (old === null && scheduleIndex.size >= SCHEDULES_MAX) throw tooMany();
  const moves = old !== null && specOf(old.actor).sessionKey !== wake.sessionKey;
  const record = cadence && recordOf(draft, cadence, nextOf(host, moves ? null : old, cadence));
  if (record === null) {
    if (old !== null) journal.write(removal(scheduleId, specOf(old.actor)));
    await journal.committed();
    return null;
  }
  const entry = world.schedules.get(scheduleId);
  if (old !== null && saysTheSame(old, record)) return viewOf(host, entry);
  // Where it cannot be set elsewhere it stays.
  const leaves = old !== null && moves ? [removal(scheduleId, specOf(old.actor))] : [];
  return changed(host, entry, ...leaves, record);
}

/** As it is once `drafts` are written, all or none: by the time of the commit it may have ticked, and be over. */
async function changed(
  host: Host,
  entry: ScheduleEntry,
  ...drafts: readonly RecordDraft[]
): Promise<Schedule> {
  const { journal } = host;
  host.guard();
  journal.together(() => drafts.forEach((draft) => journal.write(draft)));
  const view = viewOf(host, entry);
  await journal.committed();
  return view;
}

const removal = (scheduleId: string, { sessionKey }: { readonly sessionKey: string }) =>
  ({ type: "schedule.removed", sessionKey, facts: { scheduleId }, body: null }) as const;

/** A schedule whose cadence stays keeps its next tick, so that setting it again at each start does not push it. */
function nextOf(host: Host, old: ScheduleEntry | null, cadence: Cadence): number | null {
  const kept = old !== null && JSON.stringify(specOf(old.actor).cadence) === JSON.stringify(cadence);
  return kept ? old.actor.context.nextAtMs : nextAt(cadence, nowFor(host, cadence));
}

function recordOf(draft: ScheduleDraft, cadence: Cadence, nextAtMs: number | null) {
  const { scheduleId, onMissed, origin, wake } = draft;
  const {
    sessionKey,
    text = "",
    data,
    trust = "trusted",
    ...asked
  } = wake as Partial<EventDraft> & typeof wake;
  const facts: ScheduleSet["facts"] = { scheduleId, cadence, nextAtMs, onMissed, origin, trust, ...asked };
  const body = { text, ...(data === undefined ? {} : { data }) };
  return { type: "schedule.set", sessionKey, facts, body } as const;
}

function saysTheSame(
  { actor }: ScheduleEntry,
  { facts, body, sessionKey }: ReturnType<typeof recordOf>,
): boolean {
  const { scheduleId: _scheduleId, nextAtMs, ...asked } = facts;
  const wanted = { ...asked, sessionKey, ...body };
  return nextAtMs === actor.context.nextAtMs && sorted(wanted) === sorted(actor.context.spec as object);
}

const sorted = (value: object): string =>
  JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Not from the index: it does not know what could not be read at the start. @returns null when it is over */
function found({ world }: Host, scheduleId: string): ScheduleEntry | null {
  const entry = world.schedules.peek(scheduleId);
  return entry.actor.value === "ended" ? null : entry;
}

function known(host: Host, id: string): ScheduleEntry {
  const scheduleId = parseScheduleId(id);
  if (found(host, scheduleId) !== null) return host.world.schedules.get(scheduleId);
  throw new LubdubError("LUBDUB_NOT_FOUND", {
    expected: "the id of a schedule that is not over",
    got: shown(scheduleId),
    fix: "`lubdub schedule ls` lists them.",
  });
}

/** Intake has put in more than the machine reads. */
const specOf = ({ context }: ScheduleEntry["actor"]): Omit<Schedule, "upcomingMs"> =>
  context.spec as unknown as Omit<Schedule, "upcomingMs">;

const nowFor = ({ clock, scheduler }: Host, { kind }: Cadence): number =>
  kind === "every" ? clock.nowMs() : scheduler.wallMs();

function viewOf(host: Host, entry: ScheduleEntry): Schedule {
  const { scheduleId, nextAtMs, lastTickAtMs, ticks } = entry.actor.context;
  const spec = specOf(entry.actor);
  const first = nextAtMs === null ? [] : [nextAtMs];
  return {
    ...spec,
    scheduleId,
    state: entry.actor.value === "paused" ? "paused" : "active",
    nextAtMs,
    lastTickAtMs,
    ticks,
    upcomingMs: [
      ...first,
      ...upcoming(spec.cadence, nextAtMs ?? nowFor(host, spec.cadence), UPCOMING - first.length),
    ],
  };
}

/** It stays paused, so that nothing of it is lost before somebody decides. */
const missedForGood = (scheduleId: string): LubdubError =>
  new LubdubError("LUBDUB_SCHEDULE_INVALID", {
    expected: "a schedule with a tick still to come",
    got: `${shown(scheduleId)}, whose only time passed while it was paused`,
    fix: "Set it again with another time, run it now, or remove it.",
  });

const tooMany = (): LubdubError =>
  new LubdubError("LUBDUB_TOO_MANY", {
    expected: `at most ${SCHEDULES_MAX} schedules`,
    got: "one more",
    fix: "Remove some first: `lubdub schedule ls` lists them.",
  });
