import { InvalidArgumentError, type Command } from "commander";
import type { LogRecord } from "../core/records.ts";
import { LubdubError, shown } from "../errors.ts";
import { createTimeline, type Timeline, type TimelineEntry } from "../timeline/timeline.ts";
import type { CommonOptions } from "./contact.ts";
import { show, talk } from "./output.ts";
import { progress } from "./progress.ts";
import { openRecords } from "./records.ts";
import { subcommand } from "./subcommand.ts";
import { timelineLine } from "./timeline-words.ts";

interface ReplayOptions extends CommonOptions {
  readonly until?: Until;
  readonly session?: string;
  readonly from?: string;
}

/** Up to and with a position of the log, or a moment. */
type Until = { readonly position: number } | { readonly atMs: number };

export function addReplay(program: Command): void {
  subcommand(program, "replay", "tell the story of a session from the log, with how long everything took")
    .argument("[key]", "only this session (default: all)")
    .option("--session <key>", "the same")
    .option("--until <moment>", "stop there: a position of the log, or a time like 2026-12-24T18:00", until)
    .option("--from <file>", "from a log that was exported with `lubdub log --export`")
    .action(replay);
}

async function replay(key: string | undefined, options: ReplayOptions): Promise<void> {
  const sessionKey = keyOf(key, options);
  using bar = progress(options.from === undefined ? "reading the log" : "checking the file");
  using source = await openRecords(options, bar);
  bar.step("reading the log", source.size);
  const timeline = createTimeline();
  const print = async (entry: TimelineEntry): Promise<void> => {
    // On a terminal the lines themselves show how far it is.
    if (process.stdout.isTTY) bar.clear();
    await show(options.json, entry, timelineLine);
  };
  let read = 0;
  let told = 0;
  let isCut = false;
  for await (const record of source.records(sessionKey === undefined ? {} : { sessionKey })) {
    isCut = isAfter(record, options.until);
    if (isCut) break;
    bar.at((read += 1));
    for (const entry of entriesOf(timeline, record, options)) {
      await print(entry);
      told += 1;
    }
  }
  for (const entry of timeline.open(isCut ? momentOf(options.until) : source.nowMs?.())) await print(entry);
  bar.clear();
  if (told === 0)
    talk(
      sessionKey === undefined
        ? "Nothing has happened yet."
        : "Nothing is known of that session up to there.",
    );
}

/** A file that somebody made up may have records that are none. */
function entriesOf(timeline: Timeline, record: LogRecord, { from }: ReplayOptions): readonly TimelineEntry[] {
  try {
    return timeline.add(record);
  } catch (cause) {
    if (from === undefined) throw cause;
    throw new LubdubError("LUBDUB_EXPORT_INVALID", {
      expected: `${from} to be a log as \`lubdub log --export\` wrote it`,
      got: `record ${record.position}, which lacks what a ${record.type} says`,
      cause,
    });
  }
}

function keyOf(argument: string | undefined, { session }: ReplayOptions): string | undefined {
  if (argument === undefined || session === undefined || argument === session) return argument ?? session;
  throw new LubdubError("LUBDUB_USAGE", {
    expected: "one session",
    got: `${shown(argument)} and --session ${shown(session)}`,
    fix: "Name it once.",
  });
}

function isAfter({ position, atMs }: LogRecord, limit: Until | undefined): boolean {
  if (limit === undefined) return false;
  return "position" in limit ? position > limit.position : atMs > limit.atMs;
}

const momentOf = (limit: Until | undefined): number | undefined =>
  limit !== undefined && "atMs" in limit ? limit.atMs : undefined;

function until(text: string): Until {
  if (/^\d{1,15}$/.test(text)) return { position: Number(text) };
  const atMs = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new InvalidArgumentError("Expected a position of the log, or a time like 2026-12-24T18:00.");
  return { atMs };
}
