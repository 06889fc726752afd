import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { announced, until, workplace } from "./support.ts";

const KEY = "agent:main:discord:channel:42";
const lines = (text: string): unknown[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

test.each([
  [["statsu"], "Did you mean status?"],
  [["wake", "--sesion", KEY], "Did you mean --session?"],
  [["wake", "--text", "no session"], "--session"],
  [["wake", "--session", KEY, "--intent", "soon"], "Allowed choices"],
  [["log", "--lines", "many"], "whole number"],
  [["up", "--port", "99999999"], "port"],
  [["run", "--session", KEY], "command"],
  [["why"], "key"],
])("wrong usage: %j", async (args, hint) => {
  const place = workplace();
  const ended = await place.run(...args);
  expect(ended).toMatchObject({ code: 2, stdout: "" });
  expect(ended.stderr).toContain(hint);
  expect(existsSync(place.data)).toBe(false);
});

test.each([
  [["status"]],
  [["wake", "--session", KEY, "--text", "x"]],
  [["sessions"]],
  [["why", KEY]],
  [["log", "-f"]],
  [["dead", "ls"]],
  [["forget", KEY]],
])("no daemon: %j answers 4 and says what to do", async (args) => {
  const place = workplace();
  place.agent("");
  const ended = await place.run(...args);
  expect(ended).toMatchObject({ code: 4, stdout: "" });
  expect(ended.stderr).toContain("LUBDUB_DAEMON_UNREACHABLE");
  expect(ended.stderr).toContain("lubdub up");
});

test("wake, status, sessions, why, log: JSON for programs, words for people", async () => {
  const place = workplace();
  place.agent("console.log('I saw it');");
  await place.up();
  const wake = ["wake", "--session", KEY, "--text", "deploy ended", "--dedupe-key", "d1", "--json"];
  const accepted = JSON.parse((await place.run(...wake)).stdout);
  expect(accepted).toMatchObject({
    sessionKey: KEY,
    deduplicated: false,
    eventId: expect.stringMatching(/^e-/),
  });
  const again = JSON.parse((await place.run(...wake, "--wait", "settled")).stdout);
  expect(again).toMatchObject({ eventId: accepted.eventId, state: "settled", settlement: "acked" });

  const status = JSON.parse((await place.run("status", "--json")).stdout);
  expect(status).toMatchObject({
    state: "running",
    url: announced(place.data)?.url,
    pid: announced(place.data)?.pid,
  });
  expect(lines((await place.run("sessions", "--json")).stdout)).toMatchObject([
    { sessionKey: KEY, queued: 0 },
  ]);
  expect(JSON.parse((await place.run("why", KEY, "--json")).stdout)).toMatchObject({
    code: "nothing-queued",
  });
  const log = await place.run("log", "--json");
  expect(lines(log.stdout)).toMatchObject([
    { type: "event.queued" },
    { type: "run.started" },
    { type: "run.ran" },
  ]);

  const words = (await place.run("log", "--lines", "2")).stdout;
  expect(words.trim().split("\n")).toHaveLength(2);
  expect(words).toContain(KEY);
  expect(words).toContain('reply "I saw it"');
  expect((await place.run("status")).stdout).toContain("running at http://127.0.0.1:");
});

test("--session is taken from LUBDUB_SESSION_KEY", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  const env = place.env({ LUBDUB_SESSION_KEY: KEY });
  const ended = await place.start(["wake", "--text", "done", "--json"], { env }).ended;
  expect(JSON.parse(ended.stdout)).toMatchObject({ sessionKey: KEY });
});

test("not found answers 3", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  const ended = await place.run("dead", "requeue", "e-1-aaaaaaaa", "--json");
  expect(ended).toMatchObject({ code: 3, stdout: "" });
  expect(JSON.parse(ended.stderr).error).toMatchObject({ code: "LUBDUB_NOT_FOUND" });
});

test("dead letters: listed, requeued, dismissed", async () => {
  const place = workplace();
  place.agent("process.exit(1);", { maxAttempts: 1 });
  await place.up();
  const settled = await place.run(
    "wake",
    "--session",
    KEY,
    "--text",
    "poison",
    "--wait",
    "settled",
    "--json",
  );
  expect(settled.code).toBe(1);
  const { eventId } = JSON.parse(settled.stdout);
  expect(lines((await place.run("dead", "ls", "--json")).stdout)).toMatchObject([
    { event: { eventId, text: "poison" } },
  ]);
  expect((await place.run("dead", "ls")).stdout).toContain("poison");
  expect((await place.run("dead", "requeue", eventId)).code).toBe(0);
  await until(
    () => place.calls().length === 2,
    () => "the agent was called again",
  );
  await until(
    async () => (await place.run("dead", "ls")).stdout !== "",
    () => "it was given up again",
  );
  expect((await place.run("dead", "dismiss", eventId)).code).toBe(0);
  expect(await place.run("dead", "ls", "--json")).toMatchObject({ code: 0, stdout: "" });
});

