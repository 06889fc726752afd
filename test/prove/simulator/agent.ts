import type { Outcome, Ran, RunHandler, RunRequest } from "../../../src/vocabulary.ts";
import type { Clock } from "../../../src/run/clock.ts";
import { must } from "./promise.ts";
import { hasBudget, hasTokens, type AgentMood, type Plan } from "./plan.ts";
import { TOKENS_OF_A_RUN } from "./plan-limits.ts";

/** What one call of the agent was given and what it answered. */
export interface Call {
  readonly request: RunRequest;
  /** Undefined while it works. */
  answer: Outcome | "threw" | "nonsense" | undefined;
}

/** An agent with moods: busy, failing, throwing, slow, hanging, deaf to its abort signal, answering nonsense. */
export interface SimulatedAgent {
  readonly run: RunHandler;
  /** By run id. */
  readonly calls: Map<string, Call>;
  /** What it works on in this lane. */
  working(lane: string): Call | undefined;
  /** From now on it only succeeds. */
  heal(): void;
  /** Its process is gone, with all it was doing. */
  kill(): void;
}

interface AgentParts {
  readonly plan: Plan;
  readonly clock: Clock;
  readonly laneOf: (key: string) => string;
  /** Looks at each call before it is answered; what it throws must reach the simulation, not the runner. */
  readonly watch: (check: () => void) => void;
  readonly called: (request: RunRequest) => void;
  /** Whatever a run does beside its answer. */
  readonly leaves: (request: RunRequest) => void;
}

export function simulatedAgent({ plan, clock, laneOf, watch, called, leaves }: AgentParts): SimulatedAgent {
  const calls = new Map<string, Call>();
  const working = new Map<string, Call>();
  const moods = Object.entries(plan.agent).flatMap(([mood, weight]) =>
    Array<AgentMood>(weight).fill(mood as AgentMood),
  );
  let healed = false;

  const later = (delayMs: number): Promise<void> =>
    new Promise((resolve) => void clock.setTimer(delayMs, resolve));

  /** Now and then it says nothing of what it has used, or that it was nothing. */
  function used(): Pick<Ran, "usage"> {
    if (!hasTokens(plan) || clock.random() < 0.2) return {};
    const tokens = Math.floor(clock.random() * (2 * TOKENS_OF_A_RUN));
    return { usage: { inputTokens: tokens, outputTokens: tokens % 10 } };
  }

  async function answer(mood: AgentMood, { signal, runId }: RunRequest): Promise<unknown> {
    switch (mood) {
      case "ran":
        return { status: "ran", reply: runId, ...used() };
      case "slow":
        await Promise.race([later(plan.runTimeoutMs / 4), aborted(signal)]);
        return signal.aborted ? Promise.reject(new Error("stopped")) : { status: "ran", ...used() };
      case "busy":
        // It may take a while to see that it is busy: until then others begin.
        if (hasBudget(plan)) await Promise.race([later(plan.runTimeoutMs / 4), aborted(signal)]);
        return {
          status: "skipped",
          reason: "requests-in-flight",
          ...(clock.random() < 0.2 ? { retryAfterMs: 30 } : {}),
        };
      case "failed":
        return { status: "failed", reason: "no luck" };
      case "final":
        return { status: "failed", reason: "never", retryable: false };
      case "throws":
        throw new Error("thrown");
      case "hangs":
        await aborted(signal);
        throw new Error("stopped");
      case "deaf":
        await later(plan.runTimeoutMs * 3);
        return { status: "ran", ...used() };
      case "refuses":
        return { status: "failed", reason: "no key", class: clock.random() < 0.5 ? "auth" : "quota" };
      case "nonsense":
        return { status: "perhaps" };
    }
  }

  function look(request: RunRequest, lane: string): void {
    must(!calls.has(request.runId), "S9 a run id is used once");
    const other = working.get(lane);
    must(
      other === undefined || other.request.signal.aborted,
      "S5 the agent is called once at a time in a lane",
    );
    for (const event of request.events)
      must(event.sessionKey === request.sessionKey, "S3 only the session's own events");
    called(request);
  }

  return {
    calls,
    working: (lane) => working.get(lane),
    heal: () => void (healed = true),
    kill: () => working.clear(),
    async run(request) {
      const lane = laneOf(request.sessionKey);
      watch(() => look(request, lane));
      const call: Call = { request, answer: undefined };
      calls.set(request.runId, call);
      working.set(lane, call);
      const mood = healed ? "ran" : (moods[Math.floor(clock.random() * moods.length)] as AgentMood);
      if (!healed) leaves(request);
      try {
        const outcome = await answer(mood, request);
        call.answer = mood === "nonsense" ? "nonsense" : (outcome as Outcome);
        return outcome as Outcome;
      } catch (error) {
        call.answer = "threw";
        throw error;
      } finally {
        if (working.get(lane) === call) working.delete(lane);
      }
    },
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
