import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MAIN, until, workplace, type Workplace } from "./support.ts";

const KEY = "agent:main:discord:channel:42";
const node = (script: string): string[] => ["--", process.execPath, "-e", script];
const spooled = (place: Workplace): readonly string[] =>
  existsSync(join(place.data, "spool")) ? readdirSync(join(place.data, "spool")) : [];

async function woken(place: Workplace, calls = 1): Promise<string> {
  await until(
    () => place.calls().length >= calls,
    () => `the agent was called ${calls} times`,
  );
  return place.calls()[calls - 1]?.prompt ?? "";
}

test("keeps the exit code and both outputs, and tells the agent", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  const ran = await place.run(
    "run",
    "--session",
    KEY,
    ...node("console.log('out'); console.error('err'); process.exit(7)"),
  );
  expect(ran.code).toBe(7);
  expect(ran.stdout).toBe("out\n");
  expect(ran.stderr).toContain("err\n");
  const prompt = await woken(place);
  expect(prompt).toContain("exit code 7");
  expect(prompt).toContain("| out\n| err");
  expect(spooled(place)).toEqual([]);
});

test("a signal that ends the command is told, and answered as 128 plus its number", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  const ran = await place.run("run", "--session", KEY, ...node("process.kill(process.pid, 'SIGKILL')"));
  expect(ran.code).toBe(137);
  expect(await woken(place)).toContain("ended by SIGKILL");
});

test("a command that is not there: 127, and the session is told", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  const ran = await place.run("run", "--session", KEY, "--", "no-such-command-anywhere");
  expect(ran.code).toBe(127);
  expect(await woken(place)).toContain("could not be started");
});

test("the daemon is down when the command ends: kept on disk, and taken in once at the next start", async () => {
  const place = workplace();
  place.agent("");
  const ran = await place.run("run", "--session", KEY, ...node("console.log('kept')"));
  expect(ran).toMatchObject({ code: 0, stdout: "kept\n" });
  expect(ran.stderr).toContain("kept on disk");
  const [name = ""] = spooled(place);
  const record = readFileSync(join(place.data, "spool", name), "utf8");
  const daemon = await place.up();
  expect(await woken(place)).toContain("kept");
  await until(
    () => spooled(place).length === 0,
    () => "the spool is empty",
  );
  daemon.child.kill("SIGTERM");
  await daemon.ended;

  // As if the daemon had died between accepting the event and removing the file: the dedupe key makes it one event.
  writeFileSync(join(place.data, "spool", name), record);
  await place.up();
  await until(
    () => spooled(place).length === 0,
    () => "the spool is empty again",
  );
  const { stdout } = await place.run("log", "--json");
  expect(stdout.split("\n").filter((line) => line.includes('"event.queued"'))).toHaveLength(1);
});

test("a file in the spool that nobody can read is set aside, and the rest is taken in", async () => {
  const place = workplace();
  place.agent("");
  await place.run("run", "--session", KEY, ...node("console.log('good')"));
  writeFileSync(join(place.data, "spool", "x-0-bad.json"), "{");
  const daemon = await place.up();
  expect(await woken(place)).toContain("good");
  await until(
    () => spooled(place).join() === "x-0-bad.json.bad" && daemon.stderr().includes("x-0-bad.json.bad"),
    () => `only the bad file is left, and named; there are ${spooled(place).join()}`,
  );
});

test("the terminal closes: the command goes on, and its event arrives", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  const script = `console.log('begun'); const t = setInterval(() => require('fs').existsSync(${JSON.stringify(place.path("go"))}) && (clearInterval(t), console.log('over')), 20)`;
  const run = place.start(["run", "--session", KEY, ...node(script)], { detached: true });
  await until(
    () => run.stdout() === "begun\n",
    () => "the output is shown as it comes",
  );
  process.kill(-(run.child.pid ?? 0), "SIGHUP");
  expect((await run.ended).code).toBe(129);
  writeFileSync(place.path("go"), "");
  expect(await woken(place)).toContain("| begun\n| over");
});

