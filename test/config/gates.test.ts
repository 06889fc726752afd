import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { runOf } from "../../src/config/run.ts";
import { aRequest } from "../agents/requests.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "lubdub-config-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const writer = { write: () => {} };
async function configured(agent: object) {
  writeFileSync(
    join(folder, "lubdub.config.json"),
    JSON.stringify({ agents: [{ match: "*", console: {}, ...agent }] }),
  );
  return runOf(await loadConfig(undefined, folder), { writer });
}
const TICK = aRequest({ intent: "scheduled", events: [] });

describe("what is looked at before an agent is asked", () => {
  test("HEARTBEAT.md and gates, relative to the configuration", async () => {
    writeFileSync(join(folder, "HEARTBEAT.md"), "# nothing\n");
    const file = await configured({ heartbeatFile: "HEARTBEAT.md" });
    expect(await file(TICK)).toEqual({ status: "skipped", reason: "empty-heartbeat-file" });
    writeFileSync(join(folder, "probe.js"), "console.log('{\"wakeAgent\":false}')");
    const gated = await configured({ gate: { command: { argv: [process.execPath, "probe.js"] } } });
    expect(await gated(TICK)).toMatchObject({ status: "skipped", reason: "gate-closed" });
    expect(await gated(aRequest())).toEqual({ status: "ran" });
    const inbox = await configured({ gate: { file: { path: "inbox", when: "exists" } } });
    expect(await inbox(TICK)).toMatchObject({ reason: "gate-closed" });
  });

  test.each<[object, string]>([
    [{ gate: {} }, "exactly one of command, http, file, sql"],
    [{ gate: { file: { path: "x", when: "sometimes" } } }, '"exists", "changed" or "non-empty"'],
    [{ gate: { http: { url: "ftp://example.org" } } }, "http:// or https://"],
    [{ gate: { command: { argv: ["no-such-program-anywhere"] } } }, "no such program"],
    [{ gate: { sql: { file: "none.db", query: "SELECT 1" } } }, "a gate's query"],
    [{ gate: { http: { url: "http://127.0.0.1:1" }, timeoutMs: 0 } }, "milliseconds from 1 to 600000"],
    [{ heartbeatFile: "a-folder" }, "no regular file"],
  ])("%j is refused at the start", async (agent, words) => {
    mkdirSync(join(folder, "a-folder"));
    await expect(configured(agent)).rejects.toThrow(words);
  });
});
