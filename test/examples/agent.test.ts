import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";

const PROGRAM = resolve(import.meta.dirname, "../../examples/agent.ts");
const CHANNEL = "agent:main:discord:channel:42";
const folder = mkdtempSync(join(tmpdir(), "lubdub-example-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the example is woken with the result, in the conversation that asked, after the user's turn", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, folder], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(7);
  expect(lines.slice(0, 5)).toEqual([
    "agent:main:main < Hello.",
    "agent:main:main > Hello.",
    `${CHANNEL} < Run the tests.`,
    `${CHANNEL} > I have started them, and will tell you when they end.`,
    "busy: A user's turn holds the lane; it runs as soon as that ends.",
  ]);
  const news = /\[system event, wake w-\d+-\w+\] \S*node\S* ended with exit code 0: 12 passed$/;
  expect(lines[5]).toMatch(news);
  expect(lines[6]).toMatch(news);
  expect(lines[5]).toContain(`${CHANNEL} < [`);
  expect(lines[6]).toContain(`${CHANNEL} > They have ended: `);
});

test("it is short enough to be read at a glance", () => {
  expect(readFileSync(PROGRAM, "utf8").trimEnd().split("\n").length).toBeLessThan(60);
});
