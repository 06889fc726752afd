import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { checkExport } from "../../src/cli/export-file.ts";
import { linesOf } from "../../src/cli/line-file.ts";
import { sqliteStore } from "../../src/index.ts";
import { fill } from "../contract/store-records.ts";
import { workplace, type Running, type Workplace } from "./support.ts";

const KEY = "agent:main:discord:channel:42";
const OTHER = "agent:main:other";

async function stop(daemon: Running): Promise<void> {
  daemon.child.kill("SIGTERM");
  await daemon.ended;
}

/** A daemon with a story in two sessions. */
async function withStory(): Promise<{ place: Workplace; daemon: Running }> {
  const place = workplace();
  place.agent("if (calls === 1) process.exit(75); console.log('I saw it');");
  const daemon = await place.up();
  for (const key of [KEY, OTHER])
    await place.run("wake", "--session", key, "--text", `for ${key}`, "--wait", "settled");
  return { place, daemon };
}

const documents = (text: string): { kind: string; sessionKey: string }[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; sessionKey: string });

test("the same story from a daemon, from the data of a stopped one, and from an exported file", async () => {
  const { place, daemon } = await withStory();
  const live = await place.run("replay", KEY);
  expect(live).toMatchObject({ code: 0, stderr: "" });
  const lines = live.stdout.trim().split("\n");
  expect(lines.every((line) => line.includes(KEY))).toBe(true);
  for (const words of [
    "no attempt is used up: requests-in-flight",
    "because the agent was busy",
    "1 event acknowledged",
    '"I saw it"',
  ])
    expect(live.stdout).toContain(words);
  expect(live.stdout).not.toContain(OTHER);

  expect(await place.run("log", "--export", "live.ndjson")).toMatchObject({ code: 0, stderr: "" });
  expect(statSync(place.path("live.ndjson")).mode & 0o777).toBe(0o600);
  await stop(daemon);
  const still = await place.run("replay", "--session", KEY);
  const exported = await place.run("replay", KEY, "--from", "live.ndjson");
  expect({ still: still.stdout, exported: exported.stdout }).toEqual({
    still: live.stdout,
    exported: live.stdout,
  });

  await place.run("log", "--export", "still.ndjson");
  expect(place.read("still.ndjson")).toBe(place.read("live.ndjson"));
  const again = await place.run("log", "--export", "still.ndjson");
  expect(again).toMatchObject({ code: 2, stdout: "" });
  expect(place.read("still.ndjson")).toBe(place.read("live.ndjson"));
});

test("--json, and --until a position or a moment", async () => {
  const { place, daemon } = await withStory();
  await stop(daemon);
  const all = documents((await place.run("replay", "--json")).stdout);
  expect(new Set(all.map(({ sessionKey }) => sessionKey))).toEqual(new Set([KEY, OTHER]));
  const [first, ...rest] = documents((await place.run("replay", "--until", "2", "--json")).stdout);
  expect(first).toMatchObject({ kind: "event", position: 1 });
  expect(rest.at(-1)).toMatchObject({ kind: "run", open: true, position: 2 });
  expect((await place.run("replay", "--until", "2001-01-01T00:00")).stdout).toBe("");
  expect(
    (await place.run("replay", "--until", "2999-01-01", "--json")).stdout.trim().split("\n"),
  ).toHaveLength(all.length);
  expect(await place.run("replay", "--until", "soon")).toMatchObject({ code: 2, stdout: "" });
  expect(await place.run("replay", KEY, "--session", OTHER)).toMatchObject({ code: 2, stdout: "" });
  const nobody = await place.run("replay", "nobody");
  expect(nobody).toMatchObject({ code: 0, stdout: "" });
  expect(nobody.stderr).toContain("Nothing is known of that session");
});

