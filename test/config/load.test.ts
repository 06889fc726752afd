import { deliverySchema } from "../../src/delivery.ts";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LANES } from "../../src/config/lane.ts";
import { defineConfig, loadConfig } from "../../src/config/load.ts";
import { runOf } from "../../src/config/run.ts";
import { configSchema } from "../../src/config/schema.ts";
import { LubdubError } from "../../src/errors.ts";
import { resolveOptions } from "../../src/options.ts";
import { aRequest } from "../agents/requests.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "lubdub-config-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

async function problem(load: Promise<unknown>): Promise<string> {
  const error = await load.then(
    () => expect.fail("it was accepted"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LubdubError);
  expect((error as LubdubError).code).toBe("LUBDUB_CONFIG_INVALID");
  return (error as LubdubError).message;
}

describe("a field that a schema would leave out in silence", () => {
  const proto = JSON.parse('{"__proto__":"x"}') as object;
  const schedule = { id: "a", session: "b", every: "1h" };
  it.each([
    ["schedules[0].route", { schedules: [{ ...schedule, route: proto }] }],
    ["deliver[0].route", { deliver: [{ command: { argv: ["true"] }, route: proto }] }],
    ["agents[0].command.env", { agents: [{ match: "*", command: { argv: ["true"], env: proto } }] }],
    ["delivery.visibility.channels", { delivery: { visibility: { channels: proto } } }],
    ["the file", proto],
  ])("is refused in %s", async (where, config) => {
    const message = await problem(loadConfig(write("lubdub.config.json", config)));
    expect(message).toContain(`no field \`__proto__\` in \`${where}\``);
  });
});

describe("loadConfig", () => {
  it("wakes the console for everything when there is no file", async () => {
    expect(await loadConfig(undefined, folder)).toEqual({
      agents: [{ match: "*", console: {} }],
      schedules: [],
      port: 5823,
      host: "127.0.0.1",
      concurrency: 16,
      coalesceMs: 250,
      queueMax: 1_000,
      runTimeoutMs: 600_000,
      maxAttempts: 10,
      laneOf: "session",
      limits: {
        quietHours: [],
        session: { flood: { runs: 30, windowMs: 600_000 } },
        selfWakes: { depth: 30, spacingMs: 3_600_000 },
        breaker: { baseMs: 60_000, capMs: 3_600_000 },
      },
      deliver: [],
      delivery: deliverySchema.parse({}),
      shutdownGraceMs: 10_000,
      file: null,
      folder,
    });
  });

  it("has the defaults of the library", () => {
    const { concurrency, coalesceMs, queueMax, runTimeoutMs, maxAttempts } = configSchema.parse({});
    expect(resolveOptions({ run: () => ({ status: "ran" }) })).toMatchObject({
      concurrency,
      coalesceMs,
      queueMax,
      runTimeoutMs,
      maxAttempts,
    });
  });

  it.each([
    ["lubdub.config.json", '{ "$schema": "./lubdub.schema.json", "port": 0 }'],
    ["lubdub.config.json", '\uFEFF{ "port": 0 }'],
    ["lubdub.config.js", "export default { port: 0 };"],
  ])("reads %s from the working folder: %s", async (name, text) => {
    const file = write(name, text);
    expect(await loadConfig(undefined, folder)).toMatchObject({ port: 0, coalesceMs: 250, file, folder });
  });

  it("reads a named file, relative to the working folder or absolute", async () => {
    const file = write("other.json", { queueMax: 5 });
    write("lubdub.config.json", { queueMax: 6 });
    expect(await loadConfig("other.json", folder)).toMatchObject({ queueMax: 5, file });
    expect(await loadConfig(file)).toMatchObject({ queueMax: 5, file });
  });

  it("takes what defineConfig gives, and its types refuse what is wrong", () => {
    const config = defineConfig({ agents: [{ match: "*", command: { argv: ["true"] } }], laneOf: "agent" });
    expect(configSchema.safeParse(config).success).toBe(true);
    // @ts-expect-error an unknown field
    expect(configSchema.safeParse(defineConfig({ prot: 1 })).success).toBe(false);
    // @ts-expect-error a wrong word
    expect(configSchema.safeParse(defineConfig({ laneOf: "all" })).success).toBe(false);
  });

  it("refuses two files in one folder", async () => {
    write("lubdub.config.json", {});
    write("lubdub.config.ts", "export default {};");
    expect(await problem(loadConfig(undefined, folder))).toMatch(
      /^Expected one configuration file in `.*`; got `.*lubdub\.config\.ts`, `.*lubdub\.config\.json`\. Remove all but one/,
    );
  });

  it.each([
    ["none.json", undefined, /^Expected the configuration file `.*none\.json` to exist; got no such file\./],
    ["a.toml", "port = 1", /^Expected the configuration file `.*a\.toml` to end in .*; got `\.toml`\./],
    [
      "a.json",
      '{ "port": 1,, }',
      /^Expected the configuration file `.*a\.json` to load; got .*line 1 column 13.*\. Write valid JSON\./s,
    ],
    ["a.json", "", /^Expected the configuration file `.*a\.json` to load; got /],
    [
      "a.mjs",
      "export const config = {};",
      /^Expected a default export in `.*a\.mjs`; got config\. Write: export default defineConfig/,
    ],
    ["b.mjs", "export default {", /^Expected the configuration file `.*b\.mjs` to load; got /],
    [
      "c.mjs",
      "throw new Error('no key')",
      /^Expected the configuration file `.*c\.mjs` to load; got no key\./,
    ],
  ])("refuses %s: %j", async (name, text, message) => {
    if (text !== undefined) write(name, text);
    expect(await problem(loadConfig(name, folder))).toMatch(message);
  });
});

/** In a process of its own, without the test runner's compiler in between. */
function loadInNode(file: string): string {
  const module = new URL("../../src/config/load.ts", import.meta.url).href;
  const script = `
    const { loadConfig } = await import(${JSON.stringify(module)});
    const said = await loadConfig(${JSON.stringify(file)}).then(JSON.stringify, (error) => error.message);
    process.stdout.write(said);`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
}

describe("a configuration in TypeScript", () => {
  it("is loaded by Node itself", () => {
    const file = write(
      "lubdub.config.ts",
      "interface Port { readonly port: number }\nexport default { port: 1234 } satisfies Port;",
    );
    expect(JSON.parse(loadInNode(file))).toMatchObject({ port: 1234, file });
  });

  it("says what Node cannot take", () => {
    const file = write("lubdub.config.ts", "enum Port { first }\nexport default { port: Port.first };");
    expect(loadInNode(file)).toMatch(
      /^Expected the configuration file `.*` to load; got .*enum is not supported/s,
    );
  });
});

describe("runOf", () => {
  it("makes the configured agents into one run function, with paths relative to the file", async () => {
    write("agent.mjs", "export default () => ({ status: 'ran', reply: 'from the module' });");
    write("script.cjs", "process.stdout.write('from ' + process.cwd());");
    const file = write("lubdub.config.json", {
      agents: [
        { match: "agent:module:*", module: { file: "agent.mjs" } },
        { match: "agent:command:*", command: { argv: [process.execPath, "script.cjs"] } },
        { match: "agent:http:*", http: { url: "http://127.0.0.1:1/", timeoutMs: 5_000 } },
        { match: "*", console: {} },
      ],
    });
    let printed = "";
    const run = await runOf(await loadConfig(file), { writer: { write: (text) => (printed += text) } });
    const wake = async (sessionKey: string) => run(aRequest({ sessionKey }));
    expect(await wake("agent:module:main")).toEqual({ status: "ran", reply: "from the module" });
    expect(await wake("agent:command:main")).toEqual({ status: "ran", reply: `from ${folder}` });
    expect(await wake("agent:http:main")).toMatchObject({ status: "failed" });
    expect(await wake("other")).toEqual({ status: "ran" });
    expect(printed).toMatch(/^Woken: other with 1 event\n/);
  });

  it("refuses a module that cannot be loaded, before anything starts", async () => {
    write("lubdub.config.json", { agents: [{ match: "*", module: { file: "./none.ts" } }] });
    const config = await loadConfig(undefined, folder);
    expect(await problem(runOf(config, { writer: process.stdout }))).toMatch(
      /none\.ts` to exist; got no such file/,
    );
  });
});

describe("LANES", () => {
  it.each([
    ["agent:main:main", "agent:main"],
    ["agent:main:discord:channel:42", "agent:main"],
    ["agent:main", "agent:main"],
    ["agent:maintenance:x", "agent:maintenance"],
    ["agent::x", "agent::x"],
    ["other:main:x", "other:main:x"],
    ["agent", "agent"],
  ])("%s lies in lane %s of its agent, and in its own lane by default", (sessionKey, lane) => {
    expect(LANES.agent(sessionKey)).toBe(lane);
    expect(LANES.session(sessionKey)).toBe(sessionKey);
  });
});
