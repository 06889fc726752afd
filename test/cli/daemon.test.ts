import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { announced, until, workplace, type Ended, type Workplace } from "./support.ts";

const KEY = "agent:main:discord:channel:42";

function isOneClearMessage({ stderr }: Ended, code: string): void {
  expect(stderr).toContain(`[${code}]`);
  expect(stderr).toMatch(/Expected .+; got .+/);
  expect(stderr).not.toMatch(/\n\s+at /);
}

test("says its address, where its data lies and what to type next; its files are for their owner only", async () => {
  const place = workplace();
  place.agent("");
  const daemon = await place.up();
  await until(
    () => daemon.stderr().includes("log -f"),
    () => `the greeting; it said ${daemon.stderr()}`,
  );
  const said = daemon.stdout() + daemon.stderr();
  expect(said).toContain(announced(place.data)?.url);
  expect(said).toContain(place.data);
  expect(said).toContain("lubdub run --session");
  expect(statSync(place.data).mode & 0o777).toBe(0o700);
  expect(statSync(join(place.data, "daemon.json")).mode & 0o777).toBe(0o600);
});

test("up --json --inspect: one JSON document, and an address that shows the live actors", async () => {
  const place = workplace();
  place.config({ coalesceMs: 0 });
  const daemon = await place.up("--json", "--inspect");
  await until(
    () => daemon.stdout().endsWith("\n"),
    () => "the document",
  );
  const { url, pid, dataFolder, inspect } = JSON.parse(daemon.stdout());
  expect({ url, pid }).toEqual({ url: announced(place.data)?.url, pid: daemon.child.pid });
  expect(dataFolder).toBe(place.data);
  await place.run("wake", "--session", KEY, "--text", "hello there", "--wait", "settled");
  let shown = "";
  const viewer = new WebSocket(inspect);
  viewer.addEventListener("message", ({ data }) => (shown += String(data)));
  await until(
    () => shown.includes(`session:${KEY}`) && shown.includes(`heartbeat:${KEY}`),
    () => `both actors are shown; seen: ${shown}`,
  );
  viewer.close();
  expect(shown).not.toContain("hello there");
  expect(JSON.parse(daemon.stdout())).toMatchObject({ url });
});

test("a second daemon on the same data is refused, with the pid of the first", async () => {
  const place = workplace();
  place.agent("");
  const first = await place.up();
  const second = await place.run("up", "--port", "0");
  expect(second.code).toBe(1);
  isOneClearMessage(second, "LUBDUB_DATA_FOLDER_OWNED");
  expect(second.stderr).toContain(String(first.child.pid));
  expect((await place.run("status")).code).toBe(0);
});

test("a port in use", async () => {
  const place = workplace();
  place.agent("");
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  const refused = await place.run("up", "--port", String(port));
  server.close();
  expect(refused.code).toBe(1);
  isOneClearMessage(refused, "LUBDUB_PORT_IN_USE");
  expect(refused.stderr).toContain(String(port));
  expect(announced(place.data)).toBeUndefined();
});

test("a bad configuration", async () => {
  const place = workplace();
  place.config({ agents: "all of them" });
  const refused = await place.run("up", "--port", "0");
  expect(refused.code).toBe(1);
  isOneClearMessage(refused, "LUBDUB_CONFIG_INVALID");
});

test("a wide-open token file", async () => {
  const place = workplace();
  place.agent("");
  const daemon = await place.up();
  daemon.child.kill("SIGTERM");
  await daemon.ended;
  chmodSync(join(place.data, "token"), 0o644);
  const refused = await place.run("up", "--port", "0");
  expect(refused.code).toBe(1);
  isOneClearMessage(refused, "LUBDUB_TOKEN_EXPOSED");
});

async function databaseOf(place: Workplace): Promise<string> {
  place.agent("");
  const daemon = await place.up();
  daemon.child.kill("SIGTERM");
  // Stopped in order, so that the database file is whole: what a killed one leaves lies in its WAL.
  expect((await daemon.ended).code).toBe(0);
  const name = readdirSync(place.data).find((file) => file.endsWith(".db") && file !== "owner.db") ?? "";
  expect(name).not.toBe("");
  return join(place.data, name);
}

test("a database of another program", async () => {
  const place = workplace();
  const file = await databaseOf(place);
  for (const companion of [file, `${file}-wal`, `${file}-shm`]) rmSync(companion, { force: true });
  const theirs = new DatabaseSync(file);
  theirs.exec("PRAGMA application_id = 1196444487; CREATE TABLE letters (text TEXT)");
  theirs.close();
  chmodSync(file, 0o600);
  const refused = await place.run("up", "--port", "0");
  expect(refused.code).toBe(1);
  isOneClearMessage(refused, "LUBDUB_STORE_FOREIGN");
});

test("a file that is no database", async () => {
  const place = workplace();
  writeFileSync(await databaseOf(place), "This is a letter, and no database. ".repeat(400));
  const refused = await place.run("up", "--port", "0");
  expect(refused.code).toBe(1);
  isOneClearMessage(refused, "LUBDUB_STORE_CORRUPT");
});

