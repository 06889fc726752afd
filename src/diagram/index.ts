import type { ActorKind } from "../core/actor.ts";
import type { LogRecord } from "../core/records.ts";
import { chartsSvg } from "./chart-svg.ts";
import { historyOf, type Words } from "./history.ts";
import { historyMermaid } from "./history-mermaid.ts";
import { historySvg, type ClockWords } from "./history-svg.ts";
import { LAYOUTS } from "./layout.ts";
import { MACHINES } from "./machines.ts";
import { mermaidOf } from "./mermaid.ts";

export { MACHINE_NAMES } from "./machines.ts";

export type DiagramFormat = "mermaid" | "svg";

/** Machines as a picture; of several, Mermaid makes one diagram each, with a line between them that says which. */
export function machinesDiagram(names: readonly ActorKind[], format: DiagramFormat): string {
  if (format === "svg") return chartsSvg(names.map((name) => LAYOUTS[name]));
  const diagrams = names.map((name) => `%% ${MACHINES[name].id}\n${mermaidOf(MACHINES[name])}`);
  return diagrams.join("\n");
}

/** How a session's history is drawn. */
export interface HistoryOptions {
  readonly format: DiagramFormat;
  readonly words: Words;
  readonly clock: ClockWords;
  /** The last so many records are shown. */
  readonly max: number;
}

/** @param records - of this session, in order */
export function historyDiagram(
  sessionKey: string,
  records: Iterable<LogRecord>,
  { format, clock, ...options }: HistoryOptions,
): string {
  const messages = historyOf(sessionKey, records, options);
  return format === "svg" ? historySvg(sessionKey, messages, clock) : historyMermaid(sessionKey, messages);
}
