import { createHash } from "node:crypto";
import { createWriteStream, lstatSync, rmSync } from "node:fs";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { z } from "zod";
import { RECORD_TYPES, type LogRecord } from "../core/records.ts";
import { LubdubError, shown } from "../errors.ts";
import { linesOf } from "./line-file.ts";

/** An exported log: one JSON document per line. First what it is, then the records in order, then how many they are and a hash of all lines before. */
const FORMAT = "lubdub-log";
const VERSION = 1;
/** People's texts are in it. */
const FILE_MODE = 0o600;

const header = z.object({ format: z.literal(FORMAT), version: z.number().int().positive() });
const trailer = z.object({ records: z.number().int().nonnegative(), sha256: z.string() });
const record = z.object({
  position: z.number().int().positive(),
  previous: z.number().int().nonnegative(),
  atMs: z.number(),
  type: z.string(),
  sessionKey: z.string(),
  facts: z.record(z.string(), z.unknown()),
  body: z.record(z.string(), z.unknown()).nullable(),
});

/**
 * Writes records into a new file, for its owner only. A file that was begun and not finished is taken away again.
 * @returns how many there are
 * @throws LubdubError `LUBDUB_INPUT_INVALID` when the file is there, or cannot be made
 */
export async function writeExport(file: string, records: AsyncIterable<LogRecord>): Promise<number> {
  const out = createWriteStream(file, { flags: "wx", mode: FILE_MODE, flush: true });
  await once(out, "open").catch((error: Error) => {
    throw new LubdubError("LUBDUB_INPUT_INVALID", {
      expected: "a new file to write the log into",
      got: error.message,
      fix: "Name a file that is not there yet, in a folder that is.",
      cause: error,
    });
  });
  try {
    const hash = createHash("sha256");
    const line = async (value: object): Promise<void> => {
      const text = `${JSON.stringify(value)}\n`;
      hash.update(text);
      if (!out.write(text)) await once(out, "drain");
    };
    let count = 0;
    await line({ format: FORMAT, version: VERSION });
    for await (const one of records) {
      await line(one);
      count += 1;
    }
    out.end(`${JSON.stringify({ records: count, sha256: hash.digest("hex") })}\n`);
    await finished(out);
    return count;
  } catch (error) {
    out.destroy();
    rmSync(file, { force: true });
    throw error;
  }
}

/** Looks through a whole exported file before anything of it is believed. @throws LubdubError `LUBDUB_EXPORT_INVALID`, `LUBDUB_STORE_NEWER`, `LUBDUB_NOT_FOUND` */
export async function checkExport(
  file: string,
  onLine: (lines: number) => void = () => {},
): Promise<{ readonly records: number }> {
  checkFile(file);
  const hash = createHash("sha256");
  let count = 0;
  let last: string | undefined;
  for await (const line of exportLines(file)) {
    if (last === undefined) checkHeader(file, line);
    else {
      hash.update(`${last}\n`);
      count += 1;
    }
    last = line;
    onLine(count);
  }
  if (last === undefined) throw noExport(file, "an empty file");
  const end = trailer.safeParse(parsed(last));
  if (!end.success) throw noExport(file, "one that was cut off: its last line is missing");
  if (end.data.sha256 !== hash.digest("hex") || end.data.records !== count - 1)
    throw noExport(file, "one that was changed: its hash does not fit");
  return { records: count - 1 };
}

/** The records of an exported file that was checked. @throws LubdubError `LUBDUB_EXPORT_INVALID`, `LUBDUB_STORE_NEWER` */
export async function* readExport(file: string, count: number): AsyncGenerator<LogRecord> {
  let at = -1;
  let position = 0;
  for await (const line of exportLines(file)) {
    at += 1;
    if (at === 0) continue;
    if (at > count) return;
    const one = record.safeParse(parsed(line));
    if (!one.success || one.data.position <= position)
      throw noExport(file, `line ${at + 1}, which is no record`);
    position = one.data.position;
    if (!RECORD_TYPES.has(one.data.type)) throw newer(file, `a record of type ${shown(one.data.type)}`);
    yield one.data as unknown as LogRecord;
  }
}

function checkFile(file: string): void {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new LubdubError("LUBDUB_NOT_FOUND", {
      expected: `an exported log at ${file}`,
      got: "nothing of that name",
      fix: "Make one: lubdub log --export FILE",
    });
  }
  if (!stat.isFile()) throw noExport(file, "no ordinary file");
}

function checkHeader(file: string, line: string): void {
  const found = header.safeParse(parsed(line));
  if (!found.success) throw noExport(file, "a file of another kind");
  if (found.data.version > VERSION) throw newer(file, `version ${found.data.version}`);
}

const exportLines = (file: string): AsyncGenerator<string> =>
  linesOf(file, () => noExport(file, "a line that is far too long"));

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const noExport = (file: string, got: string): LubdubError =>
  new LubdubError("LUBDUB_EXPORT_INVALID", {
    expected: `${file} to be a log as \`lubdub log --export\` wrote it`,
    got,
    fix: "Export the log again: lubdub log --export FILE",
  });

const newer = (file: string, got: string): LubdubError =>
  new LubdubError("LUBDUB_STORE_NEWER", {
    expected: `${file} to be written by this version of Lubdub or an older one`,
    got,
    fix: "Read it with the version of Lubdub that wrote it, or a newer one.",
  });
