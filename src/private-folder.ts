import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { LubdubError } from "./errors.ts";

const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;
const OTHERS = 0o077;

/**
 * Makes the data folder if there is none, and refuses one that others can look into: people's texts lie in it.
 *
 * @throws LubdubError `LUBDUB_DATA_FOLDER_INVALID`
 */
export function preparePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const got = code === "EEXIST" || code === "ENOTDIR" ? "a file of that name" : message;
    throw invalid(folder, got, "Name a folder that can be made.");
  }
  checkPrivateFolder(folder);
}

/** @throws LubdubError `LUBDUB_DATA_FOLDER_INVALID` */
export function checkPrivateFolder(folder: string): void {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) throw invalid(folder, "nothing of that name", "Name the folder with the data.");
  if (stat.isSymbolicLink()) throw invalid(folder, "a symbolic link", "Name the folder that it leads to.");
  if (!stat.isDirectory()) throw invalid(folder, "a file of that name", "Name another folder.");
  const userId = process.getuid?.();
  if (userId === undefined) return; // no such rights on this system
  if (stat.uid !== userId) throw invalid(folder, `one of user ${stat.uid}`, "Name a folder of your own.");
  if ((stat.mode & OTHERS) !== 0) {
    const mode = (stat.mode & 0o777).toString(8);
    throw invalid(folder, `mode ${mode}: others can look into it`, `Type: chmod 700 '${folder}'`);
  }
}

/**
 * Makes an empty file for its owner only, unless it is there. SQLite gives its companion files the same mode.
 *
 * @throws LubdubError `LUBDUB_DATA_FOLDER_INVALID` for what somebody else may have put there while the folder was open
 */
export function preparePrivateFile(file: string): void {
  withOwnFile(file, constants.O_RDWR | constants.O_CREAT, () => {});
}

/**
 * Reads a file of the data folder, if nobody else can have put it there.
 *
 * @throws LubdubError `LUBDUB_DATA_FOLDER_INVALID` for a link, a pipe, a file of another user, or one that is too long
 */
export function readOwnFile(file: string, bytesMax: number): string {
  return withOwnFile(file, constants.O_RDONLY, (fd) => {
    const { size } = fstatSync(fd);
    if (size > bytesMax) throw notOwn(file, `one of ${size} bytes, and at most ${bytesMax} are read`);
    return readFileSync(fd, "utf8");
  });
}

/** Without following a link, and without waiting for the other end of a pipe. */
function withOwnFile<T>(file: string, flags: number, use: (fd: number) => T): T {
  const fd = openOwn(file, flags);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw notOwn(file, "something that is no regular file");
    if (stat.uid !== (process.getuid?.() ?? stat.uid)) throw notOwn(file, `one of user ${stat.uid}`);
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function openOwn(file: string, flags: number): number {
  try {
    return openSync(file, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, FILE_MODE);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ELOOP") throw notOwn(file, "a symbolic link");
    if (code === "EISDIR") throw notOwn(file, "a folder");
    throw error;
  }
}

function notOwn(file: string, got: string): LubdubError {
  return new LubdubError("LUBDUB_DATA_FOLDER_INVALID", {
    expected: `${file} to be a file of your own`,
    got,
    fix: "Look at it, and move it away.",
  });
}

function invalid(folder: string, got: string, fix: string): LubdubError {
  const expected = `the data folder ${folder} to be a folder of your own with mode 700`;
  return new LubdubError("LUBDUB_DATA_FOLDER_INVALID", { expected, got, fix });
}
