import { LANE_SURVIVORS } from "./survivors-lane.ts";

/** A change of the program that no test can notice, since the program does the same with it. */
export interface Survivor {
  readonly file: string;
  /** The line that it begins in, without its indentation. */
  readonly line: string;
  /** `what is there -> what it is changed to`, white space as one space. */
  readonly changes: readonly string[];
  /** Why it makes no difference. */
  readonly why: string;
}

/** All of them. One that a test notices by now, or that is no longer there, fails the part. */
export const SURVIVORS: readonly Survivor[] = [
  ...LANE_SURVIVORS,
  {
    file: "src/core/actor.ts",
    line: 'if (run !== null) performerOf(self)({ type: "run.begin", lane, run });',
    changes: ["run !== null -> true"],
    why: "Only begins a run that it has just taken; the types cannot know.",
  },
  {
    file: "src/core/actor.ts",
    line: "if (snapshot === undefined) resolved.set(value, (snapshot = machine.resolveState({ value, context: {} })));",
    changes: ["snapshot === undefined -> true"],
    why: "Only saves work: resolved anew, a state is the same.",
  },
  {
    file: "src/core/step-agent.ts",
    line: "if (agentId === undefined || event === null) return;",
    changes: ["event === null -> false"],
    why: "A record that counts for an agent moves it; the types cannot know.",
  },
  {
    file: "src/core/step-agent.ts",
    line: "return count === undefined ? null : { type: record.type, count };",
    changes: ["count === undefined -> false"],
    why: "A start without limits has no agent either, and moves none.",
  },
  {
    file: "src/core/step-agent.ts",
    line: "if (!isRunEnd(record)) return null;",
    changes: ["!isRunEnd(record) -> false"],
    why: "Only a start and an end have an agent, and without one nothing moves.",
  },
  {
    file: "src/core/why.ts",
    line: 'const { waitsFor, hold = "cooldown", dueAtMs: untilMs, postponements, attempts } = wake;',
    changes: ['"cooldown" -> ""'],
    why: "What is held back always says by which policy; the types cannot know.",
  },
  {
    file: "machines/agent.ts",
    line: 'const isRefused = (event: AgentEvent): boolean => event.type === "run.failed" && event.refused !== null;',
    changes: ['event.type === "run.failed" -> true'],
    why: "Only asked when a run failed; the type of the event wants the question.",
  },
  {
    file: "machines/agent.ts",
    line: '"runId" in event && event.runId === breaker?.probe?.runId;',
    changes: ["breaker?.probe?.runId -> breaker?.probe.runId", "breaker?.probe -> breaker.probe"],
    why: "Only asked while a probe goes on, so that there is one; and only of events that have a run id.",
  },
  {
    file: "machines/agent.ts",
    line: 'if (event.type !== "run.failed" || event.refused === null) return context;',
    changes: [
      'event.type !== "run.failed" || event.refused === null -> false',
      'event.type !== "run.failed" || event.refused === null -> event.type !== "run.failed" && event.refused === null',
      'event.type !== "run.failed" -> false',
      "event.refused === null -> false",
    ],
    why: "Only a run that was refused opens the circuit; the types cannot know.",
  },
  {
    file: "machines/agent.ts",
    line: 'if (event.type !== "run.started" || context.breaker === null) return context;',
    changes: [
      'event.type !== "run.started" || context.breaker === null -> false',
      'event.type !== "run.started" || context.breaker === null -> event.type !== "run.started" && context.breaker === null',
      'event.type !== "run.started" -> false',
      "context.breaker === null -> false",
    ],
    why: "Only a start makes a probe, and only of an open circuit; the types cannot know.",
  },
  {
    file: "machines/agent.ts",
    line: "context.breaker === null ? context : { ...context, breaker: { ...context.breaker, probe: null } };",
    changes: ["context.breaker === null -> false"],
    why: "A probe is only given up where there is one; the types cannot know.",
  },
  {
    file: "machines/delivery.ts",
    line: 'case "delivery.sent":',
    changes: ['"delivery.sent" -> ""'],
    why: "No transition asks for a change at these events; they are named so that a new one cannot be forgotten.",
  },
  {
    file: "machines/delivery.ts",
    line: 'case "delivery.dismissed":',
    changes: ['"delivery.dismissed" -> ""'],
    why: "No transition asks for a change at these events; they are named so that a new one cannot be forgotten.",
  },
  {
    file: "machines/delivery.ts",
    line: 'case "session.forgotten":',
    changes: [
      'case "session.forgotten": return context; -> case "session.forgotten":',
      '"session.forgotten" -> ""',
    ],
    why: "No transition asks for a change at these events; they are named so that a new one cannot be forgotten.",
  },
  {
    file: "machines/delivery.ts",
    line: 'event.type === "delivery.started" && context.dueAtMs <= event.atMs && event.atMs < context.expiresAtMs,',
    changes: ['event.type === "delivery.started" -> true'],
    why: "Only asked at a start; the type of the event wants the question.",
  },
  {
    file: "machines/delivery.ts",
    line: 'event.type === "delivery.expired" && context.expiresAtMs <= event.atMs,',
    changes: ['event.type === "delivery.expired" -> true'],
    why: "Only asked when it expires; the type of the event wants the question.",
  },
  {
    file: "machines/delivery.ts",
    line: '"is given up": ({ event }) => event.type === "delivery.failed" && event.dueAtMs === null,',
    changes: ['event.type === "delivery.failed" -> true'],
    why: "Only asked of a failure; the type of the event wants the question.",
  },
  {
    file: "machines/schedule.ts",
    line: 'case "schedule.paused":',
    changes: ['"schedule.paused" -> ""'],
    why: "No transition asks for a change at these events; they are named so that a new one cannot be forgotten.",
  },
  {
    file: "machines/schedule.ts",
    line: 'case "schedule.removed":',
    changes: [
      'case "schedule.removed": return context; -> case "schedule.removed":',
      '"schedule.removed" -> ""',
    ],
    why: "No transition asks for a change at these events; they are named so that a new one cannot be forgotten.",
  },
  {
    file: "machines/session.ts",
    line: '"has a batch": ({ event }) => event.type === "run.started" && event.eventIds.length > 0,',
    changes: ['event.type === "run.started" -> true'],
    why: "Only asked at a start; the type of the event wants the question.",
  },
  {
    file: "machines/session.ts",
    line: '"is the current run": ({ context, event }) => "runId" in event && event.runId === context.offer?.runId,',
    changes: ["context.offer?.runId -> context.offer.runId"],
    why: "Only asked while a run holds events; the types cannot know.",
  },
  {
    file: "machines/session.ts",
    line: '"runId" in event && event.runId === context.offer?.runId && changed(context, event).queue.length === 0,',
    changes: ["context.offer?.runId -> context.offer.runId"],
    why: "Only asked while a run holds events; the types cannot know.",
  },
  {
    file: "machines/session.ts",
    line: "const atHead = eventIds.every((eventId, index) => queue[index]?.eventId === eventId);",
    changes: [
      "(eventId, index) => queue[index]?.eventId === eventId -> () => undefined",
      "queue[index]?.eventId === eventId -> false",
    ],
    why: "Only saves a search: the search finds the same.",
  },
  {
    file: "machines/session.ts",
    line: "if (atHead) return queue.slice(eventIds.length);",
    changes: ["atHead -> false"],
    why: "Only saves a search: the search finds the same.",
  },
  {
    file: "src/core/step-agent.ts",
    line: "return { tokens, ...(dayEndsAtMs !== undefined && { dayEndsAtMs }) };",
    changes: ["dayEndsAtMs !== undefined -> true"],
    why: "Absent or undefined is the same to who reads it; the types want it absent.",
  },
  {
    file: "src/core/step.ts",
    line: 'if (record.type !== "session.forgotten") return [lane];',
    changes: ['record.type !== "session.forgotten" -> false'],
    why: "No other record names schedules or deliveries that end: the list is the same.",
  },
  {
    file: "src/core/step.ts",
    line: 'if (record.type === "session.forgotten") {',
    changes: ['record.type === "session.forgotten" -> true'],
    why: "No other record names schedules or deliveries that end.",
  },
  {
    file: "src/core/step.ts",
    line: 'return "lane" in facts && facts.lane !== undefined ? facts.lane : session.lane;',
    changes: [
      "facts.lane !== undefined -> true",
      '"lane" in facts && facts.lane !== undefined -> "lane" in facts || facts.lane !== undefined',
    ],
    why: "A record has a lane or has none, never one that is undefined; the types want both questions.",
  },
  {
    file: "machines/session.ts",
    line: 'event.type === "run.ran" && (event.marks !== undefined || counts(context, event)),',
    changes: ['event.type === "run.ran" -> true'],
    why: "Only asked of a run that succeeded; the type of the event wants the question.",
  },
  {
    file: "machines/session.ts",
    line: "if (offer === null) return context;",
    changes: ["offer === null -> false"],
    why: "Only a run that holds events fails here; the types cannot know.",
  },
  {
    file: "src/core/step.ts",
    line: 'intent: oldest?.intent ?? "event",',
    changes: ['"event" -> ""'],
    why: "Without an event only a requeued wake is made, and that has an intent of its own.",
  },
  {
    file: "src/core/step.ts",
    line: 'reason: oldest?.reason ?? "queued",',
    changes: ['"queued" -> ""'],
    why: "Without an event only a requeued wake is made, and that has a reason of its own.",
  },
];
