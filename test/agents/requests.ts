import type { RunRequest, SystemEvent } from "../../src/vocabulary.ts";

export const SESSION_KEY = "agent:main:discord:channel:42";

export function anEvent(over: Partial<SystemEvent> = {}): SystemEvent {
  return {
    eventId: "e-1-aaaaaaaa",
    wakeId: "w-1-aaaaaaaa",
    sessionKey: SESSION_KEY,
    text: "npm test ended with exit code 0",
    source: "exec-event",
    intent: "event",
    reason: "exec-event",
    trust: "untrusted",
    queuedAtMs: Date.UTC(2026, 10, 23, 12, 0, 0),
    ...over,
  };
}

export function aRequest(over: Partial<RunRequest> = {}): RunRequest {
  return {
    sessionKey: SESSION_KEY,
    lane: SESSION_KEY,
    wakeId: "w-1-aaaaaaaa",
    runId: "r-2-bbbbbbbb",
    attempt: 1,
    startedAtMs: Date.UTC(2026, 10, 23, 12, 0, 5),
    transcriptKey: "agent:main:discord:channel:42",
    source: "exec-event",
    intent: "event",
    reason: "exec-event",
    events: [anEvent()],
    signal: new AbortController().signal,
    ...over,
  };
}
