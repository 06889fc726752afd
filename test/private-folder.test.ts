import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { preparePrivateFolder } from "../src/private-folder.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "lubdub-folder-"))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("preparePrivateFolder", () => {
  it("makes it for its owner alone, and takes it again", () => {
    const made = join(folder, "a", "b");
    preparePrivateFolder(made);
    preparePrivateFolder(made);
    expect(statSync(made).mode & 0o777).toBe(0o700);
  });

  it.each([0o755, 0o750, 0o770, 0o702])("refuses one that others may look into or write: %o", (mode) => {
    const open = join(folder, "open");
    mkdirSync(open);
    chmodSync(open, mode);
    expect(() => preparePrivateFolder(open)).toThrow(
      `got mode ${mode.toString(8)}: others can look into it. Type: chmod 700 '${open}'`,
    );
  });

  it("refuses a file of that name", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    for (const name of [file, join(file, "inner")]) {
      expect(() => preparePrivateFolder(name)).toThrow("got a file of that name");
    }
  });

  it.runIf(process.getuid?.() === 0)("refuses one of another user", async () => {
    const { chownSync } = await import("node:fs");
    const other = join(folder, "other");
    mkdirSync(other, { mode: 0o700 });
    chownSync(other, 4321, 4321);
    expect(() => preparePrivateFolder(other)).toThrow("got one of user 4321");
  });
});
