import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { until, workplace } from "../cli/support.ts";

/** A user's mistakes on the command line: one clear message, no stack, nothing lost. `items.test.ts` lists all. */

const KEY = "agent:main:discord:channel:42";

test("a running daemon refuses a bad key and a long text, keeps what it has, and misses its token file", async () => {
  const place = workplace();
  place.agent("");
  const daemon = await place.up();
  const mistakes = [
    ["", "x", "LUBDUB_SESSION_KEY_INVALID"],
    ["k".repeat(513), "x", "LUBDUB_SESSION_KEY_INVALID"],
    ["a\u001bb", "x", "LUBDUB_SESSION_KEY_INVALID"],
    [KEY, "x".repeat(32_769), "LUBDUB_TEXT_INVALID"],
  ] as const;
  for (const [key, text, code] of mistakes) {
    const ended = await place.run("wake", "--session", key, "--text", text);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    isOneClearMessage(ended.stderr, code);
  }
  expect((await place.run("wake", "--session", KEY, "--text", "sound")).code).toBe(0);
  await until(
    () => place.calls().length > 0,
    () => "the event is handled",
  );
  expect(place.calls().map(({ key }) => key)).toEqual([KEY]);
  rmSync(join(place.data, "token"));
  const untold = await place.run("wake", "--session", KEY, "--text", "x");
  expect(untold.code).toBeGreaterThan(0);
  isOneClearMessage(untold.stderr, "LUBDUB_TOKEN_MISSING");
  expect(daemon.stderr()).not.toMatch(/\n\s+at /);
});

test("a gate that hangs is found by a check of the configuration", async () => {
  const place = workplace();
  const gate = { command: { argv: ["sleep", "60"] }, timeoutMs: 200 };
  place.config({ agents: [{ match: "*", console: {}, gate }] });
  const ended = await place.run("config", "check");
  expect(ended).toMatchObject({ code: 1, stdout: "" });
  isOneClearMessage(ended.stderr, "LUBDUB_CONFIG_INVALID");
  expect(ended.stderr).toContain("agents[0].gate");
});

test("a database of a newer version is refused, and is left as it is", async () => {
  const place = workplace();
  place.agent("");
  const daemon = await place.up();
  await place.run("wake", "--session", KEY, "--text", "kept");
  daemon.child.kill("SIGTERM");
  await daemon.ended;
  const version = (to: number): void => {
    const db = new DatabaseSync(join(place.data, "lubdub.db"));
    db.exec(`PRAGMA user_version = ${to}`);
    db.close();
  };
  version(99);
  const refused = await place.run("up", "--port", "0");
  expect(refused.code).toBe(1);
  isOneClearMessage(refused.stderr, "LUBDUB_STORE_NEWER");
  version(1);
  await place.up();
  expect((await place.run("sessions")).stdout).toContain(KEY);
});

function isOneClearMessage(stderr: string, code: string): void {
  expect(stderr).toContain(code);
  expect(stderr).toMatch(/Expected [^]+; got [^]+/);
  expect(stderr).not.toMatch(/\n\s+at /);
}
