import { LubdubError, type ErrorCode } from "../../errors.ts";
import { closed } from "../guards.ts";

/** SQLite's result codes that mean something to us; extended codes hold them in their low byte. */
const SQLITE = {
  busy: 5,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

/** Any error out of SQLite as one of ours. Ours pass through. */
export function asStoreError(error: unknown, location: string): LubdubError {
  if (error instanceof LubdubError) return error;
  const { code, errcode, message } = error as Error & { code?: string; errcode?: number };
  if (code === "ERR_INVALID_STATE") return closed(); // the database, or a statement of it
  if (code === "ERR_OUT_OF_RANGE") return corrupt(location, "a number beyond any that Lubdub writes", error);
  const result = errcode === undefined ? undefined : errcode & 0xff;
  if (result === SQLITE.full)
    return failure("LUBDUB_STORE_FULL", location, "room on the disk", message, error);
  if (result === SQLITE.corrupt || result === SQLITE.notADatabase) return corrupt(location, message, error);
  const detail = errcode === undefined ? message : `${message} (SQLite ${errcode})`;
  return failure("LUBDUB_STORE_FAILED", location, "to be readable and writable", detail, error);
}

/** Runs work on the database; what SQLite throws becomes an error of ours. */
export function mapped<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asStoreError(error, file);
  }
}

export function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && (errcode & 0xff) === SQLITE.busy;
}

export function corrupt(location: string, got: string, cause?: unknown): LubdubError {
  return failure("LUBDUB_STORE_CORRUPT", location, "to be as Lubdub wrote it", got, cause);
}

const FIXES = {
  LUBDUB_STORE_CORRUPT: "Stop Lubdub, look at it with `lubdub doctor`, and put a backup in its place.",
  LUBDUB_STORE_FAILED: "Look at the disk and at the rights of the folder, then start again.",
  LUBDUB_STORE_FULL: "Nothing was written. Make room; reading goes on.",
} as const satisfies Partial<Record<ErrorCode, string>>;

function failure(
  code: keyof typeof FIXES,
  location: string,
  expected: string,
  got: string,
  cause: unknown,
): LubdubError {
  return new LubdubError(code, { expected: `${location} ${expected}`, got, fix: FIXES[code], cause });
}
