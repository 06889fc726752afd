import { InvalidArgumentError, Option, type Command } from "commander";
import type { Accepted, Heartbeat, Intent, Receipt, RunOverrides, WakeOptions } from "../index.ts";
import { causeInEnvironment } from "./cause.ts";
import { connect, type CommonOptions } from "./contact.ts";
import { show } from "./output.ts";
import { oneLine } from "./plain.ts";
import { sessionOf, sessionOption, subcommand } from "./subcommand.ts";

interface WakeCommandOptions extends CommonOptions {
  readonly session?: string;
  readonly text?: string;
  readonly source?: string;
  readonly reason?: string;
  readonly intent?: Intent;
  readonly dedupeKey?: string;
  readonly cause?: string;
  readonly model?: string;
  readonly runTimeout?: number;
  readonly isolated?: boolean;
  readonly lightContext?: boolean;
  readonly wait: "accepted" | "started" | "settled";
}

export function addWake(program: Command): void {
  subcommand(program, "wake", "wake a session, with an event or without")
    .addOption(sessionOption())
    .option("--text <text>", "what happened; without it the session is run with what it has")
    .option("--source <word>", "who asks", "cli")
    .option("--reason <words>", "why, for the log and the agent")
    .addOption(
      new Option("--intent <intent>", "how urgent it is").choices([
        "scheduled",
        "task",
        "event",
        "immediate",
        "manual",
      ]),
    )
    .option("--dedupe-key <key>", "the same key makes one event")
    .option("--cause <run>", "the run that asks; by default the one that this is called in")
    .option("--model <name>", "the model of this run")
    .addOption(new Option("--run-timeout <ms>", "how long this run may take").argParser(milliseconds))
    .option("--isolated", "run in a transcript of its own")
    .option("--light-context", "ask the agent to leave out what is not needed")
    .addOption(
      new Option("--wait <state>", "come back when it is this far")
        .choices(["accepted", "started", "settled"])
        .default("accepted"),
    )
    .action(wake);
}

async function wake(options: WakeCommandOptions): Promise<void> {
  const sessionKey = sessionOf(options);
  const heartbeat = connect(options);
  const accepted = await ask(heartbeat, sessionKey, options);
  if (options.wait === "accepted") {
    await show(options.json, accepted, acceptedWords);
    return;
  }
  const receipt = await heartbeat.waitFor(accepted.eventId ?? accepted.wakeId, options.wait);
  await show(options.json, receipt, receiptWords);
  if (receipt.settlement === "dead") process.exitCode = 1;
}

function ask(heartbeat: Heartbeat, sessionKey: string, options: WakeCommandOptions): Promise<Accepted> {
  const { text, source, reason, intent, dedupeKey, cause = causeInEnvironment() } = options;
  const request: WakeOptions = {
    sessionKey,
    ...(source === undefined ? {} : { source }),
    ...(reason === undefined ? {} : { reason }),
    ...(intent === undefined ? {} : { intent }),
    ...(cause === undefined ? {} : { cause }),
    ...overridesOf(options),
  };
  if (text === undefined) return heartbeat.requestHeartbeat(request);
  return heartbeat.wake(text, { ...request, ...(dedupeKey === undefined ? {} : { dedupeKey }) });
}

function overridesOf({
  model,
  runTimeout,
  isolated,
  lightContext,
}: WakeCommandOptions): Pick<WakeOptions, "overrides"> {
  const overrides: RunOverrides = {
    ...(model !== undefined && { model }),
    ...(runTimeout !== undefined && { timeoutMs: runTimeout }),
    ...(isolated && { isolated }),
    ...(lightContext && { lightContext }),
  };
  return Object.keys(overrides).length === 0 ? {} : { overrides };
}

function milliseconds(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected milliseconds: a whole number from 1 to 86400000.");
}

export function acceptedWords({ sessionKey, eventId, wakeId, deduplicated }: Accepted): string {
  const what = eventId === undefined ? `wake ${wakeId}` : `event ${eventId} under wake ${wakeId}`;
  const before = deduplicated ? " (it was accepted before)" : "";
  return `accepted: ${what} for ${oneLine(sessionKey, 512)}${before}`;
}

function receiptWords({ sessionKey, wakeId, state, settlement, runId, error }: Receipt): string {
  const run = runId === undefined ? "" : ` in run ${runId}`;
  const why = error === undefined ? "" : `: ${oneLine(error.message, 300)} [${error.code}]`;
  return `${settlement ?? state}: wake ${wakeId} for ${oneLine(sessionKey, 512)}${run}${why}`;
}