test("Ctrl-C is passed on to the command, which decides", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  const script =
    "process.on('SIGINT', () => { console.log('tidied up'); process.exit(3) }); console.log('begun'); setInterval(() => {}, 1000)";
  const run = place.start(["run", "--session", KEY, ...node(script)], { detached: true });
  await until(
    () => run.stdout() === "begun\n",
    () => "the command runs",
  );
  process.kill(-(run.child.pid ?? 0), "SIGINT");
  expect(await run.ended).toMatchObject({ code: 3, stdout: "begun\ntidied up\n" });
  expect(await woken(place)).toContain("exit code 3");
});

test("problem 1: a command that an agent's run started names that run as the cause of its event", async () => {
  const place = workplace();
  const args = ["run", "--detach", "--session", KEY, ...node("console.log('from inside')")];
  place.agent(`if (calls === 1) {
  const { spawnSync } = await import("node:child_process");
  const env = { ...process.env, LUBDUB_DATA: ${JSON.stringify(place.data)} };
  const { status, stderr } = spawnSync(process.execPath, ${JSON.stringify([MAIN, ...args])}, { env });
  if (status !== 0) throw new Error(String(stderr));
}`);
  await place.up();
  await place.run("run", "--session", KEY, ...node("console.log('from outside')"));
  expect(await woken(place, 2)).toContain("| from inside");
  const { stdout } = await place.run("log", "--json");
  const queued = stdout
    .split("\n")
    .filter((line) => line.includes('"event.queued"'))
    .map((line) => JSON.parse(line) as { facts: object });
  expect(queued).toHaveLength(2);
  expect(queued[0]?.facts).not.toHaveProperty("cause");
  expect(queued[1]?.facts).toMatchObject({ cause: { runId: place.calls()[0]?.runId, depth: 1 } });
});

test("--detach returns at once", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  const script = `const t = setInterval(() => require('fs').existsSync(${JSON.stringify(place.path("go"))}) && process.exit(), 20)`;
  const run = await place.run("run", "--detach", "--json", "--session", KEY, ...node(script));
  expect(run.code).toBe(0);
  expect(JSON.parse(run.stdout)).toMatchObject({ sessionKey: KEY, runId: expect.stringMatching(/^x-/) });
  expect(place.calls()).toEqual([]);
  writeFileSync(place.path("go"), "");
  expect(await woken(place)).toContain("exit code 0");
});

test("input from a pipe reaches the command, and its session key is in the environment", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  const run = place.start(["run", "--session", KEY, "--", "sh", "-c", 'cat; echo "$LUBDUB_SESSION_KEY"'], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  run.child.stdin?.end("hello\n");
  expect((await run.ended).stdout).toBe(`hello\n${KEY}\n`);
});

test("a bad session key is refused before anything runs", async () => {
  const place = workplace();
  place.agent("");
  const ran = await place.run("run", "--session", "", ...node("console.log('never')"));
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(ran.stderr).toContain("LUBDUB_SESSION_KEY_INVALID");
});

test("a watcher that was killed: the next start tells the session that nobody saw the end", async () => {
  const place = workplace();
  place.agent("");
  const run = place.start(["run", "--session", KEY, "--", "sh", "-c", "echo begun; exec sleep 30"]);
  const runs = join(place.data, "runs");
  const folderOf = (): string => join(runs, readdirSync(runs)[0] ?? "");
  await until(
    () => run.stdout() === "begun\n" && existsSync(join(folderOf(), "watch.json")),
    () => "the command runs, and the watcher has said so",
  );
  const folder = folderOf();
  const { watcherPid, commandPid } = JSON.parse(readFileSync(join(folder, "watch.json"), "utf8"));
  process.kill(watcherPid, "SIGKILL");
  process.kill(commandPid, "SIGKILL");
  expect((await run.ended).code).toBe(1);
  const plan = JSON.parse(readFileSync(join(folder, "plan.json"), "utf8"));
  writeFileSync(
    join(folder, "plan.json"),
    JSON.stringify({ ...plan, startedAtMs: plan.startedAtMs - 120_000 }),
  );
  await place.up();
  expect(await woken(place)).toContain("nobody saw how");
});
