import type { LogRecord } from "../core/records.ts";
import { UNASKED_SKIPS } from "../vocabulary.ts";

const UNASKED: ReadonlySet<string> = new Set(UNASKED_SKIPS);

/** What one record adds to the counts of `status` and of the metrics. Names are a closed set: no text of an agent is one. */
export function countsOf(record: LogRecord): readonly (readonly [name: string, count: number])[] {
  if (record.type === "run.skipped" && UNASKED.has(record.facts.reason))
    return [
      [record.type, 1],
      [record.facts.reason, 1],
    ];
  if (record.type === "run.ran" && record.facts.usage !== undefined)
    return [
      [record.type, 1],
      ["tokens.input", record.facts.usage.inputTokens],
      ["tokens.output", record.facts.usage.outputTokens],
    ];
  return [[record.type, 1]];
}