test("a killed daemon's data tell how far it came, and are left as they were", async () => {
  const place = workplace();
  place.agent("await waitFor('go');");
  const daemon = await place.up();
  await place.run("wake", "--session", KEY, "--text", "x", "--wait", "started");
  const live = await place.run("replay", KEY);
  expect(live.stdout).toMatch(/still +run .* is going on: run r-\S+, for (?!0 ms)[\w. ]+ so far/);
  daemon.child.kill("SIGKILL");
  await daemon.ended;
  const { stdout, code } = await place.run("replay", KEY);
  expect(code).toBe(0);
  expect(stdout).toMatch(/still +run +agent:main:discord:channel:42 {2}attempt 1 is going on: run r-/);
  writeFileSync(place.path("go"), "");
  await place.up();
  expect((await place.run("status")).code).toBe(0);
});

test("another owner of the data is not disturbed", async () => {
  const place = workplace();
  {
    using store = sqliteStore({ folder: place.data });
    fill(store, 50);
    const { code, stdout } = await place.run("replay");
    expect(code).toBe(0);
    expect(stdout).not.toBe("");
    fill(store, 50);
    expect(() => sqliteStore({ folder: place.data })).toThrow(/in use/);
  }
});

test("no data, and damaged data, are refused in words", async () => {
  const place = workplace();
  expect(await place.run("replay")).toMatchObject({ code: 4, stdout: "" });
  {
    using store = sqliteStore({ folder: place.data });
    fill(store, 50);
  }
  using db = new DatabaseSync(join(place.data, "lubdub.db"));
  db.exec("UPDATE log SET at_ms = at_ms + 1 WHERE position = 7");
  db.close();
  const damaged = await place.run("replay");
  expect(damaged.code).toBe(1);
  expect(damaged.stderr).toMatch(/record 7 was changed.*LUBDUB_STORE_CORRUPT/);
  const noFile = await place.run("log", "--export", "none.ndjson");
  expect(noFile.code).toBe(1);
  expect(place.read("none.ndjson")).toBe("");
});

test("an exported file that is foreign, cut off, changed or made up is refused before anything of it is shown", async () => {
  const { place } = await withStory();
  await place.run("log", "--export", "good.ndjson");
  const good = place.read("good.ndjson");
  const lines = good.trimEnd().split("\n");
  const variants: Record<string, readonly [string, string]> = {
    empty: ["", "an empty file"],
    foreign: ['{"hello":1}\n', "a file of another kind"],
    "cut off": [`${lines.slice(0, -2).join("\n")}\n`, "cut off"],
    "cut within a line": [good.slice(0, -20), "cut off"],
    changed: [good.replace("for agent", "for Agent"), "its hash does not fit"],
    reordered: [[lines[0], lines[2], lines[1], ...lines.slice(3)].join("\n"), "its hash does not fit"],
    newer: [good.replace('"version":1', '"version":2'), "version 2"],
  };
  for (const [name, [text, words]] of Object.entries(variants)) {
    writeFileSync(place.path("bad.ndjson"), text);
    const refusal = checkExport(place.path("bad.ndjson")).catch(String);
    expect({ name, said: await refusal }).toEqual({ name, said: expect.stringContaining(words) });
  }
  const refused = await place.run("replay", "--from", "bad.ndjson");
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("LUBDUB_STORE_NEWER");
  expect(await place.run("replay", "--from", "nowhere.ndjson")).toMatchObject({ code: 3, stdout: "" });
  expect((await place.run("replay", "--from", ".")).stderr).toContain("no ordinary file");
});

test("a file is read a line at a time, and a line without an end is refused", async () => {
  const place = workplace();
  const file = place.path("lines");
  writeFileSync(file, `a\n\nü${"x".repeat(100_000)}\nend`);
  const lines: string[] = [];
  for await (const line of linesOf(file, () => new Error("too long"))) lines.push(line);
  expect(lines.map(({ length }) => length)).toEqual([1, 0, 100_001, 3]);
  for (let piece = 0; piece < 5; piece += 1) appendFileSync(file, "y".repeat(1024 * 1024));
  expect(readFileSync(file).length).toBeGreaterThan(5 * 1024 * 1024);
  const all = async (): Promise<void> => {
    for await (const _ of linesOf(file, () => new Error("too long")));
  };
  await expect(all()).rejects.toThrow("too long");
});
