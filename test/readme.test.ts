import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProgram } from "../src/cli/program.ts";
import { loadConfig } from "../src/config/load.ts";
import { target } from "../src/config/target-schema.ts";
import { deliverySchema } from "../src/delivery.ts";
import { configSchema } from "../src/config/schema.ts";
import { ERROR_CODES, LubdubError } from "../src/errors.ts";
import { createHeartbeat } from "../src/heartbeat.ts";
import { createHttpApp } from "../src/http/app.ts";
import { authoritiesFor } from "../src/http/authority.ts";
import { limitsSchema } from "../src/limits.ts";
import { resolveOptions } from "../src/options.ts";
import { start, until, type Running } from "./cli/support.ts";

const CHECKOUT = resolve(import.meta.dirname, "..");
const PAGE = readFileSync(join(CHECKOUT, "README.md"), "utf8");
const TOKEN = "0123456789abcdef0123";

/** A reader's own folder, with the package installed. */
const folder = mkdtempSync(join(tmpdir(), "lubdub-readme-"));
const env = { ...process.env, LUBDUB_DATA: join(folder, "data"), npm_config_update_notifier: "false" };
mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
mkdirSync(join(folder, "node_modules/@statelyai"));
symlinkSync(CHECKOUT, join(folder, "node_modules/lubdub"));
symlinkSync(join(CHECKOUT, "bin/lubdub.js"), join(folder, "node_modules/.bin/lubdub"));
symlinkSync(process.execPath, join(folder, "node_modules/.bin/node"));
symlinkSync(
  join(CHECKOUT, "node_modules/@statelyai/inspect"),
  join(folder, "node_modules/@statelyai/inspect"),
);
writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }));

/** The blocks with this word after the fence, in order. */
const blocks = (word: string): string[] =>
  [...PAGE.matchAll(/^```(.+)\n([^]*?)^```$/gm)]
    .filter(([, info]) => info === word)
    .map(([, , code]) => code ?? "");

/** The rows of the table with this head: their cells. */
function table(head: string): string[][] {
  const lines = PAGE.split("\n");
  const from = lines.findIndex((line) => cells(line).join(" | ") === head);
  expect(from, `a table ${head}`).toBeGreaterThan(0);
  return lines.slice(from + 2, lines.indexOf("", from)).map(cells);
}

function cells(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

const code = (cell = ""): string => /^`(.*)`$/.exec(cell)?.[1] ?? cell;

describe("the library's examples", () => {
  const examples = blocks("ts run");

  test.each(examples.map((example, index) => [index + 1, example]))(
    "number %i runs, and prints what its comments say",
    (index, example) => {
      const file = join(folder, `example-${index}.ts`);
      writeFileSync(file, String(example));
      const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
        cwd: folder,
        env,
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      expect(status).toBe(0);
      const said = [...String(example).matchAll(/^\s*console\.log\(.*\); \/\/ (.+)$/gm)].map(
        ([, words]) => words,
      );
      expect(said.length).toBeGreaterThan(0);
      expect(stdout.trimEnd().split("\n").slice(-said.length)).toEqual(said);
    },
  );

  test("they compile", () => {
    for (const [index, example] of [...examples, ...blocks("ts config")].entries())
      writeFileSync(join(folder, `compiled-${index}.ts`), example);
    const files = [...examples, ...blocks("ts config")].map((_, index) => `compiled-${index}.ts`);
    const options =
      "--noEmit --strict --skipLibCheck --module nodenext --target es2024 --lib es2024,esnext.disposable --types node";
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        join(CHECKOUT, "node_modules/typescript/bin/tsc"),
        ...options.split(" "),
        "--typeRoots",
        join(CHECKOUT, "node_modules/@types"),
        ...files,
      ],
      { cwd: folder, encoding: "utf8" },
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  });

  test("the first has fewer than 20 lines", () => {
    expect(examples[0]?.trim().split("\n").length).toBeLessThan(20);
  });
});

test("the example of a configuration loads", async () => {
  const [example = ""] = blocks("ts config");
  const file = join(folder, "elsewhere.config.ts");
  writeFileSync(file, example);
  const { agents, port } = await loadConfig(file);
  expect(agents.map(({ match }) => match)).toEqual(["agent:main:*", "agent:web:*", "*"]);
  expect(port).toBe(5823);
});

