import { existsSync } from "node:fs";
import type { LogRecord } from "../core/records.ts";
import { LubdubError } from "../errors.ts";
import type { Heartbeat } from "../index.ts";
import { connect, dataFolderOf, type CommonOptions } from "./contact.ts";
import { checkExport, readExport } from "./export-file.ts";
import type { Progress } from "./progress.ts";

/** Records read from a daemon at a time. */
const PAGE = 1_000;

/** Which records, in the order of the log. */
export interface Wanted {
  readonly sessionKey?: string;
  /** Only those after this position. @default 0 */
  readonly after?: number;
}

/** Where records come from: a daemon, the data of one that is stopped, or an exported file. */
export interface RecordSource extends Disposable {
  /** About how many records there are. */
  readonly size: number;
  /** The time, where it goes on after the newest record: in a daemon. */
  readonly nowMs?: () => number;
  records(wanted: Wanted): AsyncIterable<LogRecord>;
}

/**
 * Opens what there is: the exported file, if one is named; else the daemon of the data folder; else, when none is up, the data
 * themselves. Those are only read, in one still picture, and their owner, if there is one, is not disturbed.
 *
 * @throws LubdubError `LUBDUB_EXPORT_INVALID`, `LUBDUB_NOT_FOUND`, `LUBDUB_STORE_CORRUPT` and other errors of a store
 */
export async function openRecords(
  options: CommonOptions & { readonly from?: string },
  bar: Progress,
): Promise<RecordSource> {
  if (options.from !== undefined) return fromFile(options.from, bar);
  try {
    const heartbeat = connect(options);
    const { position } = await heartbeat.status();
    return fromDaemon(heartbeat, position);
  } catch (error) {
    if (!(error instanceof LubdubError) || error.code !== "LUBDUB_DAEMON_UNREACHABLE") throw error;
    return fromFolder(dataFolderOf(options), error);
  }
}

async function fromFile(file: string, bar: Progress): Promise<RecordSource> {
  const { records: size } = await checkExport(file, (lines) => bar.at(lines));
  return {
    size,
    records: (wanted) => only(readExport(file, size), wanted),
    [Symbol.dispose]() {},
  };
}

function fromDaemon(heartbeat: Heartbeat, size: number): RecordSource {
  return {
    size,
    nowMs: () => Date.now(),
    records: (wanted) => recordsOf(heartbeat, wanted),
    [Symbol.dispose]() {},
  };
}

async function fromFolder(folder: string, unreachable: LubdubError): Promise<RecordSource> {
  if (!existsSync(folder)) throw unreachable;
  const { sqliteStore } = await import("../index.ts");
  const store = sqliteStore({ folder, readOnly: true });
  return {
    size: store.head().position - store.base(),
    records: (wanted) => only(store.read({ after: wanted.after ?? 0 }), wanted),
    [Symbol.dispose]: () => store.close(),
  };
}

async function* only(
  records: AsyncIterable<LogRecord> | Iterable<LogRecord>,
  { sessionKey, after = 0 }: Wanted,
): AsyncGenerator<LogRecord> {
  for await (const record of records) {
    if (record.position > after && (sessionKey === undefined || record.sessionKey === sessionKey))
      yield record;
  }
}

/** A daemon's records, page by page. */
export function recordsOf(heartbeat: Heartbeat, { sessionKey, after = 0 }: Wanted): AsyncIterable<LogRecord> {
  return sessionKey === undefined ? pages(heartbeat, after) : sessionRecords(heartbeat, sessionKey, after);
}

/** Everything after a position, as far as the log goes by then. */
async function* pages(heartbeat: Heartbeat, after: number): AsyncGenerator<LogRecord> {
  for (let at = after; ;) {
    const page: readonly LogRecord[] = await heartbeat.read({ after: at, limit: PAGE });
    yield* page;
    if (page.length < PAGE) return;
    at = page.at(-1)?.position ?? at;
  }
}

/** One session's records: the daemon finds them from the newest back, without looking at those of others. */
async function* sessionRecords(
  heartbeat: Heartbeat,
  sessionKey: string,
  after: number,
): AsyncGenerator<LogRecord> {
  const found: (readonly LogRecord[])[] = [];
  const { position } = await heartbeat.status();
  for (let before = position + 1; ;) {
    const page: readonly LogRecord[] = await heartbeat.read({ sessionKey, before, after, limit: PAGE });
    found.push(page);
    if (page.length < PAGE) break;
    before = page[0]?.position ?? before;
  }
  for (const page of found.reverse()) yield* page;
}
