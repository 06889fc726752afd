import { constants } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Bytes of a usage file: two counts need no more. A larger one is refused. */
const USAGE_BYTES_MAX = 1_024;

/** A place where a command may write what its run used up; only its owner may look there. */
export interface UsageFile extends AsyncDisposable {
  readonly path: string;
  /** What stands there, unchecked; undefined when nothing was written. What cannot be read as JSON is null: no usage, but said. */
  read(): Promise<unknown>;
}

/** @returns null where there is no place for it: the run goes on without */
export async function usageFile(): Promise<UsageFile | null> {
  const folder = await mkdtemp(join(tmpdir(), "lubdub-usage-")).catch(() => null);
  if (folder === null) return null;
  const path = join(folder, "usage.json");
  return {
    path,
    read: () =>
      readJson(path).catch((error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? undefined : null)),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }).catch(() => {}),
  };
}

/** What the command left there may be anything: a link is not followed, a pipe not waited for. */
async function readJson(path: string): Promise<unknown> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (!(await file.stat()).isFile()) return null;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(USAGE_BYTES_MAX + 1));
  if (bytesRead > USAGE_BYTES_MAX) return null;
  const text = buffer.toString("utf8", 0, bytesRead).trim();
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}
