import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { LogRecord } from "../core/records.ts";
import { LubdubError, type ErrorCode } from "../errors.ts";
import type { Heartbeat } from "../index.ts";
import { connect, type CommonOptions } from "./contact.ts";
import { writeExport } from "./export-file.ts";
import { show, talk } from "./output.ts";
import { progress, type Progress } from "./progress.ts";
import { openRecords, recordsOf } from "./records.ts";
import { subcommand } from "./subcommand.ts";
import { recordLine } from "./words.ts";

/** How many records `log -f` shows of the past. */
const FOLLOW_PAST = 10;
/** How long to wait for a sign of life before looking again. */
const LOOK_AGAIN_MS = 1_000;

interface LogOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly lines?: number;
  readonly from?: number;
  readonly session?: string;
  readonly export?: string;
}

export function addLog(program: Command): void {
  subcommand(program, "log", "what happened, one line per step")
    .option("-f, --follow", "go on, and show each step as it happens; waits for the daemon when it restarts")
    .option("-n, --lines <count>", `only the last ones (default with -f: ${FOLLOW_PAST})`, wholeNumber)
    .option("--from <position>", "only what comes after this position of the log", wholeNumber)
    .option("--session <key>", "only this session")
    .addOption(
      new Option(
        "--export <file>",
        "write the records into a new file, for `lubdub replay --from`; also without a daemon",
      ).conflicts(["follow", "lines"]),
    )
    .action(log);
}

async function log(options: LogOptions): Promise<void> {
  if (options.export !== undefined) return exportTo(options.export, options);
  const heartbeat = connect(options);
  const cursor = { position: await startOf(heartbeat, options) };
  await printOn(heartbeat, cursor, options);
  if (options.follow === true) await follow(heartbeat, cursor, options);
}

async function exportTo(name: string, { from: after, session, ...common }: LogOptions): Promise<void> {
  const file = resolve(name);
  using bar = progress("writing the log");
  using source = await openRecords(common, bar);
  bar.step("writing the log", source.size);
  const wanted = {
    ...(after !== undefined && { after }),
    ...(session !== undefined && { sessionKey: session }),
  };
  const records = await writeExport(file, counted(source.records(wanted), bar));
  bar.clear();
  await show(common.json, { file, records }, () => `${records} records written: ${file}`);
}

async function* counted(records: AsyncIterable<LogRecord>, bar: Progress): AsyncGenerator<LogRecord> {
  let count = 0;
  for await (const record of records) {
    bar.at((count += 1));
    yield record;
  }
}

async function startOf(
  heartbeat: Heartbeat,
  { from, lines, follow: isFollowing }: LogOptions,
): Promise<number> {
  if (from !== undefined) return from;
  const past = lines ?? (isFollowing === true ? FOLLOW_PAST : Infinity);
  return Math.max(0, (await heartbeat.status()).position - past);
}

/** Everything up to here is printed. */
interface Cursor {
  position: number;
}

/** Prints everything after the cursor, and moves it. */
async function printOn(heartbeat: Heartbeat, cursor: Cursor, { session, json }: LogOptions): Promise<void> {
  const { position } = await heartbeat.status();
  for await (const record of recordsOf(heartbeat, {
    after: cursor.position,
    ...(session !== undefined && { sessionKey: session }),
  })) {
    await show(json, record, recordLine);
    cursor.position = record.position;
  }
  // What other sessions did need not be read again.
  cursor.position = Math.max(cursor.position, position);
}

/**
 * The subscription only rings; what is printed is always read from the log after the last printed position. So nothing
 * is missed and nothing comes twice, whatever happens to the connection.
 */
async function follow(first: Heartbeat, cursor: Cursor, options: LogOptions): Promise<never> {
  let heartbeat = first;
  for (;;) {
    try {
      await printUntilLost(heartbeat, cursor, options);
    } catch (error) {
      if (!isAway(error)) throw error;
      talk("The daemon is away; waiting for it to come back.");
      heartbeat = await comeBack(options);
      talk("The daemon is back.");
    }
  }
}

async function printUntilLost(heartbeat: Heartbeat, cursor: Cursor, options: LogOptions): Promise<never> {
  let ring = Promise.withResolvers<void>();
  const unsubscribe = heartbeat.subscribe(() => ring.resolve());
  try {
    for (;;) {
      ring = Promise.withResolvers<void>();
      await printOn(heartbeat, cursor, options);
      await Promise.race([ring.promise, delay(LOOK_AGAIN_MS)]);
    }
  } finally {
    unsubscribe();
  }
}

async function comeBack(options: LogOptions): Promise<Heartbeat> {
  for (;;) {
    await delay(LOOK_AGAIN_MS);
    try {
      const heartbeat = connect(options);
      await heartbeat.status();
      return heartbeat;
    } catch (error) {
      if (!isAway(error)) throw error;
    }
  }
}

const AWAY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "LUBDUB_CLOSED",
  "LUBDUB_DAEMON_UNREACHABLE",
  "LUBDUB_STOPPING",
]);

function isAway(error: unknown): boolean {
  return error instanceof LubdubError && AWAY.has(error.code);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError("Expected a whole number.");
  return value;
}
