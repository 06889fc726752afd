import { matches, NEWEST, recordsBefore, type LogFilter } from "./filter.ts";

/**
 * All records of the log that match, oldest first, one JSON document per line: as `lubdub log --json` prints them.
 * @param onProgress - how many were found so far
 */
async function exported(
  filter: LogFilter,
  signal: AbortSignal,
  onProgress: (found: number) => void,
): Promise<Blob> {
  const pages: string[] = [];
  let found = 0;
  for (let before = NEWEST; before > 1;) {
    const page = await recordsBefore(before, filter.sessionKey, signal);
    const lines = page
      .filter((record) => matches(record, filter))
      .map((record) => `${JSON.stringify(record)}\n`);
    found += lines.length;
    onProgress(found);
    pages.push(lines.toReversed().join(""));
    before = page.at(-1)?.position ?? 0;
  }
  return new Blob(pages.toReversed(), { type: "application/x-ndjson" });
}

/** Saves them as a file of the reader's. */
export async function saveLog(
  filter: LogFilter,
  signal: AbortSignal,
  onProgress: (found: number) => void,
): Promise<void> {
  const url = URL.createObjectURL(await exported(filter, signal, onProgress));
  const link = document.createElement("a");
  link.href = url;
  link.download = "lubdub-log.ndjson";
  link.click();
  URL.revokeObjectURL(url);
}
