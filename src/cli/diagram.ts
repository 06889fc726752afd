import { writeFileSync } from "node:fs";
import { Argument, InvalidArgumentError, Option, type Command } from "commander";
import { historyDiagram, machinesDiagram, MACHINE_NAMES, type DiagramFormat } from "../diagram/index.ts";
import type { LogRecord } from "../core/records.ts";
import { LubdubError } from "../errors.ts";
import type { CommonOptions } from "./contact.ts";
import { show, talk } from "./output.ts";
import { oneLine } from "./plain.ts";
import { progress } from "./progress.ts";
import { openRecords } from "./records.ts";
import { subcommand } from "./subcommand.ts";
import { clockTime } from "../words/time.ts";
import { recordWords } from "../words/record.ts";

type MachineName = (typeof MACHINE_NAMES)[number];

interface DiagramOptions extends CommonOptions {
  readonly format?: DiagramFormat;
  readonly out?: string;
  readonly session?: string;
  readonly lines: number;
}

/** Records that a picture shows, unless it is told otherwise; and at most. */
const LINES = 100;
const LINES_MAX = 1_000;
const WORDS_MAX = 110;

export function addDiagram(program: Command): void {
  subcommand(program, "diagram", "the machines, or the history of a session, as a picture")
    .addArgument(new Argument("[machine]", "one of them (default: all)").choices(MACHINE_NAMES))
    .option("--session <key>", "the history of this session, also while the daemon is stopped")
    .addOption(
      new Option("--format <format>", "default: svg if FILE ends so, else mermaid").choices([
        "mermaid",
        "svg",
      ]),
    )
    .option("--out <file>", "write it there")
    .option("-n, --lines <count>", `records of a history, the newest (1 to ${LINES_MAX})`, lines, LINES)
    .action(diagram);
}

async function diagram(machine: MachineName | undefined, options: DiagramOptions): Promise<void> {
  const { out, session, json, format = out?.endsWith(".svg") === true ? "svg" : "mermaid" } = options;
  const drawn =
    session === undefined
      ? machinesDiagram(machine === undefined ? MACHINE_NAMES : [machine], format)
      : await history(machine, session, format, options);
  if (out === undefined) return show(json, { format, diagram: drawn }, () => drawn.trimEnd());
  writeFileSync(out, drawn);
  if (json === true) await show(json, { format, file: out }, () => out);
  else talk(`written: ${out}`);
}

async function history(
  machine: string | undefined,
  session: string,
  format: DiagramFormat,
  options: DiagramOptions,
): Promise<string> {
  if (machine !== undefined) {
    throw new LubdubError("LUBDUB_USAGE", {
      expected: "a machine or a session",
      got: "both",
      fix: "Leave one out.",
    });
  }
  using bar = progress("reading the log");
  using source = await openRecords(options, bar);
  bar.step("reading the log", source.size);
  const records: LogRecord[] = [];
  for await (const record of source.records({ sessionKey: session })) {
    records.push(record);
    bar.at(records.length);
  }
  bar.clear();
  if (records.length === 0) {
    throw new LubdubError("LUBDUB_NOT_FOUND", {
      expected: "a session that was heard of",
      got: oneLine(session, 512),
      fix: "Session keys are compared byte for byte. `lubdub sessions` lists them.",
    });
  }
  return historyDiagram(session, records, {
    format,
    max: options.lines,
    words: (record) => oneLine(recordWords(record), WORDS_MAX),
    clock: clockTime,
  });
}

function lines(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1 && value <= LINES_MAX) return value;
  throw new InvalidArgumentError(`Expected 1 to ${LINES_MAX}.`);
}
