import type { AgentEvent, Count, Spent } from "../../machines/index.ts";
import { isRunEnd, type LogRecord, type RunFailed, type RunRan, type RunStarted } from "./records.ts";
import type { Watch } from "./step.ts";
import type { World } from "./world.ts";

/** The agent that a record counts for; undefined when nothing counts it. */
export function agentOf(record: LogRecord): string | undefined {
  if (record.type === "run.started") return record.facts.limits?.agent;
  return isRunEnd(record) ? record.facts.agent : undefined;
}

/** Moves the agent that a record counts for. */
export function stepAgent(world: World, record: LogRecord, watch?: Watch): void {
  const agentId = agentOf(record);
  const event = eventOf(record);
  if (agentId === undefined || event === null) return;
  const agent = world.agents.get(agentId);
  agent.dirty = true;
  agent.actor.send(event);
  watch?.(agent, event);
}

function eventOf(record: LogRecord): AgentEvent | null {
  if (record.type === "run.started") {
    const { count } = countOf(record);
    return count === undefined ? null : { type: record.type, count };
  }
  if (!isRunEnd(record)) return null;
  const { type, facts } = record;
  const { runId } = facts;
  if (type === "run.ran") return { type, runId, ...spentOf(record) };
  return type === "run.skipped" ? { type, runId } : { type, runId, refused: refusedOf(record) };
}

/** How a run counts, if anything counts it. */
export function countOf({ facts, atMs }: RunStarted): { readonly count?: Count } {
  if (facts.limits === undefined) return {};
  const { agent: _agent, ...remembered } = facts.limits;
  return { count: { runId: facts.runId, atMs, ...remembered } };
}

/** What a run has used up, and the day for which that counts. */
export function spentOf({ facts: { usage, dayEndsAtMs } }: RunRan): Spent {
  const tokens = usage === undefined ? 0 : usage.inputTokens + usage.outputTokens;
  return { tokens, ...(dayEndsAtMs !== undefined && { dayEndsAtMs }) };
}

function refusedOf({ facts }: RunFailed): Extract<AgentEvent, { type: "run.failed" }>["refused"] {
  const { class: refusal, dueAtMs } = facts;
  return refusal === undefined || dueAtMs === null ? null : { refusal, untilMs: dueAtMs };
}
