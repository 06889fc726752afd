import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dataFolder, makeDataFolder } from "../../src/config/folder.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "lubdub-folder-"))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("dataFolder", () => {
  it.each([
    ["/a", { LUBDUB_DATA: "/b", HOME: "/home/me" }, "/a"],
    ["here", {}, resolve("here")],
    [undefined, { LUBDUB_DATA: "/b", HOME: "/home/me" }, "/b"],
    [undefined, { LUBDUB_DATA: "there" }, resolve("there")],
    [undefined, { HOME: "/home/me" }, "/home/me/.lubdub"],
  ])("--data %j with %j is %s", (data, env, path) => {
    expect(dataFolder(data, env)).toBe(path);
  });

  it("refuses an empty name", () => {
    expect(() => dataFolder("", {})).toThrow('Expected --data to name a folder; got "".');
    expect(() => dataFolder(undefined, { LUBDUB_DATA: " " })).toThrow(
      "Expected LUBDUB_DATA to name a folder",
    );
  });
});

describe("makeDataFolder", () => {
  it("makes it for its owner alone, and takes it again", () => {
    const made = join(folder, "a", "b");
    makeDataFolder(made);
    makeDataFolder(made);
    expect(statSync(made).mode & 0o777).toBe(0o700);
  });

  it.each([0o755, 0o750, 0o770, 0o702])("refuses one that others may look into or write: %o", (mode) => {
    const open = join(folder, "open");
    mkdirSync(open);
    chmodSync(open, mode);
    expect(() => makeDataFolder(open)).toThrow(
      `Expected the data folder \`${open}\` to be mode 700; got mode ${mode.toString(8)}: others may look into it. Type: chmod 700 '${open}'`,
    );
  });

  it("refuses a file of that name", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    for (const name of [file, join(file, "inner")]) {
      expect(() => makeDataFolder(name)).toThrow("got a file of that name");
    }
  });

  it.runIf(process.getuid?.() === 0)("refuses one of another user", async () => {
    const { chownSync } = await import("node:fs");
    const other = join(folder, "other");
    mkdirSync(other, { mode: 0o700 });
    chownSync(other, 4321, 4321);
    expect(() => makeDataFolder(other)).toThrow("got a folder of user 4321");
  });
});
