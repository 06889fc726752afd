import { afterEach, beforeEach, vi } from "vitest";
import {
  resetHeartbeatWakeStateForTests,
  resetSystemEventsForTest,
  type HeartbeatRunResult,
  type HeartbeatWakeHandler,
  type HeartbeatWakeRequest,
} from "../../src/openclaw/index.ts";

export const RAN: HeartbeatRunResult = { status: "ran", durationMs: 1 };
export const BUSY: HeartbeatRunResult = { status: "skipped", reason: "requests-in-flight" };
export const FAILED: HeartbeatRunResult = { status: "failed", reason: "no model" };

export const DISCORD = "agent:main:discord:channel:42";
export const WHATSAPP = "agent:main:whatsapp:1";
export const MAIN = "agent:main:main";

const START_MS = 1_700_000_000_000;

/** Each test starts at 0 ms of a fake clock, and with empty modules. */
export function useFakeTime(): void {
  beforeEach(() => {
    vi.useFakeTimers({ now: START_MS });
    resetHeartbeatWakeStateForTests();
    resetSystemEventsForTest();
  });
  afterEach(() => {
    resetHeartbeatWakeStateForTests();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
}

export const nowMs = (): number => Date.now() - START_MS;

/** Advances to this moment of the test, and carries out all that is due until then. */
export async function at(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms - nowMs());
}

export interface Agent {
  readonly handler: HeartbeatWakeHandler;
  /** What the handler was given, exactly. */
  readonly requests: HeartbeatWakeRequest[];
  /** When it was called. */
  readonly calledAtMs: number[];
}

type Answer = HeartbeatRunResult | Error | Promise<HeartbeatRunResult>;

/** A handler that gives these answers in turn; the last one again and again. An error is thrown. */
export function agent(...answers: readonly [Answer, ...Answer[]]): Agent {
  const requests: HeartbeatWakeRequest[] = [];
  const calledAtMs: number[] = [];
  return {
    requests,
    calledAtMs,
    handler: async (request) => {
      const answer = answers[Math.min(requests.length, answers.length - 1)] as Answer;
      requests.push(request);
      calledAtMs.push(nowMs());
      if (answer instanceof Error) throw answer;
      return await answer;
    },
  };
}

/** A run that goes on until the test ends it. */
export function longRun(): {
  answer: Promise<HeartbeatRunResult>;
  end: (result: HeartbeatRunResult) => void;
} {
  const { promise, resolve } = Promise.withResolvers<HeartbeatRunResult>();
  return { answer: promise, end: resolve };
}
