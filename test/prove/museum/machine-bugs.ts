import type { Bug } from "./bug.ts";

const HEARTBEAT = "machines/heartbeat.ts";
const PENDING = "machines/pending.ts";
const SESSION = "machines/session.ts";

/** Bugs of the machines. */
export const MACHINE_BUGS: readonly Bug[] = [
  {
    id: "key-dropped-on-busy-retry",
    seen: "#14241",
    file: HEARTBEAT,
    find: '  waitsFor: "idle",\n',
    replace: '  waitsFor: "idle",\n  sessionKey: "agent:main:main",\n',
  },
  {
    id: "stopped-run-forms-its-batch-anew",
    seen: "reliability note S9",
    file: SESSION,
    find: "event.aborted === true ? frozen(context) : { ...context, offer: null }",
    replace: "{ ...context, offer: null }",
  },
  {
    id: "key-dropped-on-throw",
    seen: "#31388, #14241",
    file: HEARTBEAT,
    find: '  waitsFor: "backoff",\n',
    replace: '  waitsFor: "backoff",\n  sessionKey: "agent:main:main",\n',
  },
  {
    id: "two-sessions-collapsed-in-one-window",
    seen: "#14241, problem 17",
    file: HEARTBEAT,
    find: "const old = pending.get(event.wake.sessionKey);",
    replace: "const old = [...pending][0];",
  },
  {
    id: "forgotten-session-attempts-inherited",
    seen: "found by the simulator",
    file: HEARTBEAT,
    find: "return run === null || run.forgotten ? pending :",
    replace: "return run === null ? pending :",
  },
  {
    id: "request-during-run-cuts-the-pause",
    seen: "problem 13",
    file: HEARTBEAT,
    find: "merge(back, { ...meanwhile, dueAtMs: Infinity })",
    replace: "merge(back, meanwhile)",
  },
  {
    id: "rest-of-the-queue-not-rearmed",
    seen: "problem 2, #63232",
    file: HEARTBEAT,
    find: "return next === null || pending.get(next.sessionKey) !== undefined ? pending : pending.with(next);",
    replace: "return pending;",
  },
  {
    id: "attempts-counted-for-busy",
    seen: "#31388, problem 13",
    file: HEARTBEAT,
    find: "  postponements: wake.postponements + 1,\n",
    replace: "  postponements: wake.postponements + 1,\n  attempts: wake.attempts + 1,\n",
  },
  {
    id: "later-request-delays-the-wake",
    seen: "#17797",
    file: PENDING,
    find: "const sooner = breaks && request.dueAtMs < pending.dueAtMs;",
    replace: "const sooner = breaks;",
  },
  {
    id: "new-requests-shorten-the-pause",
    seen: "problem 13, #40611",
    file: PENDING,
    find: 'pending.waitsFor === "window" ||',
    replace: "pending.dueAtMs > 0 ||",
  },
  {
    id: "stale-timer-accepted",
    seen: "problem 7, #91674",
    file: PENDING,
    find: "if (wake === undefined || wake.dueAtMs > nowMs) continue;",
    replace: "if (wake === undefined) continue;",
  },
  {
    id: "everything-queued-acknowledged",
    seen: "problem 9, #96663",
    file: SESSION,
    find: "queue: without(queue, offer.eventIds), ...marks };",
    replace: "queue: [], ...marks };",
  },
  {
    id: "whole-batch-replayed",
    seen: "problem 11, #22320",
    file: SESSION,
    find: "queue: without(queue, offer.eventIds), ...marks };",
    replace: "queue, ...marks };",
  },
  {
    id: "failed-run-drops-its-events",
    seen: "problem 6, #31354",
    file: SESSION,
    find: "if (!event.givenUp)",
    replace:
      "if (!event.givenUp) return { ...context, offer: null, queue: without(queue, offer.eventIds) };\n      if (!event.givenUp)",
  },
  {
    id: "dead-letter-lost",
    seen: "problem 5, #92082",
    file: SESSION,
    find: "dead: [...dead, ...letters] };",
    replace: "dead };",
  },
  {
    id: "requeued-letter-stays-dead",
    seen: "problem 11",
    file: SESSION,
    find: "dead: dead.filter((letter) => !back.includes(letter)),",
    replace: "dead,",
  },
  {
    id: "frozen-batch-forgotten",
    seen: "#137152",
    file: SESSION,
    find: "retry: { wakeId: offer.wakeId, eventIds: offer.eventIds } };",
    replace: "retry: null };",
  },
  {
    id: "newest-event-first",
    seen: "reliability note S10",
    file: SESSION,
    find: "queue: [...queue, event.event] };",
    replace: "queue: [event.event, ...queue] };",
  },
  {
    id: "held-wake-dropped",
    seen: "#91674",
    file: HEARTBEAT,
    find: "return old === undefined ? pending : pending.with(held(old, event));",
    replace: "return pending.without(event.sessionKey);",
  },
  {
    id: "hold-shortened-by-an-ordinary-request",
    seen: "problem 25",
    file: PENDING,
    find: 'pending.waitsFor === "window" ||\n',
    replace: 'pending.waitsFor === "window" ||\n    pending.waitsFor === "hold" ||\n',
  },
];