describe("the commands", () => {
  let daemon: Running;
  beforeAll(async () => {
    daemon = start(process.execPath, [join(CHECKOUT, "bin/lubdub.js"), "up", "--port", "0"], {
      cwd: folder,
      env,
    });
    await until(
      () => daemon.stderr().includes("Lubdub is up."),
      () => `the daemon is up; it said ${daemon.stderr()}`,
    );
  });
  afterAll(async () => {
    daemon.child.kill("SIGTERM");
    await daemon.ended;
  });

  test("run as they stand there, one after the other", async () => {
    const all = blocks("sh run");
    expect(all.length).toBeGreaterThanOrEqual(4);
    let said = "";
    for (const block of all) {
      const ended = await start("sh", ["-e", "-c", block], {
        cwd: folder,
        env: { ...env, PATH: `${join(folder, "node_modules/.bin")}:${process.env["PATH"]}` },
      }).ended;
      expect({ block, code: ended.code, stderr: ended.code === 0 ? "" : ended.stderr }).toEqual({
        block,
        code: 0,
        stderr: "",
      });
      said += ended.stdout;
    }
    expect(said).toContain("acked: wake");
    expect(said).toContain('"settlement":"acked"');
    const session = "Woken: agent:main:discord:channel:42 with 1 event";
    expect(daemon.stdout().split(session).length - 1).toBe(3);
    expect(daemon.stdout()).toContain("npm --version");
    expect(daemon.stdout()).toContain("The nightly build is green.");
    expect(daemon.stdout()).toContain("Build 7 is done.");
  });
});

