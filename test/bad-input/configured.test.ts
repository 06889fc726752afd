import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deliverOf } from "../../src/config/deliver.ts";
import { loadConfig } from "../../src/config/load.ts";
import { unreachable } from "../../src/config/reach.ts";
import { runOf } from "../../src/config/run.ts";
import { startDaemon } from "../../src/daemon/daemon.ts";
import { LubdubError } from "../../src/errors.ts";
import { gate } from "../../src/gates/gate.ts";
import { heartbeatFile } from "../../src/gates/heartbeat-file.ts";
import { webhookSender } from "../../src/senders/http.ts";
import type { ScheduleOptions } from "../../src/api.ts";
import { httpApp, post } from "../http/fixture.ts";
import { until } from "../http/served.ts";
import { testHeart } from "../support/world.ts";

/** What cannot be is refused when it is configured, not when it is first used: through every door that it can come in by. */

const KEY = "agent:main:main";
const silent = { write: () => {} };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lubdub-configured-"));
  mkdirSync(join(folder, "data"), { mode: 0o700 });
  mkdirSync(join(folder, "FOLDER.md"));
  writeFileSync(join(folder, "LARGE.md"), "x".repeat(65_537));
  writeFileSync(join(folder, "TASKS.md"), "tasks:\n- name: a\n  interval: -5m\n  prompt: b\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

const SCHEDULES: readonly (readonly [string, Partial<ScheduleOptions>, object, RegExp])[] = [
  ["an impossible cron", { cron: "0 0 30 2 *" }, { cron: "0 0 30 2 *" }, /fires some day/],
  ["a cron that is none", { cron: "61 * * * *" }, { cron: "61 * * * *" }, /cron expression/],
  [
    "an unknown zone",
    { cron: "0 9 * * *", zone: "Mars/Base" },
    { cron: "0 9 * * *", zone: "Mars/Base" },
    /time zone/,
  ],
  ["a negative interval", { everyMs: -1 }, { every: -1 }, /everyMs/],
  ["an interval below a second", { everyMs: 999 }, { every: "999ms" }, /1000 or more/],
];

describe.each(SCHEDULES)("%s", (_what, options, entry, words) => {
  test("in process, and over HTTP: refused, and there is no such schedule", async () => {
    const { heartbeat, soon } = testHeart();
    const asked = { scheduleId: "beat", sessionKey: KEY, ...options };
    await expect(soon(heartbeat.setSchedule(asked))).rejects.toThrow(words);
    const answer = await post(httpApp(heartbeat), "/v1/schedules", asked);
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(words)]);
    expect(await heartbeat.schedules()).toEqual([]);
  });
  test("in a configuration: neither a check nor a start lets it pass", async () => {
    const said = await refusals({ schedules: [{ id: "beat", session: KEY, ...entry }] });
    expect(said).toEqual([expect.stringMatching(words), expect.stringMatching(words)]);
  });
});

const night = { from: "22:00", to: "07:00", zone: "UTC" };
const AGENT = { match: "*", console: {} };
const CONFIGS: readonly (readonly [string, object, RegExp])[] = [
  ["a window of zero width", { limits: { quietHours: [{ ...night, to: "22:00" }] } }, /two different times/],
  ["a window in no zone", { limits: { quietHours: [{ ...night, zone: "Mars/Base" }] } }, /time zone/],
  ["a time of day that is none", { limits: { quietHours: [{ ...night, from: "25:00" }] } }, /HH:MM/],
  [
    "windows that never end",
    { limits: { quietHours: [night, { ...night, from: "07:00", to: "22:00" }] } },
    /that end/,
  ],
  ["a day in no zone", { limits: { zone: "Mars/Base" } }, /time zone/],
  [
    "a HEARTBEAT.md that is a folder",
    { agents: [{ ...AGENT, heartbeatFile: "FOLDER.md" }] },
    /no regular file/,
  ],
  ["a HEARTBEAT.md that is too large", { agents: [{ ...AGENT, heartbeatFile: "LARGE.md" }] }, /65537 bytes/],
  ["a task with a negative interval", { agents: [{ ...AGENT, heartbeatFile: "TASKS.md" }] }, /interval/],
  [
    "a gate without a program",
    { agents: [{ ...AGENT, gate: { command: { argv: ["no-such-program"] } } }] },
    /no such program/,
  ],
  [
    "a gate without a limit",
    { agents: [{ ...AGENT, gate: { command: { argv: ["true"] }, timeoutMs: 0 } }] },
    /1 to 600000/,
  ],
  [
    "a target without a program",
    { deliver: [{ command: { argv: ["no-such-program"] } }] },
    /no such program/,
  ],
  [
    "a target in a private network",
    { deliver: [{ http: { url: "http://192.168.0.7/hook" } }] },
    /public internet/,
  ],
  [
    "a target on this machine",
    { deliver: [{ http: { url: "http://localhost:1/hook" } }] },
    /public internet/,
  ],
];

