import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { LubdubError } from "../errors.ts";

const TOKEN_BYTES = 32;
const FORM = /^[A-Za-z0-9_-]{43}$/;
const OWNER_ONLY = 0o600;

/** Where the token of a data folder lies. */
export function tokenFile(dataFolder: string): string {
  return join(dataFolder, "token");
}

/**
 * The token of this data folder, for the daemon: made at the first start (256 random bits, mode 0600), read ever after.
 *
 * @throws LubdubError as `readToken`
 */
export function makeToken(dataFolder: string): string {
  const file = tokenFile(dataFolder);
  const draft = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    // A link appears as a whole and never replaces anything: nobody reads half a token, and a second start loses nothing.
    writeFileSync(draft, `${randomBytes(TOKEN_BYTES).toString("base64url")}\n`, {
      flag: "wx",
      mode: OWNER_ONLY,
      flush: true,
    });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readToken(dataFolder);
}

/**
 * The token of this data folder, for a client of the daemon.
 *
 * @throws LubdubError `LUBDUB_TOKEN_MISSING` when there is none yet, `LUBDUB_TOKEN_EXPOSED` when it is not this user's own
 * regular file that nobody else may read or write
 */
export function readToken(dataFolder: string): string {
  const file = tokenFile(dataFolder);
  const fd = open(file);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile())
      throw exposed(file, "something that is no regular file", "Remove it and start the daemon again.");
    if (stat.uid !== (process.getuid?.() ?? stat.uid)) {
      throw exposed(file, `a file of user ${stat.uid}`, "Use a data folder of your own (--data).");
    }
    if (process.getuid !== undefined && (stat.mode & 0o077) !== 0) {
      const got = `mode ${(stat.mode & 0o777).toString(8)}: others may have read it`;
      throw exposed(
        file,
        got,
        `Type: chmod 600 '${file}' (or remove it and start the daemon again, for a new one)`,
      );
    }
    const token = readFileSync(fd, "utf8").trim();
    if (FORM.test(token)) return token;
    throw missing(file, `a file of ${stat.size} bytes that is none`, "Remove it and start the daemon again.");
  } finally {
    closeSync(fd);
  }
}

/** Without following a link, and without waiting for the other end of a pipe. */
function open(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw missing(file, "no such file", "Is the daemon started? Type: lubdub up");
    if (code === "ELOOP") throw exposed(file, "a symbolic link", "Remove it and start the daemon again.");
    if (code === "EACCES")
      throw exposed(file, "a file that you may not read", "Use a data folder of your own (--data).");
    throw error;
  }
}

function missing(file: string, got: string, fix: string): LubdubError {
  return new LubdubError("LUBDUB_TOKEN_MISSING", { expected: `a token in \`${file}\``, got, fix });
}

function exposed(file: string, got: string, fix: string): LubdubError {
  const expected = `the token \`${file}\` to be a file that only you may read (mode 600)`;
  return new LubdubError("LUBDUB_TOKEN_EXPOSED", { expected, got, fix });
}
