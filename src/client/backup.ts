import { randomUUID } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { chmod, copyFile, rm } from "node:fs/promises";
import { LubdubError, shown } from "../errors.ts";
import type { Transport } from "./transport.ts";

/** A copy of a large store takes a while, in milliseconds. */
const BACKUP_TIMEOUT_MS = 600_000;

/**
 * The daemon writes the copy into its own backup folder; from there it is brought to `file`. So nothing on the network
 * names a path, and it works for whoever can read that folder: the same user on the same machine.
 */
export async function backupTo(transport: Transport, file: string): Promise<void> {
  if (existsSync(file)) throw exists(file);
  const body = { name: `${randomUUID()}.db` };
  const call = { method: "POST", body, timeoutMs: BACKUP_TIMEOUT_MS } as const;
  const { file: source } = (await transport.call("/v1/backup", call)) as { file: string };
  try {
    await copyFile(source, file, constants.COPYFILE_EXCL);
    await chmod(file, 0o600);
  } catch (error) {
    throw notBrought(source, file, error);
  }
  await rm(source, { force: true });
}

function exists(file: string): LubdubError {
  return new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: "the name of a new file",
    got: `${shown(file)}, which exists`,
    fix: "Choose another name: a backup overwrites nothing.",
  });
}

function notBrought(source: string, file: string, cause: unknown): LubdubError {
  const got = cause instanceof Error && "code" in cause ? String(cause.code) : "another error";
  return new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: `to bring the finished copy from ${source} to ${file}`,
    got,
    fix: "The copy is complete where it lies, on the daemon's machine: take it from there.",
    cause,
  });
}
