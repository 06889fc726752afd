import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { gate, type GateOptions } from "../../src/gates/gate.ts";
import { withChecks } from "../../src/gates/checks.ts";
import type { RunRequest } from "../../src/vocabulary.ts";
import { aRequest, anEvent } from "../agents/requests.ts";
import { scriptedAgent } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "lubdub-gate-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CLOSED = {
  status: "skipped",
  reason: "gate-closed",
  retryAfterMs: 300_000,
  gate: { verdict: "closed" },
};
const FAILED_CLOSED = {
  status: "skipped",
  reason: "gate-failed",
  retryAfterMs: 300_000,
  gate: { verdict: "failed-closed", error: expect.stringMatching(/./) as string },
};
const tick = (over: Partial<RunRequest> = {}) => aRequest({ intent: "scheduled", events: [], ...over });
const ask = async (options: GateOptions, over?: Partial<RunRequest>) => gate(options)(tick(over));
const script = (code: string): GateOptions => ({ command: { argv: [process.execPath, "-e", code] } });

describe("a gate that is a command", () => {
  test("opens with its data, closes on its last line, and knows the session", async () => {
    const says = "console.log(process.env.LUBDUB_SESSION_KEY); console.log('{\"wakeAgent\":true}')";
    expect(await ask({ ...script(says), showData: true })).toEqual({
      status: "go",
      adds: { gate: "agent:main:discord:channel:42" },
    });
    expect(await ask(script(says))).toEqual({ status: "go", adds: {} });
    expect(await ask(script("console.log('{\"wakeAgent\":false}')"))).toEqual(CLOSED);
  });
  test("that fails opens and tells the agent, or closes, by option", async () => {
    const fails = script("console.error('no network'); process.exit(3)");
    const told = await ask(fails);
    expect(told).toEqual({
      status: "go",
      adds: { gate: { error: expect.stringMatching(/exit code 3.*no network/) } },
      failed: expect.stringMatching(/exit code 3.*no network/),
    });
    expect(await ask({ ...fails, onError: "closed" })).toEqual(FAILED_CLOSED);
  });
  test("that hangs is ended at its time limit, with its children", async () => {
    const file = join(folder, "pid");
    const hangs = script(
      `require("fs").writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000)`,
    );
    expect(await ask({ ...hangs, timeoutMs: 400, onError: "closed" })).toEqual(FAILED_CLOSED);
    const { default: fs } = await import("node:fs");
    await expect.poll(() => fs.existsSync(file) && alive(Number(fs.readFileSync(file, "utf8")))).toBe(false);
  });
  test("is ended when a user's turn pre-empts the run: that is no failure of the gate", async () => {
    const abort = new AbortController();
    const asked = ask(
      { ...script("setInterval(() => {}, 1000)"), onError: "closed" },
      { signal: abort.signal },
    );
    abort.abort();
    expect(await asked).toEqual({ status: "skipped", reason: "preempted" });
    expect(await ask(script(""), { signal: abort.signal })).toEqual({
      status: "skipped",
      reason: "preempted",
    });
  });
});

