import { initialTransition, transition, type SnapshotFrom } from "xstate";
import { beforeAll, expect, test } from "vitest";
import { scheduleMachine, type ScheduleEvent, type ScheduleSpec } from "../../machines/index.ts";
import { edgeCover, type EdgeCover } from "./paths/graph.ts";

type Snapshot = SnapshotFrom<typeof scheduleMachine>;

const SPEC: ScheduleSpec = {
  sessionKey: "agent:main:main",
  cadence: { kind: "every", everyMs: 60_000, phaseMs: 0 },
  text: "look",
  source: "cron",
  intent: "scheduled",
  reason: "interval",
  trust: "trusted",
};
const NEXT = [60_000, null] as const;
const EVENTS: readonly ScheduleEvent[] = [
  ...NEXT.flatMap((nextAtMs): ScheduleEvent[] => [
    { type: "schedule.set", spec: SPEC, nextAtMs },
    { type: "schedule.fired", tickAtMs: 0, nextAtMs, eventId: "e1" },
    { type: "schedule.moved", nextAtMs },
    { type: "schedule.resumed", nextAtMs },
  ]),
  { type: "schedule.fired", tickAtMs: 0, nextAtMs: 60_000, eventId: null },
  { type: "schedule.paused" },
  { type: "schedule.removed" },
];

/** What is promised of a schedule, without the machine: it is over, or is there with a next tick, paused or not. */
interface Expected {
  readonly state: "ended" | "active" | "paused";
  readonly nextAtMs: number | null;
  readonly ticks: number;
  readonly lastEventId: string | null;
}
const ENDED: Expected = { state: "ended", nextAtMs: null, ticks: 0, lastEventId: null };

function expectedAfter(is: Expected, event: ScheduleEvent): Expected {
  const goesOn = (next: Expected): Expected =>
    next.state === "active" && next.nextAtMs === null ? ENDED : next;
  switch (event.type) {
    case "schedule.set":
      return goesOn({
        ...is,
        state: is.state === "paused" ? "paused" : "active",
        nextAtMs: event.nextAtMs,
      });
    case "schedule.fired": {
      const lastEventId = event.eventId ?? is.lastEventId;
      const next = { ...is, nextAtMs: event.nextAtMs, ticks: is.ticks + 1, lastEventId };
      return is.state === "ended" ? ENDED : goesOn(next);
    }
    case "schedule.moved":
      return is.state === "active" ? goesOn({ ...is, nextAtMs: event.nextAtMs }) : is;
    case "schedule.paused":
      return is.state === "active" ? { ...is, state: "paused" } : is;
    case "schedule.resumed":
      return is.state === "paused" ? goesOn({ ...is, state: "active", nextAtMs: event.nextAtMs }) : is;
    case "schedule.removed":
      return ENDED;
  }
}

const seen = ({ value, context: { nextAtMs, ticks, lastEventId } }: Snapshot): Expected => ({
  state: value,
  nextAtMs,
  ticks,
  lastEventId,
});

/** How often it ticked changes nothing of what may come next. */
const vertexOf = ({ value, context: { nextAtMs, lastEventId, ticks } }: Snapshot): string =>
  JSON.stringify([value, nextAtMs, lastEventId, Math.min(ticks, 1)]);

const input = { scheduleId: "s1" };
function after(events: readonly ScheduleEvent[]): Snapshot {
  const [begin] = initialTransition(scheduleMachine, input);
  return events.reduce((snapshot, event) => transition(scheduleMachine, snapshot, event)[0], begin);
}
let cover: EdgeCover<typeof scheduleMachine>;
beforeAll(() => {
  cover = edgeCover({ machine: scheduleMachine, input, events: () => EVENTS, vertexOf });
});

test("every transition that the machine declares is taken", () => {
  expect(cover.untaken).toEqual([]);
});

test("and each event, in each state, leaves what a simple model of it expects", () => {
  expect(cover.edges).toBe(cover.vertices * EVENTS.length);
  for (const { events } of cover.paths) {
    const ways = events.map((_, index) => events.slice(0, index + 1));
    expect(ways.map((way) => [way, seen(after(way))])).toEqual(
      ways.map((way) => [way, way.reduce(expectedAfter, ENDED)]),
    );
  }
});

test("one that is over is as if it had never been", () => {
  const ends = cover.paths.map(({ events }) => after(events)).filter(({ value }) => value === "ended");
  expect(ends.length).toBeGreaterThan(0);
  expect(after([]).context).toMatchObject({ scheduleId: "s1", spec: null, nextAtMs: null });
  expect(ends.map(({ context }) => context)).toEqual(ends.map(() => after([]).context));
});
