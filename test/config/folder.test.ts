import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { dataFolder } from "../../src/config/folder.ts";

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
