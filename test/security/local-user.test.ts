import { execFileSync } from "node:child_process";
import {
  chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync,
  writeFileSync,
} from "node:fs"; // prettier-ignore
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tidyRuns } from "../../src/daemon/adopt.ts";
import { takeIn } from "../../src/daemon/spool.ts";
import { sqliteStore } from "../../src/index.ts";
import { checkPrivateFolder, preparePrivateFolder } from "../../src/private-folder.ts";
import { testHeart, type TestHeart } from "../support/world.ts";
import { announced, workplace } from "../cli/support.ts";

const IS_ROOT = process.getuid?.() === 0;
const STRANGER = 4321;
const RUN_ID = "x-1-ab";
const RECORD = {
  runId: RUN_ID, sessionKey: "s", reason: "exec-event", command: ["true"], startedAtMs: 1, durationMs: 1, exitCode: 0,
  signal: null, tail: "",
}; // prettier-ignore

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "lubdub-local-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }));

test("whatever the umask, everything that a daemon, a run and a backup write is for its owner alone", async () => {
  const place = workplace();
  place.agent("");
  const before = process.umask(0);
  const daemon = await place.up();
  const said = [
    await place.run("wake", "--session", "s", "--text", "x", "--wait", "settled"),
    await place.run("run", "--session", "s", "--", process.execPath, "-e", "console.log('out')"),
    await place.run("backup", join(place.data, "copy.db")),
  ];
  process.umask(before);
  expect(said.map(({ code }) => code)).toEqual([0, 0, 0]);
  const open: string[] = [];
  const names = readdirSync(place.data, { recursive: true, encoding: "utf8" });
  for (const name of ["", ...names])
    if ((lstatSync(join(place.data, name)).mode & 0o077) !== 0) open.push(name);
  expect(names).toEqual(
    expect.arrayContaining(["token", "lubdub.db", "lubdub.db-wal", "daemon.json", "copy.db"]),
  );
  expect(open).toEqual([]);
  daemon.child.kill("SIGTERM");
  await daemon.ended;
});

describe("a data folder", () => {
  test("that is a symbolic link is refused", () => {
    const real = join(folder, "real");
    mkdirSync(real, { mode: 0o700 });
    symlinkSync(real, join(folder, "link"));
    for (const take of [preparePrivateFolder, checkPrivateFolder])
      expect(() => take(join(folder, "link"))).toThrow("got a symbolic link");
  });

  test("with a database that is a link is refused, and what it leads to is not touched", () => {
    const elsewhere = join(folder, "elsewhere");
    writeFileSync(elsewhere, "mine");
    const data = join(folder, "data");
    mkdirSync(data, { mode: 0o700 });
    symlinkSync(elsewhere, join(data, "lubdub.db"));
    expect(() => sqliteStore({ folder: data })).toThrow(
      expect.objectContaining({ code: "LUBDUB_DATA_FOLDER_INVALID" }),
    );
    expect(readFileSync(elsewhere, "utf8")).toBe("mine");
  });

  test.runIf(IS_ROOT)("with a database of another user is refused", () => {
    writeFileSync(join(folder, "lubdub.db"), "", { mode: 0o666 });
    chownSync(join(folder, "lubdub.db"), STRANGER, STRANGER);
    expect(() => sqliteStore({ folder })).toThrow(`got one of user ${STRANGER}`);
  });

  test("with a pipe for a database is refused, and not waited for", () => {
    execFileSync("mkfifo", ["-m", "600", join(folder, "lubdub.db")]);
    expect(() => sqliteStore({ folder })).toThrow("no regular file");
  });
});