test("log -f shows each step as it happens, and survives a restart of the daemon", async () => {
  const place = workplace();
  place.agent("");
  const first = await place.up();
  const follower = place.start(["log", "-f", "--json"]);
  await place.run("wake", "--session", KEY, "--text", "before", "--wait", "settled");
  await until(
    () => follower.stdout().includes('"run.ran"'),
    () => "the first wake is shown",
  );
  first.child.kill("SIGKILL");
  await first.ended;
  await until(
    () => follower.stderr().includes("away"),
    () => "it says that the daemon is away",
  );
  await place.up();
  await place.run("wake", "--session", KEY, "--text", "after", "--wait", "settled");
  await until(
    () => follower.stdout().split('"run.ran"').length === 3,
    () => "the second wake is shown",
  );
  const positions = lines(follower.stdout()).map((record) => (record as { position: number }).position);
  expect(positions).toEqual(positions.map((_, index) => index + 1));
});

test("what others wrote cannot command the terminal", async () => {
  const place = workplace();
  place.agent("process.exit(75);");
  await place.up();
  await place.run(
    "wake",
    "--session",
    KEY,
    "--text",
    "\u001b[2J\u001b]0;title\u0007hello\u202eolleh \u009b31m",
  );
  for (const args of [["log"], ["log", "--json"]]) {
    const { stdout } = await place.run(...args);
    expect(stdout).toContain("hello");
    expect(stdout).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  }
});

test("forget erases the texts", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  await place.run("wake", "--session", KEY, "--text", "a secret", "--wait", "settled");
  expect((await place.run("forget", KEY, "--json")).code).toBe(0);
  expect((await place.run("log", "--json")).stdout).not.toContain("a secret");
});

test("backup works beside a running daemon and without one, and never overwrites", async () => {
  const place = workplace();
  place.agent("");
  const daemon = await place.up();
  await place.run("wake", "--session", KEY, "--text", "kept", "--wait", "settled");
  expect(await place.run("backup", "live.db", "--json")).toMatchObject({ code: 0 });
  expect(readFileSync(place.path("live.db")).subarray(0, 15).toString()).toBe("SQLite format 3");
  expect((await place.run("backup", "live.db")).code).not.toBe(0);
  daemon.child.kill("SIGTERM");
  await daemon.ended;
  expect(await place.run("backup", "still.db")).toMatchObject({ code: 0 });
  expect(readFileSync(place.path("still.db")).includes("kept")).toBe(true);
});

test("there is nothing to back up", async () => {
  const place = workplace();
  expect((await place.run("backup", "none.db")).code).toBe(3);
  expect(existsSync(place.data)).toBe(false);
});

test("init writes a configuration that loads, and never overwrites one", async () => {
  const place = workplace();
  expect((await place.run("init")).code).toBe(0);
  const written = place.read("lubdub.config.ts");
  expect(written).toContain("//");
  const again = await place.run("init");
  expect(again.code).toBe(1);
  expect(place.read("lubdub.config.ts")).toBe(written);
  await place.up();
  expect((await place.run("status")).code).toBe(0);
});

test("doctor: all is well, and then it is not", async () => {
  const place = workplace();
  place.agent("");
  const daemon = await place.up();
  const well = await place.run("doctor", "--json");
  expect(lines(well.stdout).filter((finding) => (finding as { ok: boolean }).ok === false)).toEqual([]);
  expect(well.code).toBe(0);
  daemon.child.kill("SIGTERM");
  await daemon.ended;
  const { code, stdout } = await place.run("doctor");
  expect(code).toBe(1);
  expect(stdout).toMatch(/problem {2}daemon: .+\n.+lubdub up/);
});

test("doctor: a damaged database, a wide-open folder, a command that could not be taken in", async () => {
  const place = workplace();
  place.agent("");
  const daemon = await place.up();
  await place.run("wake", "--session", KEY, "--text", "kept", "--wait", "settled");
  daemon.child.kill("SIGTERM");
  await daemon.ended;
  const database = new DatabaseSync(join(place.data, "lubdub.db"));
  database.exec("DELETE FROM log WHERE position = 2");
  database.close();
  mkdirSync(join(place.data, "spool"), { mode: 0o700, recursive: true });
  writeFileSync(join(place.data, "spool", "x-1-ab.json.bad"), "{");
  const problems = async (): Promise<string[]> =>
    lines((await place.run("doctor", "--json")).stdout)
      .map((finding) => finding as { check: string; ok: boolean })
      .flatMap(({ check, ok }) => (ok ? [] : [check]));
  expect(await problems()).toEqual(["database", "daemon", "spool"]);
  chmodSync(place.data, 0o755);
  expect(await problems()).toEqual(["data folder", "database", "daemon", "spool"]);
});

test("config check says whether the daemon could start with it; config schema is for editors", async () => {
  const place = workplace();
  place.agent("");
  expect(await place.run("config", "check")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ok: .*, 1 agent\n$/),
  });
  const schema = JSON.parse((await place.run("config", "schema")).stdout) as { properties: object };
  expect(Object.keys(schema.properties)).toContain("agents");
  const wrong = join(place.folder, "wrong.json");
  writeFileSync(
    wrong,
    JSON.stringify({ agents: [{ match: "*", console: {}, gate: { command: { argv: ["./none"] } } }] }),
  );
  const ended = await place.run("config", "check", "--config", wrong);
  expect(ended).toMatchObject({ code: 1, stdout: "" });
  expect(ended.stderr).toContain("LUBDUB_CONFIG_INVALID");
});
