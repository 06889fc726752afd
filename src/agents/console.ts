import type { RunHandler, SystemEvent } from "../vocabulary.ts";
import { plain, quoted } from "./plain.ts";

export interface ConsoleOptions {
  /** Where it prints, e.g. `process.stdout`. */
  readonly writer: { write(text: string): unknown };
}

/**
 * An agent that prints all that it was woken with, and answers `ran`. What others wrote cannot steer the terminal.
 *
 * @example createHeartbeat({ run: consoleAgent({ writer: process.stdout }) })
 */
export function consoleAgent({ writer }: ConsoleOptions): RunHandler {
  return ({ sessionKey, wakeId, attempt, reason, events }) => {
    const count = events.length === 1 ? "1 event" : `${events.length} events`;
    const lines = [
      `Woken: ${plain(sessionKey)} with ${count}`,
      `  wake ${plain(wakeId)}, attempt ${attempt}, reason ${quoted(reason)}`,
      ...events.flatMap(eventLines),
    ];
    writer.write(`${lines.join("\n")}\n`);
    return { status: "ran" };
  };
}

function eventLines({ source, trust, queuedAtMs, text, data }: SystemEvent): readonly string[] {
  return [
    `  - from ${quoted(source)} (${trust}) at ${new Date(queuedAtMs).toISOString()}`,
    ...indented(text),
    ...(data === undefined ? [] : indented(`data ${JSON.stringify(data)}`)),
  ];
}

function indented(text: string): readonly string[] {
  return plain(text)
    .split("\n")
    .map((line) => `    ${line}`);
}
