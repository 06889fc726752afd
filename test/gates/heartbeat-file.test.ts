import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withChecks } from "../../src/gates/checks.ts";
import { HEARTBEAT_FILE_BYTES_MAX, heartbeatFile } from "../../src/gates/heartbeat-file.ts";
import type { WakeOptions } from "../../src/api.ts";
import { FAILED, RAN } from "../support/agent.ts";
import { testHeart, type TestHeart } from "../support/world.ts";
import { scriptedAgent } from "../support/agent.ts";

const KEY = "agent:main:main";
const TICK: WakeOptions = { sessionKey: KEY, intent: "scheduled", source: "interval" };
const TASKS =
  "tasks:\n- name: inbox\n  interval: 30m\n  prompt: Look for mail.\n- name: plants\n  interval: 2h\n  prompt: Water them.\n";

let folder: string;
let path: string;
let heart: TestHeart;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lubdub-heartbeat-"));
  path = join(folder, "HEARTBEAT.md");
});
afterEach(async () => {
  await heart?.soon(heart.heartbeat.close());
  rmSync(folder, { recursive: true, force: true });
});

function start(text?: string): TestHeart {
  if (text !== undefined) writeFileSync(path, text);
  const agent = scriptedAgent();
  heart = testHeart({ run: withChecks(agent.run, [heartbeatFile({ path })]), maxAttempts: 1 }, { agent });
  return heart;
}
/** The reasons of skips and the number of runs after one more tick. */
async function tick({ heartbeat, agent, clock, soon }: TestHeart): Promise<readonly string[]> {
  const before = agent.calls.length;
  const { position } = await soon(heartbeat.requestHeartbeat(TICK));
  await clock.advance(250);
  const records = await heartbeat.read({ after: position });
  const skips = records.flatMap((record) => (record.type === "run.skipped" ? [record.facts.reason] : []));
  return [...skips, ...agent.calls.slice(before).map(() => "asked")];
}

describe("problem 36: missing runs, empty skips", () => {
  test("GIVEN no file WHEN a tick comes THEN the agent is asked, without instructions", async () => {
    const parts = start();
    expect(await tick(parts)).toEqual(["asked"]);
    expect(parts.agent.calls[0]).not.toHaveProperty("instructions");
  });
  test("GIVEN a file that says nothing WHEN a tick comes THEN it is skipped, settled and counted", async () => {
    const parts = start("# Heartbeat\n- [ ]\n");
    expect(await tick(parts)).toEqual(["empty-heartbeat-file"]);
    expect((await parts.heartbeat.why(KEY)).code).toBe("nothing-queued");
    expect((await parts.heartbeat.status()).counts).toMatchObject({
      "empty-heartbeat-file": 1,
      "run.skipped": 1,
    });
  });
  test("GIVEN a file with words THEN they are the instructions, also when it is changed meanwhile", async () => {
    const parts = start("Look at the build.");
    await tick(parts);
    writeFileSync(path, "Look at the mail.");
    await tick(parts);
    expect(parts.agent.calls.map(({ instructions }) => instructions)).toEqual([
      "Look at the build.",
      "Look at the mail.",
    ]);
  });
});

describe("problem 26: the file never holds up events", () => {
  test.each(["# nothing", TASKS])(
    "GIVEN a file %j and a queued exec event WHEN it wakes THEN the agent has it",
    async (text) => {
      const { heartbeat, agent, clock, soon } = start(text);
      agent.answers(RAN);
      if (text === TASKS) await tick(heart);
      const { wakeId } = await soon(
        heartbeat.wake("npm test ended", { sessionKey: KEY, source: "exec-event" }),
      );
      await clock.advance(250);
      expect(agent.calls.at(-1)?.events.map((event) => event.text)).toEqual(["npm test ended"]);
      expect((await heartbeat.receipt(wakeId)).settlement).toBe("acked");
    },
  );
});

describe("the tasks of HEARTBEAT.md", () => {
  test("a task is due when it never ran or its interval is over; none due is a skip", async () => {
    const parts = start(TASKS);
    const names = () => parts.agent.calls.map(({ tasks = [] }) => tasks.map(({ name }) => name));
    expect(await tick(parts)).toEqual(["asked"]);
    await parts.clock.advance(20 * 60_000);
    expect(await tick(parts)).toEqual(["no-tasks-due"]);
    await parts.clock.advance(10 * 60_000);
    expect(await tick(parts)).toEqual(["asked"]);
    await parts.clock.advance(90 * 60_000);
    expect(await tick(parts)).toEqual(["asked"]);
    expect(names()).toEqual([["inbox", "plants"], ["inbox"], ["inbox", "plants"]]);
  });
  test("a run that fails has done no task", async () => {
    const parts = start(TASKS);
    parts.agent.answers(FAILED, RAN);
    await tick(parts);
    expect(await tick(parts)).toEqual(["asked"]);
    expect(parts.agent.calls[1]?.tasks).toHaveLength(2);
    expect(await tick(parts)).toEqual(["no-tasks-due"]);
  });
  test("each session has times of its own", async () => {
    const { heartbeat, agent, clock, soon } = start(TASKS);
    for (const sessionKey of [KEY, "agent:main:other", KEY]) {
      await soon(heartbeat.requestHeartbeat({ ...TICK, sessionKey }));
      await clock.advance(250);
    }
    expect(agent.calls.map(({ sessionKey }) => sessionKey)).toEqual([KEY, "agent:main:other"]);
  });
});

describe("a file that cannot be read", () => {
  const refused = () => heartbeatFile({ path });
  test("is refused when it is configured", () => {
    mkdirSync(path);
    expect(refused).toThrow(/LUBDUB_CONFIG_INVALID|no regular file/);
    rmSync(path, { recursive: true });
    writeFileSync(path, "x".repeat(HEARTBEAT_FILE_BYTES_MAX + 1));
    expect(refused).toThrow(/65537 bytes/);
    writeFileSync(path, "tasks:\n- name: a\n");
    expect(refused).toThrow(/`tasks:` block/);
  });
  test.skipIf(process.getuid?.() === 0)("without permission too", () => {
    writeFileSync(path, "x");
    chmodSync(path, 0);
    expect(refused).toThrow(/EACCES/);
  });
  test("later: a tick fails and says why, an event goes on, and the agent is told", async () => {
    const parts = start("Look.");
    rmSync(path);
    mkdirSync(path);
    expect(await tick(parts)).toEqual([]);
    const [failure] = (await parts.heartbeat.read()).filter(({ type }) => type === "run.failed");
    expect(failure?.body).toEqual({
      error: expect.stringContaining("cannot be read: it is no regular file"),
    });
    await parts.soon(parts.heartbeat.wake("x", { sessionKey: KEY }));
    await parts.clock.advance(250);
    expect(parts.agent.calls.map(({ events, instructions }) => [events.length, instructions])).toEqual([
      [1, expect.stringContaining("cannot be read")],
    ]);
  });
});