describe("a record in the spool that somebody else put there", () => {
  let heart: TestHeart;
  let said: string[];
  const spool = (name: string): string => join(folder, "spool", name);
  const write = (name: string, record: unknown): void =>
    writeFileSync(spool(name), typeof record === "string" ? record : JSON.stringify(record), { mode: 0o600 });
  const takenIn = (): Promise<number> =>
    heart.soon(takeIn(heart.heartbeat, folder, (line) => said.push(line)));
  beforeEach(() => {
    heart = testHeart();
    said = [];
    mkdirSync(join(folder, "spool"), { mode: 0o700 });
  });

  const FORGED: readonly (readonly [string, () => void])[] = [
    ["under the name of another", () => write("x-2-cd.json", RECORD)],
    ["as a link to a good one", () => {
      writeFileSync(join(folder, "good"), JSON.stringify({ ...RECORD, runId: "x-2-cd" }));
      symlinkSync(join(folder, "good"), spool("x-2-cd.json"));
    }],
    ["as a pipe that is never written", () => void execFileSync("mkfifo", [spool("x-2-cd.json")])],
    ["as a folder", () => mkdirSync(spool("x-2-cd.json"))],
    ["that is too long", () => write("x-2-cd.json", " ".repeat(17 * 1024 * 1024))],
    ["with a path for an id", () => write("x-2-cd.json", { ...RECORD, runId: "x-/../../token" })],
    ["with one more field", () => write("x-2-cd.json", { ...RECORD, runId: "x-2-cd", trust: "trusted" })],
    ["with a session key that steers the terminal", () => write("x-2-cd.json", { ...RECORD, runId: "x-2-cd", sessionKey: "\u001b[2J\u009b31m" })],
    ["that is no JSON", () => write("x-2-cd.json", "{")],
  ]; // prettier-ignore
  test.each(FORGED)("%s is set aside, and the good one beside it is taken in", async (_what, forge) => {
    forge();
    write(`${RUN_ID}.json`, RECORD);
    expect(await takenIn()).toBe(1);
    expect(readdirSync(join(folder, "spool"))).toEqual(["x-2-cd.json.bad"]);
    expect((await heart.heartbeat.read()).map(({ sessionKey }) => sessionKey)).toEqual(["s"]);
    expect(said).toHaveLength(1);
    expect(said[0]).not.toMatch(/\p{Cc}/u);
  });

  test.runIf(IS_ROOT)("as their own file is set aside", async () => {
    write(`${RUN_ID}.json`, RECORD);
    chownSync(spool(`${RUN_ID}.json`), STRANGER, STRANGER);
    expect(await takenIn()).toBe(0);
    expect(said[0]).toContain(`got one of user ${STRANGER}`);
    expect(await heart.heartbeat.read()).toEqual([]);
  });
});

describe("a run whose plan somebody else put there", () => {
  const plan = (runId: string, content: unknown): void => {
    mkdirSync(join(folder, "runs", runId), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, "runs", runId, "plan.json"), JSON.stringify(content));
  };
  const good = {
    runId: RUN_ID,
    dataFolder: "/",
    sessionKey: "s",
    reason: "r",
    command: ["true"],
    startedAtMs: 1,
  };

  test.each([
    ["no plan at all", 42],
    ["a plan that is cut off", { runId: "x-0-aa" }],
    ["a path for an id", { ...good, runId: "../../token" }],
    ["the plan of another run", { ...good, runId: "x-9-zz" }],
  ])("%s: told, and the other runs are looked after", (_what, content) => {
    const said: string[] = [];
    plan("x-0-aa", content);
    plan(RUN_ID, good);
    tidyRuns(folder, 1_000_000, (line) => said.push(line));
    expect(said).toEqual([expect.stringContaining('"x-0-aa" could not be looked after')]);
    expect(readdirSync(join(folder, "spool"))).toEqual([`${RUN_ID}.json`]);
    expect(existsSync(join(folder, "token.json"))).toBe(false);
  });
});

test("a forged announcement does not get the token", async () => {
  const asked: unknown[] = [];
  const thief = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.end("{}");
  }).listen(0, "0.0.0.0");
  await new Promise((resolve) => thief.once("listening", resolve));
  const { port } = thief.address() as AddressInfo;
  const place = workplace();
  place.agent("");
  await place.up();
  const real = announced(place.data) as object;
  const forge = (url: string): void =>
    writeFileSync(join(place.data, "daemon.json"), JSON.stringify({ ...real, url }), { mode: 0o600 });
  for (const url of [
    `http://0.0.0.0:${port}`,
    `http://evil.test:${port}`,
    `http://127.0.0.1.evil.test:${port}`,
  ]) {
    forge(url);
    expect((await place.run("status")).code).toBe(4);
  }
  expect(asked).toEqual([]);
  thief.close();
});

test("commands do not use a data folder that was opened for others", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  chmodSync(place.data, 0o755);
  const run = await place.run("run", "--session", "s", "--", process.execPath, "--version");
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("LUBDUB_DATA_FOLDER_INVALID");
});
