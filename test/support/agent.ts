import type { Outcome, RunHandler, RunRequest } from "../../src/vocabulary.ts";

/** An agent that answers what it is told to, and remembers what it was given. */
export interface ScriptedAgent {
  readonly run: RunHandler;
  readonly calls: RunRequest[];
  /** Answers in this order; the last one is repeated. A function may throw, wait or look at the request. */
  answers(...answers: (Outcome | RunHandler)[]): void;
}

export function scriptedAgent(...first: (Outcome | RunHandler)[]): ScriptedAgent {
  let script = first.length > 0 ? first : [RAN];
  const calls: RunRequest[] = [];
  return {
    calls,
    run: (request) => {
      calls.push(request);
      const answer = (script.length > 1 ? script.shift() : script[0]) as Outcome | RunHandler;
      return typeof answer === "function" ? answer(request) : answer;
    },
    answers: (...answers) => void (script = answers),
  };
}

export const RAN: Outcome = { status: "ran" };
export const BUSY: Outcome = { status: "skipped", reason: "requests-in-flight" };
export const FAILED: Outcome = { status: "failed", reason: "no luck" };

/** A promise to be resolved by the test. */
export function held<T = void>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>();
}
