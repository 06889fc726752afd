import { LubdubError, shown } from "../errors.ts";
import { compilePattern } from "../policy/pattern.ts";
import type { RunHandler } from "../vocabulary.ts";

/** One line of the table that says who is woken. */
export interface AgentRule {
  /** A session key in which each `*` stands for any characters, also none. All else is compared byte for byte. */
  readonly match: string;
  readonly run: RunHandler;
}

/**
 * One run function out of many: the first rule whose pattern matches the session key is asked. Without one the run fails,
 * and its events stay: queued for the next attempt, at the end as dead letters that can be requeued.
 *
 * @example chooseAgent([{ match: "agent:main:*", run: main }, { match: "*", run: consoleAgent({ writer }) }])
 */
export function chooseAgent(rules: readonly AgentRule[]): RunHandler {
  const compiled = rules.map(({ match, run }) => ({ matches: compilePattern(match), run }));
  return (request) => {
    const rule = compiled.find(({ matches }) => matches(request.sessionKey));
    if (rule !== undefined) return rule.run(request);
    const { code, message } = new LubdubError("LUBDUB_CONFIG_INVALID", {
      expected: `an agent whose \`match\` fits the session key ${shown(request.sessionKey)}`,
      got: rules.length === 0 ? "no agents" : `only ${shown(rules.map(({ match }) => match).join(", "))}`,
      fix: 'Add one to `agents`, e.g. { "match": "*", "console": {} }, restart, and requeue what became a dead letter.',
    });
    return { status: "failed", reason: `${code}: ${message}` };
  };
}