describe("a gate over HTTP", () => {
  let server: Server | undefined;
  afterEach(() => server?.close().closeAllConnections());
  async function serve(listener: RequestListener): Promise<string> {
    server = createServer(listener).listen(0, "127.0.0.1");
    await new Promise((resolve) => server?.once("listening", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }
  test.each([
    [200, '{"wakeAgent":false}', CLOSED],
    [200, '{"wakeAgent":true,"data":[1]}', { status: "go", adds: { gate: [1] } }],
    [204, "", { status: "go", adds: {} }],
    [500, '{"wakeAgent":false}', FAILED_CLOSED],
    [302, "", FAILED_CLOSED],
  ])("%d with %j", async (status, body, finding) => {
    const url = await serve((_, response) => response.writeHead(status, { location: "/other" }).end(body));
    expect(await ask({ http: { url }, showData: true, onError: "closed" })).toEqual(finding);
  });
  test("that never answers, and one that is not there", async () => {
    const url = await serve(() => {});
    expect(await ask({ http: { url }, timeoutMs: 100, onError: "closed" })).toEqual(FAILED_CLOSED);
    server?.close().closeAllConnections();
    expect(await ask({ http: { url }, onError: "closed" })).toEqual(FAILED_CLOSED);
  });
});

describe("a gate that looks at a file", () => {
  test("exists, non-empty", async () => {
    const path = join(folder, "inbox");
    expect(await ask({ file: { path, when: "exists" } })).toEqual(CLOSED);
    writeFileSync(path, "");
    expect(await ask({ file: { path, when: "exists" } })).toMatchObject({ status: "go" });
    expect(await ask({ file: { path, when: "non-empty" } })).toEqual(CLOSED);
    writeFileSync(path, "mail");
    expect(await ask({ file: { path, when: "non-empty" }, showData: true })).toMatchObject({
      adds: { gate: { bytes: 4 } },
    });
  });
  test("changed: since the last run that succeeded; a run that failed has seen nothing", async () => {
    const path = join(folder, "changing");
    const agent = scriptedAgent();
    const check = gate({ file: { path, when: "changed" } });
    const heart = testHeart({ run: withChecks(agent.run, [check]), maxAttempts: 1 }, { agent });
    const asked = async () => {
      const before = agent.calls.length;
      await heart.soon(heart.heartbeat.requestHeartbeat({ sessionKey: "a:b", intent: "scheduled" }));
      await heart.clock.advance(250);
      await expect.poll(async () => (await heart.heartbeat.status()).runsInFlight).toBe(0);
      await heart.clock.settle();
      return agent.calls.length - before;
    };
    expect(await asked()).toBe(0); // never there
    writeFileSync(path, "one");
    agent.answers({ status: "failed", reason: "no luck" }, { status: "ran" });
    expect([await asked(), await asked(), await asked()]).toEqual([1, 1, 0]);
    utimesSync(path, new Date(), new Date(Date.now() + 5_000));
    expect([await asked(), await asked()]).toEqual([1, 0]);
    rmSync(path);
    expect([await asked(), await asked()]).toEqual([1, 0]);
    await heart.soon(heart.heartbeat.close());
  });
});

describe("a gate that asks SQLite", () => {
  const file = () => join(folder, "mail.db");
  beforeAll(() => {
    using database = new DatabaseSync(file());
    database.exec(
      "CREATE TABLE mail (id INTEGER, subject TEXT); INSERT INTO mail VALUES (9007199254740993, 'hello')",
    );
  });
  test.each<[string, unknown]>([
    ["SELECT count(*) FROM mail", { status: "go", adds: { gate: [{ "count(*)": 1 }] } }],
    ["SELECT count(*) FROM mail WHERE subject = 'x'", CLOSED],
    ["SELECT max(id) FROM mail WHERE subject = 'x'", CLOSED],
    ["SELECT * FROM mail", { status: "go", adds: { gate: [{ id: "9007199254740993", subject: "hello" }] } }],
    ["SELECT * FROM mail WHERE subject = 'x'", CLOSED],
    ["SELECT 0 AS a, 0 AS b", { status: "go", adds: { gate: [{ a: 0, b: 0 }] } }],
    ["DELETE FROM mail", FAILED_CLOSED],
  ])("%s", async (query, finding) => {
    expect(await ask({ sql: { file: file(), query }, showData: true, onError: "closed" })).toEqual(finding);
  });
  test("a query without an end is ended, and nothing else waits for it", async () => {
    const query = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c";
    let turns = 0;
    const timer = setInterval(() => turns++, 10);
    expect(await ask({ sql: { file: file(), query }, timeoutMs: 1_000, onError: "closed" })).toEqual(
      FAILED_CLOSED,
    );
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  });
});

describe("a gate that is a function", () => {
  test("answers, throws, hangs, or answers nonsense", async () => {
    expect(await ask({ decide: () => false })).toEqual(CLOSED);
    expect(await ask({ decide: async () => ({ wakeAgent: true, data: 7 }), showData: true })).toEqual({
      status: "go",
      adds: { gate: 7 },
    });
    const closed = { onError: "closed" } as const;
    expect(await ask({ ...closed, decide: () => Promise.reject(new Error("no")) })).toEqual(FAILED_CLOSED);
    expect(await ask({ ...closed, decide: () => new Promise(() => {}), timeoutMs: 20 })).toEqual(
      FAILED_CLOSED,
    );
    expect(await ask({ ...closed, decide: () => "yes" as never })).toEqual(FAILED_CLOSED);
  });
});

describe("problem 19: an idle session costs no tokens", () => {
  test("GIVEN a closed gate WHEN ticks come THEN the agent is never asked, each skip is logged and counted, the wake is over", async () => {
    const agent = scriptedAgent();
    const heart = testHeart({ run: withChecks(agent.run, [gate({ decide: () => false })]) }, { agent });
    for (let beat = 0; beat < 48; beat++) {
      await heart.soon(heart.heartbeat.requestHeartbeat({ sessionKey: "a:b", intent: "scheduled" }));
      await heart.clock.advance(1_800_000);
    }
    expect(agent.calls).toEqual([]);
    expect((await heart.heartbeat.status()).counts).toMatchObject({ "gate-closed": 48, "run.skipped": 48 });
    expect((await heart.heartbeat.why("a:b")).code).toBe("nothing-queued");
    await heart.soon(heart.heartbeat.close());
  });
  test("GIVEN a closed gate for all runs WHEN an event comes THEN it stays queued until the gate opens", async () => {
    const agent = scriptedAgent();
    let isOpen = false;
    const check = gate({ decide: () => isOpen, appliesTo: "all", retryAfterMs: 60_000 });
    const heart = testHeart({ run: withChecks(agent.run, [check]) }, { agent });
    await heart.soon(heart.heartbeat.wake("a report", { sessionKey: "a:b" }));
    await heart.clock.advance(120_000);
    expect([agent.calls.length, (await heart.heartbeat.peekSystemEvents("a:b")).length]).toEqual([0, 1]);
    isOpen = true;
    await heart.clock.advance(60_000);
    expect(agent.calls.map(({ events }) => events.map(({ text }) => text))).toEqual([["a report"]]);
    await heart.soon(heart.heartbeat.close());
  });
  test("an event, and a person, pass by default", async () => {
    const closed = { decide: () => false };
    expect(await ask(closed, { intent: "event", events: [anEvent()] })).toEqual({ status: "go" });
    expect(await ask({ ...closed, appliesTo: "all" }, { intent: "manual" })).toEqual({ status: "go" });
  });
});

describe("a gate that cannot be is refused when it is configured", () => {
  test.each<[GateOptions, RegExp]>([
    [{}, /exactly one of command, http, file, sql, decide/],
    [{ decide: () => true, file: { path: "x", when: "exists" } }, /exactly one/],
    [{ decide: () => true, timeoutMs: 0 }, /`timeoutMs`/],
    [{ decide: () => true, retryAfterMs: 999 }, /`retryAfterMs`/],
    [{ command: { argv: ["no-such-program-anywhere"] } }, /no such program/],
    [{ command: { argv: ["./here.sh"], cwd: "/no/such/folder" } }, /no such folder/],
    [{ sql: { file: "/no/such.db", query: "SELECT 1" } }, /a gate's query/],
  ])("%j", (options, message) => {
    expect(() => gate(options)).toThrow(message);
  });
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
