import { LubdubError, shown } from "../errors.ts";
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

/**
 * A pattern as a predicate. The pieces between the stars are looked for from left to right, each as early as possible,
 * which is right for globs and never has to go back.
 */
export function compilePattern(pattern: string): (sessionKey: string) => boolean {
  const [first, ...rest] = pattern.split("*") as [string, ...string[]];
  const last = rest.pop();
  if (last === undefined) return (sessionKey) => sessionKey === pattern;
  return (sessionKey) => {
    const end = sessionKey.length - last.length;
    if (end < first.length || !sessionKey.startsWith(first) || !sessionKey.endsWith(last)) return false;
    let from = first.length;
    for (const piece of rest) {
      const at = sessionKey.indexOf(piece, from);
      if (at < 0) return false;
      from = at + piece.length;
    }
    return from <= end;
  };
}
