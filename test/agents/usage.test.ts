import { readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { afterEach, describe, expect, test } from "vitest";
import { commandAgent } from "../../src/agents/command.ts";
import { httpAgent } from "../../src/agents/http.ts";
import type { LogRecord } from "../../src/core/records.ts";
import { createHeartbeat } from "../../src/heartbeat.ts";
import type { Limits } from "../../src/policy/limits.ts";
import type { RunHandler } from "../../src/vocabulary.ts";
import { SESSION_KEY } from "./requests.ts";

/** What a run has used up: said by a command in a file, by a server in its answer; counted, and bounded by budgets. */

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Runs the session once, and answers the end of that run. */
async function runOnce(run: RunHandler, limits?: Limits) {
  await using heartbeat = createHeartbeat({ run, coalesceMs: 0, maxAttempts: 1, ...(limits && { limits }) });
  const { wakeId } = await heartbeat.wake("ended", { sessionKey: SESSION_KEY });
  await heartbeat.waitFor(wakeId, "settled");
  const end = (await heartbeat.read()).findLast(
    ({ type }) => type.startsWith("run.") && type !== "run.started",
  );
  const { counts } = await heartbeat.status();
  await heartbeat.wake("more", { sessionKey: SESSION_KEY });
  const { code } = await heartbeat.why(SESSION_KEY);
  return { end: end as LogRecord & { readonly facts: object; readonly body: object }, counts, code };
}

const command = (script: string): RunHandler => commandAgent({ argv: ["sh", "-c", script] });
async function server(body: string, type = "application/json"): Promise<RunHandler> {
  const made = createServer(
    (_, response) => void response.writeHead(200, { "content-type": type }).end(body),
  );
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  servers.push(made);
  return httpAgent({ url: `http://127.0.0.1:${(made.address() as AddressInfo).port}/` });
}
const usage = { inputTokens: 1_200, outputTokens: 80 };
const writes = (text: string): string => `printf '%s' '${text}' > "$LUBDUB_USAGE_FILE"; echo done`;

describe.each([
  ["a command", async () => command(writes(JSON.stringify(usage)))],
  [
    "a command inside another",
    async () => command(`sh -c '${writes(JSON.stringify(usage)).replaceAll("'", `'\\''`)}'`),
  ],
  ["a server", () => server(JSON.stringify({ reply: "done\n", usage }))],
  [
    "a server, with a character set",
    () => server(JSON.stringify({ reply: "done\n", usage }), "application/json; charset=utf-8"),
  ],
])("%s", (_what, agent) => {
  test("its tokens stand in the log and in the counts, and the budget is spent by them", async () => {
    const { end, counts, code } = await runOnce(await agent(), { session: { daily: { tokens: 1_280 } } });
    expect(end).toMatchObject({ type: "run.ran", facts: { usage }, body: { reply: "done\n" } });
    expect(end.facts).not.toHaveProperty("usageRefused");
    expect(counts).toMatchObject({ "tokens.input": 1_200, "tokens.output": 80 });
    expect(code).toBe("budget");
  });
});

test("one token below the budget, the next run may start", async () => {
  const agent = command(writes(JSON.stringify(usage)));
  expect((await runOnce(agent, { session: { daily: { tokens: 1_281 } } })).code).not.toBe("budget");
});

describe("what is no count is refused: the run stays what it is, and the log says so", () => {
  const bad = [
    '{"inputTokens":-5,"outputTokens":1}',
    '{"inputTokens":1e300}',
    '{"inputTokens":"12"}',
    '{"inputTokens":1.5}',
    "[1,2",
    "null",
    "12",
    `{"inputTokens":1,"note":"${"x".repeat(2_000)}"}`,
  ];
  test.each(bad)("of a command: %.40s", async (text) => {
    const { end, counts } = await runOnce(command(writes(text)));
    expect(end).toMatchObject({ type: "run.ran", facts: { usageRefused: true }, body: { reply: "done\n" } });
    expect(end.facts).not.toHaveProperty("usage");
    expect(counts).toMatchObject({ "usage.refused": 1 });
  });
  test.each(bad.slice(0, 4).concat("null", "12"))("of a server: %s", async (text) => {
    const { end } = await runOnce(await server(`{"reply":"done","usage":${text}}`));
    expect(end).toMatchObject({ type: "run.ran", facts: { usageRefused: true }, body: { reply: "done" } });
    expect(end.facts).not.toHaveProperty("usage");
  });
  test.each(["ln -s /etc/passwd", "mkfifo", "mkdir"])(
    "of a command that puts something else there: %s",
    async (make) => {
      const { end } = await runOnce(command(`${make} "$LUBDUB_USAGE_FILE"; echo done`));
      expect(end).toMatchObject({
        type: "run.ran",
        facts: { usageRefused: true },
        body: { reply: "done\n" },
      });
    },
  );
});

describe("what says nothing of its usage is as before", () => {
  test.each([
    ["a command that writes no file", async () => command("echo done"), "done\n"],
    [
      "a command that removes the folder",
      async () => command('rm -r "$(dirname "$LUBDUB_USAGE_FILE")"; echo done'),
      "done\n",
    ],
    [
      "a command whose reply looks like usage",
      async () => command(`echo '{"usage":{"inputTokens":1}}'`),
      '{"usage":{"inputTokens":1}}\n',
    ],
    [
      "a server that answers in words",
      () => server(JSON.stringify({ usage }), "text/plain"),
      JSON.stringify({ usage }),
    ],
    [
      "a server whose JSON has neither field",
      () => server('{"notify":true,"text":"x"}'),
      '{"notify":true,"text":"x"}',
    ],
    ["a server whose JSON is broken", () => server('{"reply":"done","usage":'), '{"reply":"done","usage":'],
    ["a server whose JSON is a list", () => server("[1]"), "[1]"],
    ["a server whose reply is no text", () => server('{"reply":{}}'), '{"reply":{}}'],
  ])("%s", async (_what, agent, reply) => {
    const { end } = await runOnce(await agent());
    expect(end).toMatchObject({ type: "run.ran", body: { reply } });
    expect(end.facts).not.toHaveProperty("usage");
    expect(end.facts).not.toHaveProperty("usageRefused");
  });
  test("a server that says in data that nobody needs to be told, with its usage", async () => {
    const { end } = await runOnce(
      await server(JSON.stringify({ notify: true, text: "Disk full", media: ["a.png"], usage })),
    );
    expect(end).toMatchObject({ facts: { usage }, body: { reply: "Disk full", media: ["a.png"] } });
  });
});

test("a command that fails and writes its usage has failed, and nothing is left behind", async () => {
  const before = leftBehind();
  const { end } = await runOnce(command(`${writes(JSON.stringify(usage))}; exit 3`));
  expect(end).toMatchObject({ type: "run.failed", facts: { code: "LUBDUB_RUN_FAILED" } });
  expect(leftBehind()).toBe(before);
});

const leftBehind = (): number =>
  readdirSync(tmpdir()).filter((name) => name.startsWith("lubdub-usage-")).length;