test("a store that fails ends the daemon with 70, and the next start goes on from the log", async () => {
  const place = workplace();
  writeFileSync(
    place.path("agent.mjs"),
    `import { DatabaseSync, StatementSync } from "node:sqlite";
export default async ({ events }) => {
  if (events[0].text === "break") {
    const fail = () => { throw Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode: 10 }) };
    DatabaseSync.prototype.exec = fail;
    StatementSync.prototype.run = fail;
  }
  return { status: "ran", reply: "done" };
};`,
  );
  place.config({ agents: [{ match: "*", module: { file: "agent.mjs" } }], coalesceMs: 0 });
  const daemon = await place.up();
  await place.run("wake", "--session", KEY, "--text", "break");
  expect((await daemon.ended).code).toBe(70);
  expect(daemon.stderr()).toContain("The store has failed");
  expect(daemon.stderr()).not.toMatch(/\n\s+at /);
  writeFileSync(place.path("agent.mjs"), "export default async () => ({ status: 'ran', reply: 'after' });");
  await place.up();
  await until(
    async () => (await place.run("log")).stdout.includes('reply "after"'),
    () => "the event is handled after the restart",
  );
});

test("SIGTERM lets a run end, keeps its result, and leaves nothing behind", async () => {
  const place = workplace();
  place.agent("await waitFor('go');");
  const daemon = await place.up();
  await place.run("wake", "--session", KEY, "--text", "done");
  await until(
    () => place.calls().length === 1,
    () => "the run goes on",
  );
  daemon.child.kill("SIGTERM");
  await until(
    () => daemon.stderr().includes("stopping"),
    () => "it says so",
  );
  writeFileSync(place.path("go"), "");
  expect((await daemon.ended).code).toBe(0);
  expect(existsSync(join(place.data, "daemon.json"))).toBe(false);

  await place.up();
  const { stdout } = await place.run("log", "--json");
  expect(stdout).toContain('"run.ran"');
  expect(place.calls()).toHaveLength(1);
});

test("its terminal closes: it stops in order, although nobody hears it", async () => {
  const place = workplace();
  place.agent("await waitFor('go');");
  const daemon = await place.up();
  await place.run("wake", "--session", KEY, "--text", "done");
  await until(
    () => place.calls().length === 1,
    () => "the run goes on",
  );
  daemon.child.stdout?.destroy();
  daemon.child.stderr?.destroy();
  daemon.child.kill("SIGHUP");
  await until(
    async () => JSON.parse((await place.run("status", "--json")).stdout || "{}").state !== "running",
    () => "it stops",
  );
  writeFileSync(place.path("go"), "");
  expect((await daemon.ended).code).toBe(0);
  expect(existsSync(join(place.data, "daemon.json"))).toBe(false);
});

test("a second signal exits now; the event stays queued", async () => {
  const place = workplace();
  place.agent("if (calls === 1) await waitFor('never');");
  const daemon = await place.up();
  await place.run("wake", "--session", KEY, "--text", "done");
  await until(
    () => place.calls().length === 1,
    () => "the run goes on",
  );
  daemon.child.kill("SIGTERM");
  await until(
    () => daemon.child.exitCode !== null || !daemon.child.kill("SIGTERM"),
    () => "it exits",
  );
  expect((await daemon.ended).code).toBe(1);
  expect(daemon.stderr()).toContain("exiting now");

  await place.up();
  await until(
    () => place.calls().length === 2,
    () => "the event is handled after the restart",
  );
  expect(place.calls()[1]?.wakeId).toBe(place.calls()[0]?.wakeId);
});

test("an agent that throws outside of its run is a defect that ends the daemon with 70", async () => {
  const place = workplace();
  writeFileSync(
    place.path("agent.mjs"),
    "export default async () => { setImmediate(() => { throw new Error('stray') }); return { status: 'ran' }; };",
  );
  place.config({ agents: [{ match: "*", module: { file: "agent.mjs" } }] });
  const daemon = await place.up();
  await place.run("wake", "--session", KEY, "--text", "done");
  expect((await daemon.ended).code).toBe(70);
  expect(daemon.stderr()).toContain("stray");
});

test("a stale announcement of a daemon that was killed does not stand in the way", async () => {
  const place = workplace();
  place.agent("");
  const first = await place.up();
  first.child.kill("SIGKILL");
  await first.ended;
  expect((await place.run("status")).code).toBe(4);
  await place.up();
  expect((await place.run("status")).code).toBe(0);
});

test("a data folder that others may enter is refused", async () => {
  const place = workplace();
  place.agent("");
  mkdirSync(place.data);
  chmodSync(place.data, 0o777);
  const refused = await place.run("up", "--port", "0");
  expect(refused.code).toBe(1);
  isOneClearMessage(refused, "LUBDUB_DATA_FOLDER_INVALID");
});
