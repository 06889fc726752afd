import type { Json, RunRequest } from "../vocabulary.ts";

/** What a gate decided: `false` means that the agent need not be asked. */
export interface GateAnswer {
  readonly wakeAgent: boolean;
  /** What it found, for the agent. */
  readonly data?: Json;
}

/**
 * Which runs a gate decides about. `scheduled`: without events, woken by a schedule. `eventless`: all without events.
 * `all`: also those with events, which then stay queued until the gate opens. A `manual` wake passes every gate.
 */
export type GateScope = "scheduled" | "eventless" | "all";

export function gateApplies(
  scope: GateScope,
  { intent, events }: Pick<RunRequest, "intent" | "events">,
): boolean {
  if (intent === "manual") return false;
  if (scope === "all") return true;
  return events.length === 0 && (scope === "eventless" || intent === "scheduled" || intent === "task");
}

/**
 * Reads what a gate said. Its last line that is not blank decides: the JSON `{"wakeAgent":false}` closes it, anything else
 * leaves it open. What it found is `data` of that line, or else the text before it.
 *
 * @example gateAnswerOf('3 mails\n{"wakeAgent":true}') // { wakeAgent: true, data: "3 mails" }
 */
export function gateAnswerOf(output: string): GateAnswer {
  const text = output.trim();
  const cut = text.lastIndexOf("\n") + 1;
  const decision = decisionOf(text.slice(cut));
  if (decision === undefined) return { wakeAgent: true, ...(text === "" ? {} : { data: text }) };
  const before = text.slice(0, cut).trim();
  const data = decision.data ?? (before === "" ? undefined : before);
  return { wakeAgent: decision.wakeAgent, ...(data === undefined ? {} : { data }) };
}

function decisionOf(line: string): GateAnswer | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const said = JSON.parse(line) as Partial<GateAnswer>;
    return typeof said.wakeAgent === "boolean" ? (said as GateAnswer) : undefined;
  } catch {
    return undefined;
  }
}