describe("the tables are complete, and nothing in them is made up", () => {
  test("error codes, with whether the same call may succeed again", () => {
    const rows = table("code | again | meaning");
    expect(rows.map(([name]) => code(name))).toEqual(ERROR_CODES);
    const facts = { expected: "", got: "" };
    const again = ERROR_CODES.map((name) => (new LubdubError(name, facts).retryable ? "yes" : "no"));
    expect(rows.map(([, word]) => word)).toEqual(again);
  });

  test("options of the library, with their defaults", () => {
    const rows = table("option | default | meaning");
    const source = readFileSync(join(CHECKOUT, "src/options.ts"), "utf8");
    const body = /export interface HeartbeatOptions \{\n([^]*?)\n\}/.exec(source)?.[1] ?? "";
    const names = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
    expect(rows.map(([name]) => code(name))).toEqual(names);
    const resolved = resolveOptions({ run: () => ({ status: "ran" }) }) as unknown as Record<string, unknown>;
    const plain = rows
      .map(([name, shown]) => [code(name), code(shown)] as const)
      .filter(([name]) => name !== "delivery" && ["number", "object"].includes(typeof resolved[name]));
    expect(plain.length).toBeGreaterThan(10);
    expect(Object.fromEntries(plain.map(([name, shown]) => [name, parsed(shown)]))).toEqual(
      Object.fromEntries(plain.map(([name]) => [name, resolved[name]])),
    );
  });

  test("fields of the configuration, with their defaults", () => {
    const rows = table("field | default | meaning");
    expect(rows.map(([name]) => code(name)).toSorted()).toEqual(Object.keys(configSchema.shape).toSorted());
    const { limits: _, delivery: __, ...resolved } = configSchema.parse({}) as Record<string, unknown>;
    const defaults = rows
      .filter(([name]) => code(name) in resolved || code(name) === "$schema")
      .map(([name, shown]) => [code(name), shown === "none" ? undefined : parsed(code(shown))]);
    expect(Object.fromEntries(defaults)).toEqual(resolved);
  });

  test("fields of `delivery`, with their defaults, and of targets", () => {
    const rows = table("field of `delivery` | default | meaning");
    const { visibility: _, responsePrefix: __, ...defaults } = deliverySchema.parse({});
    expect(rows.map(([name]) => code(name))).toEqual(Object.keys(deliverySchema.shape));
    const shown = rows.filter(([name]) => code(name) in defaults).map(([, is]) => parsed(code(is)));
    expect(shown).toEqual(Object.values(defaults));
    const targets = table("target | fields (default) | sent | final | else").map(([name]) => code(name));
    expect(["match", "route", ...targets]).toEqual(Object.keys(target.shape));
  });

  test("limits", () => {
    const names = table("limit | default | meaning").map(([name]) => code(name));
    expect(names).toEqual(Object.keys(limitsSchema.shape));
  });

  test("fields of the agents", () => {
    const { agents } = configSchema.shape;
    const { match: _, heartbeatFile: __, gate, ...kinds } = agents.unwrap().element.shape;
    const rows = table("agent | fields (default) | handled | busy | failed");
    expect(rows.map(([name]) => code(name))).toEqual(Object.keys(kinds));
    for (const [name, fields = ""] of rows) {
      const kind = kinds[code(name) as keyof typeof kinds].unwrap();
      const shown = [...fields.replaceAll(/ \([^)]*\)/g, "").matchAll(/`(\w+)`/g)].map(([, field]) => field);
      expect(shown, `the fields of ${name}`).toEqual(Object.keys(kind.shape));
    }
    const gateRows = table("gate | default | meaning").map(([name]) => code(name));
    expect(gateRows).toEqual(Object.keys(gate.unwrap().shape));
  });

  test("commands and their options", async () => {
    const rows = table("command | what it does").map(([command]) => code(command).replaceAll("\\|", "|"));
    const known = leaves(await createProgram());
    expect(rows.map((row) => nameIn(row)).toSorted()).toEqual([...known.keys()].toSorted());
    for (const row of rows) {
      const command = known.get(nameIn(row)) as Command;
      const options = command.options.filter(({ long }) => long !== "--json" && long !== "--data");
      const shown = [...row.matchAll(/(?<=[ [(])(--?[a-z-]*[a-z])\b/g)].map(([flag]) => flag);
      const unknown = shown.filter(
        (flag) => !options.some(({ short, long }) => flag === short || flag === long),
      );
      const missing = options.filter(
        ({ short, long }) => !shown.includes(long ?? "") && !shown.includes(short ?? ""),
      );
      expect({ row, unknown, missing }).toEqual({ row, unknown: [], missing: [] });
    }
  });

  test("routes", async () => {
    await using heartbeat = createHeartbeat({ run: () => ({ status: "ran" }) });
    const authorities = authoritiesFor(5823);
    const app = createHttpApp({ heartbeat, token: TOKEN, authorities });
    const headers = { host: "127.0.0.1:5823", authorization: `Bearer ${TOKEN}` };
    const answer = await app.app.request("http://127.0.0.1:5823/openapi.json", { headers });
    const { paths } = (await answer.json()) as { paths: Record<string, Record<string, unknown>> };
    app.close();
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const rows = table("route | what it does").map(([route]) => code(route));
    expect(new Set(rows)).toEqual(new Set([...routes, "GET /openapi.json"]));
  });

  test("entries of the package", () => {
    const { exports } = JSON.parse(readFileSync(join(CHECKOUT, "package.json"), "utf8")) as {
      exports: Record<string, string>;
    };
    const entries = Object.keys(exports)
      .filter((entry) => entry !== "./package.json")
      .map((entry) => entry.replace(/^\./, "lubdub"));
    expect(table("entry | what it gives").map(([entry]) => code(entry))).toEqual(entries);
  });

  test("links lead to files", () => {
    const links = [...PAGE.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link ?? "");
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((link) => !existsSync(join(CHECKOUT, link)))).toEqual([]);
  });
});

/** `{ baseMs: 1000 }` and the like, as they are written in a program. */
function parsed(text: string): unknown {
  return JSON.parse(text.replaceAll(/(\w+):/g, '"$1":'));
}

/** Every command that does something, by its whole name. */
function leaves(command: Command, name = ""): Map<string, Command> {
  if (command.commands.length === 0) return new Map([[name, command]]);
  return new Map(command.commands.flatMap((inner) => [...leaves(inner, `${name} ${inner.name()}`.trim())]));
}

function nameIn(row: string): string {
  return /^lubdub ((?:(?:config|dead|schedule) )?[a-z]+)/.exec(row)?.[1] ?? row;
}
