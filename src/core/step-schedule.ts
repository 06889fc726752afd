import type { ScheduleEvent, ScheduleSpec } from "../../machines/index.ts";
import type { ScheduleRecord, ScheduleSet, SessionForgotten } from "./records.ts";
import type { Watch } from "./step.ts";
import type { World } from "./world.ts";

/** Moves the schedule that a record is about. What a tick wakes is a record of its own. */
export function stepSchedule(world: World, record: ScheduleRecord, watch?: Watch): void {
  send(world, record.facts.scheduleId, eventOf(record), record.position, watch);
}

/** The schedules of a session that was forgotten go with it: they would wake it again. */
export function endSchedules(world: World, { facts, position }: SessionForgotten, watch?: Watch): void {
  for (const scheduleId of facts.schedules ?? []) {
    send(world, scheduleId, { type: "schedule.removed" }, position, watch);
  }
}

function send(world: World, scheduleId: string, event: ScheduleEvent, position: number, watch?: Watch): void {
  const schedule = world.schedules.get(scheduleId);
  schedule.dirty = true;
  schedule.previous = position;
  schedule.actor.send(event);
  watch?.(schedule, event);
}

function eventOf(record: ScheduleRecord): ScheduleEvent {
  switch (record.type) {
    case "schedule.set":
      return { type: "schedule.set", spec: specOf(record), nextAtMs: record.facts.nextAtMs };
    case "schedule.fired": {
      const { tickAtMs, nextAtMs, eventId } = record.facts;
      return { type: "schedule.fired", tickAtMs, nextAtMs, eventId };
    }
    case "schedule.moved":
    case "schedule.resumed":
      return { type: record.type, nextAtMs: record.facts.nextAtMs };
    case "schedule.paused":
    case "schedule.removed":
      return { type: record.type };
  }
}

/** The machine reads only the times; the rest travels with it. */
function specOf({ sessionKey, facts, body }: ScheduleSet): ScheduleSpec {
  const { scheduleId: _scheduleId, nextAtMs: _nextAtMs, ...asked } = facts;
  return {
    ...asked,
    sessionKey,
    text: body?.text ?? "",
    ...(body?.data === undefined ? {} : { data: body.data }),
  };
}
