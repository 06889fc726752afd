import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { EventOptions, Heartbeat } from "../index.ts";
import { writeDurably } from "./durable-file.ts";

const COMMAND_CHARS_MAX = 1_000;

/** What is known of a background command that ended. */
export interface ExitRecord {
  /** `x-<milliseconds since 1970>-<random>`, so that names sort by time. */
  readonly runId: string;
  readonly sessionKey: string;
  readonly reason: string;
  readonly command: readonly string[];
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** The run that started it, if one did. */
  readonly cause?: string | undefined;
  /** Null when a signal ended it, or when nobody saw its end. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of its output, cut and made plain. */
  readonly tail: string;
}

/**
 * The spool keeps the end of a background command on disk until a daemon has accepted it as an event:
 * written before anybody is told, removed after it was accepted. What lies between may happen twice; the dedupe key
 * makes that one event.
 */
export function spoolFolder(dataFolder: string): string {
  return join(dataFolder, "spool");
}

export function writeToSpool(dataFolder: string, record: ExitRecord): void {
  mkdirSync(spoolFolder(dataFolder), { recursive: true, mode: 0o700 });
  writeDurably(spoolFile(dataFolder, record.runId), JSON.stringify(record));
}

/** Hands one record over and takes it out of the spool. @throws what the heartbeat answers; the file then stays */
export async function handOver(heartbeat: Heartbeat, dataFolder: string, record: ExitRecord): Promise<void> {
  const { text, options } = eventOf(record);
  await heartbeat.wake(text, options);
  rmSync(spoolFile(dataFolder, record.runId), { force: true });
}

export function spoolFile(dataFolder: string, runId: string): string {
  return join(spoolFolder(dataFolder), `${runId}.json`);
}

/** The event that wakes the session: the run's id as dedupe key makes it safe to send twice. */
export function eventOf(record: ExitRecord): { readonly text: string; readonly options: EventOptions } {
  const { runId, sessionKey, reason, exitCode, signal, durationMs, tail, cause } = record;
  const command = commandLine(record.command);
  const output = tail === "" ? "It printed nothing." : `The end of its output:\n${tail}`;
  return {
    text: `The background command \`${command}\` ${howItEnded(record)}. ${output}`,
    options: {
      sessionKey,
      source: "exec-event",
      reason,
      intent: "event",
      dedupeKey: runId,
      ...(cause && { cause }),
      data: { command, exitCode, signal, durationMs, tail },
    },
  };
}

/** The command as one would type it. */
export function commandLine(argv: readonly string[]): string {
  const line = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quoted(word))).join(" ");
  return line.length <= COMMAND_CHARS_MAX ? line : `${line.slice(0, COMMAND_CHARS_MAX - 3)}...`;
}

export function howItEnded({ exitCode, signal, durationMs }: ExitRecord): string {
  const after = `after ${(durationMs / 1_000).toFixed(1)} s`;
  if (exitCode !== null) return `ended with exit code ${exitCode} ${after}`;
  if (signal !== null) return `was ended by ${signal} ${after}`;
  return "stopped, and nobody saw how: the machine or the watcher of the command was stopped";
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
