import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeToken, readToken, tokenFile } from "../../src/config/token.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "lubdub-token-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const missing = (message: string) => ({
  code: "LUBDUB_TOKEN_MISSING",
  message: expect.stringContaining(message) as string,
});
const exposed = (message: string) => ({
  code: "LUBDUB_TOKEN_EXPOSED",
  message: expect.stringContaining(message) as string,
});

describe("makeToken", () => {
  it("makes 256 random bits in a file of mode 0600, whatever the umask", () => {
    const before = process.umask(0);
    const token = makeToken(folder);
    process.umask(before);
    expect(Buffer.from(token, "base64url")).toHaveLength(32);
    expect(statSync(tokenFile(folder)).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["token"]);
  });

  it("keeps the token that is there, and makes another in another folder", () => {
    const token = makeToken(folder);
    expect(makeToken(folder)).toBe(token);
    expect(readToken(folder)).toBe(token);
    const other = join(folder, "other");
    mkdirSync(other);
    expect(makeToken(other)).not.toBe(token);
  });

  it("does not use, nor replace, a token that others may read", () => {
    const token = makeToken(folder);
    chmodSync(tokenFile(folder), 0o644);
    expect(() => makeToken(folder)).toThrow(expect.objectContaining(exposed("mode 644")));
    chmodSync(tokenFile(folder), 0o600);
    expect(readToken(folder)).toBe(token);
  });
});

describe("readToken refuses", () => {
  it("a missing file", () => {
    expect(() => readToken(folder)).toThrow(
      expect.objectContaining(missing("got no such file. Is the daemon started? Type: lubdub up")),
    );
  });

  it.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666])("any right of others: mode %o", (mode) => {
    makeToken(folder);
    chmodSync(tokenFile(folder), mode);
    expect(() => readToken(folder)).toThrow(
      expect.objectContaining(
        exposed(
          `got mode ${mode.toString(8)}: others may have read it. Type: chmod 600 '${tokenFile(folder)}'`,
        ),
      ),
    );
  });

  it("a symbolic link, also to a good token, and when it is to be made", () => {
    const other = join(folder, "other");
    mkdirSync(other);
    makeToken(other);
    symlinkSync(tokenFile(other), tokenFile(folder));
    for (const take of [readToken, makeToken]) {
      expect(() => take(folder)).toThrow(expect.objectContaining(exposed("got a symbolic link.")));
    }
  });

  it.runIf(process.getuid?.() === 0)("a file of another user", () => {
    makeToken(folder);
    chownSync(tokenFile(folder), 4321, 4321);
    expect(() => readToken(folder)).toThrow(expect.objectContaining(exposed("got a file of user 4321.")));
  });

  it("a folder, and a pipe without waiting for its other end", () => {
    mkdirSync(tokenFile(folder));
    expect(() => readToken(folder)).toThrow(expect.objectContaining(exposed("no regular file")));
    rmSync(tokenFile(folder), { recursive: true });
    execFileSync("mkfifo", ["-m", "600", tokenFile(folder)]);
    expect(() => readToken(folder)).toThrow(expect.objectContaining(exposed("no regular file")));
  });

  it.each(["", "short\n", "x".repeat(100_000)])("what is no token: %.10j", (text) => {
    writeFileSync(tokenFile(folder), text, { mode: 0o600 });
    expect(() => readToken(folder)).toThrow(
      expect.objectContaining(
        missing(`got a file of ${text.length} bytes that is none. Remove it and start the daemon again.`),
      ),
    );
  });
});
