import { isRunEnd, type LogRecord } from "../core/records.ts";
import { UNASKED_SKIPS } from "../vocabulary.ts";

const UNASKED: ReadonlySet<string> = new Set(UNASKED_SKIPS);

/** What one record adds to the counts of `status` and of the metrics. Names are a closed set: no text of an agent is one. */
export function countsOf(record: LogRecord): readonly (readonly [name: string, count: number])[] {
  if (record.type === "run.skipped" && UNASKED.has(record.facts.reason))
    return [
      [record.type, 1],
      [record.facts.reason, 1],
    ];
  const counts: [name: string, count: number][] = [[record.type, 1]];
  if (record.type === "run.ran") {
    const { usage, usageRefused } = record.facts;
    if (usage !== undefined)
      counts.push(["tokens.input", usage.inputTokens], ["tokens.output", usage.outputTokens]);
    if (usageRefused === true) counts.push(["usage.refused", 1]);
  }
  if (isRunEnd(record) && record.facts.gate === "failed-open") counts.push(["gate.failed-open", 1]);
  return counts;
}
