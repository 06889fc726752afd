import type { Bug } from "./bug.ts";

const SCHEDULER = "src/run/scheduler.ts";
const CADENCE = "src/policy/cadence.ts";

/** Bugs of schedules. */
export const SCHEDULE_BUGS: readonly Bug[] = [
  {
    id: "schedule-pushed-by-an-interval",
    seen: "problem 2, #14892",
    file: CADENCE,
    find: "        nextAtMs: nextAt(cadence, nowMs),",
    replace: "        nextAtMs: nowMs + cadence.everyMs,",
  },
  {
    id: "schedule-ended-by-a-tick-that-found-no-room",
    seen: "problem 2, #63232",
    file: SCHEDULER,
    find: "const facts = { scheduleId: entry.key, ...tick, eventId: null, ...woken };",
    replace:
      'const facts = { scheduleId: entry.key, ...tick, eventId: null, ...woken, ...("skipped" in woken ? { nextAtMs: null } : {}) };',
  },
  {
    id: "tick-doubled-after-the-clock-was-set-back",
    seen: "problem 23, #9084",
    file: CADENCE,
    find: "return nextAt(cadence, Math.max(nowMs, ticked));",
    replace: "return nextAt(cadence, nowMs);",
  },
  {
    id: "clock-set-back-silences-a-schedule",
    seen: "problem 23",
    file: SCHEDULER,
    find: "this.#setBack = this.#parts.index.onTheWall().values();",
    replace: "",
  },
  {
    id: "missed-ticks-forgotten",
    seen: "problem 23, #62294",
    file: CADENCE,
    find: "const missed = Math.floor((nowMs - dueAtMs) / cadence.everyMs);",
    replace: "const missed = 0;",
  },
  {
    id: "tick-queued-twice",
    seen: "problem 11",
    file: SCHEDULER,
    find: "if (queue.some(({ eventId }) => eventId === lastEventId)) return",
    replace: "if (queue.some(({ eventId }) => eventId === lastEventId) && missed < 0) return",
  },
  {
    id: "paused-schedule-ticks",
    seen: "reliability note S17",
    file: "src/core/deadline.ts",
    find: 'return value === "active" ? context.nextAtMs : null;',
    replace: 'return value === "ended" ? null : context.nextAtMs;',
  },
  {
    id: "schedule-lost-at-restart",
    seen: "problem 3, #23020",
    file: "src/hosts/embedded.ts",
    find: "for (const id of world.schedules.live.keys()) this.scheduler.touched(id);",
    replace: "",
  },
  {
    id: "alarm-of-a-schedule-lost-at-restart",
    seen: "problem 3, #23020",
    file: SCHEDULER,
    find: 'this.#steady.fill(index.alarms((kind) => kind === "every"));',
    replace: "",
  },
  {
    id: "setting-it-again-pushes-it",
    seen: "#59977",
    file: "src/hosts/schedules.ts",
    find: "return kept ? old.actor.context.nextAtMs :",
    replace: "return",
  },
  {
    id: "words-of-a-schedule-forgotten-with-another-session",
    seen: "found by the simulator",
    file: "src/core/actor.ts",
    find: "  if (context.spec?.sessionKey !== sessionKey) return encoded;\n",
    replace: "  if (context.spec === null) return encoded;\n",
  },
  {
    id: "paused-schedule-makes-up-in-another-session",
    seen: "found by the simulator",
    file: "src/hosts/schedules.ts",
    find: "moves ? null : old",
    replace: "old",
  },
  {
    id: "schedule-outlives-its-session",
    seen: "reliability note S20",
    file: "src/core/step.ts",
    find: "    endSchedules(world, record, watch);\n",
    replace: "",
  },
];
