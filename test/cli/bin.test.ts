import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { start } from "./support.ts";

const BIN = resolve(import.meta.dirname, "../../bin/lubdub.js");

test("a Node that is too old is told what is needed", async () => {
  const older =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })";
  const ended = await start(process.execPath, [
    "--import",
    `data:text/javascript,${encodeURIComponent(older)}`,
    BIN,
  ]).ended;
  expect(ended).toMatchObject({ code: 1, stdout: "" });
  expect(ended.stderr).toContain("Expected Node 24 or newer; got Node 20.20.2");
  expect(ended.stderr).toContain("[LUBDUB_NODE_TOO_OLD]");
  expect(ended.stderr).not.toContain("    at ");
});

test("the check itself is written in words that an old Node can read", () => {
  const code = readFileSync(BIN, "utf8");
  expect(code).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(code).not.toMatch(/\b(?:const|let|class|await|async)\b|=>|`[^`]*\$\{|\?\.|\?\?|^import\s/m);
});
