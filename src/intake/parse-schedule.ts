import { z } from "zod";
import type { EventOptions, ScheduleOptions, WakeOptions } from "../api.ts";
import { LubdubError, shown } from "../errors.ts";
import { EVERY_MS_MAX, EVERY_MS_MIN, SCHEDULE_ID_CHARS_MAX } from "../options.ts";
import { nextAt, phaseOf } from "../policy/cadence.ts";
import { calendar } from "../policy/calendar.ts";
import type { Cadence, MissedPolicy } from "../vocabulary.ts";
import { checked, parseEvent, parseWake, type EventDraft, type WakeDraft } from "./parse.ts";

/** A schedule that passed the door. */
export interface ScheduleDraft {
  readonly scheduleId: string;
  /** Null turns it off. */
  readonly cadence: Cadence | null;
  readonly onMissed: MissedPolicy;
  readonly origin: "config" | "call";
  /** What each tick asks for; without a text it only wakes. */
  readonly wake: WakeDraft | EventDraft;
}

const own = {
  scheduleId: z.unknown(), // told by `parseScheduleId`
  everyMs: z.number().int().min(0).max(EVERY_MS_MAX).optional(),
  cron: z.string().optional(),
  zone: z.string().optional(),
  atMs: z.number().int().min(0).optional(),
  onMissed: z.enum(["catch-up", "skip"]).optional(),
  origin: z.enum(["config", "call"]).optional(),
};
/** What the tick says is checked as an event or a wake is. */
const schema = z.looseObject(own);
/** These belong to one event, not to each tick of a schedule. */
const ONCE = ["dedupeKey", "contextKey", "coalesceMs"] as const;

/**
 * @throws LubdubError `LUBDUB_SCHEDULE_INVALID` for a time that cannot be, `LUBDUB_INPUT_INVALID`, `LUBDUB_SESSION_KEY_INVALID`,
 * `LUBDUB_TEXT_INVALID`, `LUBDUB_TOO_LARGE`
 */
export function parseSchedule(options: ScheduleOptions, nowMs: number): ScheduleDraft {
  const { scheduleId, everyMs, cron, zone, atMs, onMissed, origin, ...rest } = checked(schema, options);
  for (const field of ONCE) if (field in rest) throw notOfASchedule(field);
  const id = parseScheduleId(scheduleId);
  return {
    scheduleId: id,
    cadence: parseCadence(id, { everyMs, cron, zone, atMs }, nowMs),
    onMissed: onMissed ?? "catch-up",
    origin: origin ?? "call",
    wake: parseTick(id, rest as unknown as { readonly text?: string } & WakeOptions),
  };
}

/** @throws LubdubError `LUBDUB_INPUT_INVALID` */
export function parseScheduleId(id: unknown): string {
  if (
    typeof id === "string" &&
    /^[A-Za-z0-9][A-Za-z0-9._:-]*$/.test(id) &&
    id.length <= SCHEDULE_ID_CHARS_MAX
  )
    return id;
  throw new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: `a schedule id of 1 to ${SCHEDULE_ID_CHARS_MAX} letters, digits, dots, colons, dashes and underscores`,
    got: shown(id),
    fix: "Example: nightly-report",
  });
}

/** An operator's own words are trusted; a beat has none. */
function parseTick(
  id: string,
  { text, ...rest }: { readonly text?: string } & WakeOptions,
): WakeDraft | EventDraft {
  const shared = { intent: "scheduled", ...rest } as const;
  if (text === undefined) return parseWake({ source: "interval", reason: "interval", ...shared });
  return parseEvent(text, {
    source: "cron",
    reason: `cron:${id}`,
    trust: "trusted",
    ...shared,
  } as EventOptions);
}

interface Times {
  readonly everyMs: number | undefined;
  readonly cron: string | undefined;
  readonly zone: string | undefined;
  readonly atMs: number | undefined;
}

function parseCadence(id: string, { everyMs, cron, zone, atMs }: Times, nowMs: number): Cadence | null {
  const given = [everyMs, cron, atMs].filter((time) => time !== undefined).length;
  if (given !== 1 || (zone !== undefined && cron === undefined)) {
    throw invalid(
      "exactly one of `everyMs`, `cron` (with `zone`) and `atMs`",
      shown({ everyMs, cron, zone, atMs }),
    );
  }
  if (everyMs === 0) return null;
  if (everyMs !== undefined) {
    if (everyMs < EVERY_MS_MIN)
      throw invalid(`\`everyMs\` of ${EVERY_MS_MIN} or more, or 0 to turn it off`, everyMs);
    return { kind: "every", everyMs, phaseMs: phaseOf(id, everyMs) };
  }
  if (cron !== undefined) {
    const cadence = { kind: "cron", cron, zone: zone ?? "UTC" } as const;
    if (calendar(cron, cadence.zone).next(nowMs) === null)
      throw invalid("a cron expression that fires some day", cron);
    return cadence;
  }
  const once = { kind: "at", atMs: atMs as number } as const;
  if (nextAt(once, nowMs) === null) throw invalid("`atMs` in the future", new Date(once.atMs).toISOString());
  return once;
}

const invalid = (expected: string, got: unknown): LubdubError =>
  new LubdubError("LUBDUB_SCHEDULE_INVALID", { expected, got: shown(got) });

const notOfASchedule = (field: string): LubdubError =>
  new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: "only fields that hold for each tick of a schedule",
    got: `\`${field}\``,
  });