describe.each(CONFIGS)("%s", (_what, config, words) => {
  test("in a configuration: neither a check nor a start lets it pass", async () => {
    const clear = expect.stringMatching(words) as string;
    expect(await refusals(config)).toEqual([clear, clear]);
  });
});

test("the same in the library: options and functions refuse it when they are called", () => {
  const zero = { quietHours: [{ ...night, to: "22:00" }] };
  expect(() => testHeart({ limits: zero })).toThrow(/two different times/);
  expect(() => testHeart({ limits: { zone: "Mars/Base" } })).toThrow(/time zone/);
  expect(() => heartbeatFile({ path: join(folder, "FOLDER.md") })).toThrow(/no regular file/);
  expect(() => gate({ command: { argv: ["no-such-program"] } })).toThrow(/no such program/);
  expect(() => gate({ decide: () => true, timeoutMs: Infinity })).toThrow(/1 to 600000/);
  expect(() => webhookSender({ url: "http://[::1]/hook" })).toThrow(/public internet/);
  expect(() => webhookSender({ url: "ftp://example.com" })).toThrow(/http:/);
  expect(() => webhookSender({ url: "example.com" })).toThrow(LubdubError);
});

/** What shows only when it is asked: a check refuses it, a daemon starts and says it at once. */
describe("what does not answer", () => {
  const hangs = { command: { argv: ["sleep", "60"] }, timeoutMs: 100 };
  const fails = { command: { argv: ["false"] } };
  const agents = (asked: object) => ({ agents: [{ ...AGENT, gate: asked }] });
  const target = (url: string) => ({ deliver: [{ http: { url, allowPrivate: true } }] });
  test.each([
    ["a gate that hangs", () => agents(hangs), /agents\[0\]\.gate.*within 100 ms/],
    ["a gate that fails", () => agents(fails), /agents\[0\]\.gate.*exit code 1/],
    [
      "a target where nothing listens",
      async () => target(`http://127.0.0.1:${await freePort()}/hook`),
      /deliver\[0\]\.http.*ECONNREFUSED/,
    ],
    [
      "a target without an address",
      () => target("http://no-such-host.invalid/hook"),
      /deliver\[0\]\.http.*no-such-host/,
    ],
  ])("%s: a check refuses it; a start says it, and goes on", async (_what, config, words) => {
    const given = await config();
    expect((await checked(given))[0]?.message).toMatch(words);
    const said: string[] = [];
    const daemon = await started(given, said);
    await until(() => said.some((line) => line.startsWith("Not ready yet: ")));
    expect(said.join("\n")).toMatch(words);
    await daemon.close();
  });

  test("what answers is no problem, and nothing was sent to it", async () => {
    let bytes = 0;
    const server = createServer(
      (socket) => void socket.on("data", ({ length }) => (bytes += length)).on("error", () => {}),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const asked = { command: { argv: ["echo", '{"wakeAgent":false}'] } };
    expect(await checked({ ...agents(asked), ...target(`http://127.0.0.1:${port}/hook`) })).toEqual([]);
    expect(bytes).toBe(0);
    server.close();
  });
});

async function load(config: object) {
  const file = join(folder, "lubdub.config.json");
  writeFileSync(file, JSON.stringify({ port: 0, ...config }));
  return loadConfig(file);
}

/** All that `lubdub config check` does. */
async function checked(config: object) {
  const loaded = await load(config);
  await runOf(loaded, { writer: silent });
  await deliverOf(loaded);
  return unreachable(loaded, new AbortController().signal);
}

const started = async (config: object, said: string[] = []) =>
  startDaemon({
    config: await load(config),
    dataFolder: join(folder, "data"),
    inspect: false,
    writer: silent,
    say: (line) => said.push(line),
  });

/** What a check and what a start say to it. */
async function refusals(config: object): Promise<readonly string[]> {
  const said = (error: unknown): string =>
    error instanceof LubdubError ? error.message : `no clear error: ${String(error)}`;
  return Promise.all([
    checked(config).then(() => "accepted", said),
    started(config).then(() => "accepted", said),
  ]);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
