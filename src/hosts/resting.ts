import type { RestingAgent } from "../api.ts";
import type { AgentEntry } from "../core/world.ts";
import type { Host } from "./host.ts";

/** Agents that are told of at most. */
const AGENTS_MAX = 100;

/** Agents whose provider refuses every call: stored ones, and live ones, which are newer. */
export function restingAgents({ world, store }: Pick<Host, "world" | "store">): readonly RestingAgent[] {
  const keys = new Set(store.keys({ kind: "agent", limit: AGENTS_MAX, withDeadLetters: true }));
  for (const { key, actor } of world.agents.live.values()) if (actor.context.breaker !== null) keys.add(key);
  return [...keys].flatMap((key) => unlessUnread(() => resting(world.agents.peek(key)))).slice(0, AGENTS_MAX);
}

/** One that cannot be read must not keep the others, nor what is set aside, from being told. */
function unlessUnread(look: () => readonly RestingAgent[]): readonly RestingAgent[] {
  try {
    return look();
  } catch {
    return [];
  }
}

function resting({ key, actor }: AgentEntry): readonly RestingAgent[] {
  const { breaker } = actor.context;
  if (breaker === null) return [];
  const { refusal, untilMs, probe } = breaker;
  return [{ agentId: key, refusal, untilMs, probing: probe !== null }];
}
