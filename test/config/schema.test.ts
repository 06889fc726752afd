import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { explain } from "../../src/config/explain.ts";
import { configJsonSchema, configSchema } from "../../src/config/schema.ts";

describe("what is wrong in a file is named: file, field, expected, got", () => {
  const agents = (agent: unknown) => ({ agents: [{ match: "*", console: {} }, agent] });
  it.each([
    [[], "Expected `FILE` to be an object; got an empty list."],
    ["text", 'Expected `FILE` to be an object; got "text".'],
    [null, "Expected `FILE` to be an object; got null."],
    [{ prot: 1 }, 'Expected only known fields in `FILE`; got "prot". Did you mean "port"?'],
    [
      { Concurency: 1 },
      'Expected only known fields in `FILE`; got "Concurency". Did you mean "concurrency"?',
    ],
    [
      { colour: 1 },
      'Expected only known fields in `FILE`; got "colour". Known are agents, schedules, deliver, delivery, port,',
    ],
    [{ port: "5823" }, 'Expected `port` in `FILE` to be a whole number from 0 to 65535; got "5823".'],
    [{ port: 65_536 }, "Expected `port` in `FILE` to be a whole number from 0 to 65535; got 65536."],
    [{ port: 1.5 }, "Expected `port` in `FILE` to be a whole number from 0 to 65535; got 1.5."],
    [{ host: "0.0.0.0" }, 'Expected `host` in `FILE` to be 127.0.0.1, ::1 or localhost; got "0.0.0.0".'],
    [
      { coalesceMs: -1 },
      "Expected `coalesceMs` in `FILE` to be a whole number of milliseconds from 0 to 86400000; got -1.",
    ],
    [{ laneOf: "all" }, 'Expected `laneOf` in `FILE` to be "session" or "agent"; got "all".'],
    [{ agents: {} }, "Expected `agents` in `FILE` to be a list of agents; got an empty object."],
    [{ agents: [] }, "Expected `agents` in `FILE` to be a list with at least one agent; got an empty list."],
    [agents(5), "Expected `agents[1]` in `FILE` to be an object with `match` and one agent; got 5."],
    [
      agents({ console: {} }),
      "Expected `agents[1].match` in `FILE` to be a pattern of 1 to 512 bytes; got nothing.",
    ],
    [
      agents({ match: "é".repeat(300), console: {} }),
      "Expected `agents[1].match` in `FILE` to be a pattern of 1 to 512 bytes; got",
    ],
    [
      agents({ match: "a" }),
      'Expected `agents[1]` in `FILE` to be exactly one of console, command, http, module beside `match`; got an object with "match".',
    ],
    [
      agents({ match: "a", console: {}, module: { file: "x" } }),
      "Expected `agents[1]` in `FILE` to be exactly one of",
    ],
    [
      agents({ match: "a", comand: {} }),
      'Expected only known fields in `agents[1]` in `FILE`; got "comand". Did you mean "command"?',
    ],
    [
      agents({ match: "a", command: { args: ["x"] } }),
      'Expected only known fields in `agents[1].command` in `FILE`; got "args". Did you mean "argv"?',
    ],
    [
      agents({ match: "a", command: "node agent.js" }),
      "Expected `agents[1].command` in `FILE` to be an object with `argv`; got",
    ],
    [
      agents({ match: "a", command: { argv: [] } }),
      "Expected `agents[1].command.argv` in `FILE` to be a list with at least the program; got an empty list.",
    ],
    [
      agents({ match: "a", command: { argv: [""] } }),
      "Expected `agents[1].command.argv` in `FILE` to be a program's name in the first place",
    ],
    [
      agents({ match: "a", command: { argv: ["a\0b"] } }),
      "Expected `agents[1].command.argv[0]` in `FILE` to be a text without NUL characters",
    ],
    [
      agents({ match: "a", command: { argv: ["a"], env: { "A=B": "1" } } }),
      "Expected `agents[1].command.env.A=B` in `FILE` to be names of environment variables",
    ],
    [
      agents({ match: "a", command: { argv: ["a"], timeoutMs: 0 } }),
      "Expected `agents[1].command.timeoutMs` in `FILE` to be a whole number of milliseconds from 1 to 86400000; got 0.",
    ],
    [
      agents({ match: "a", http: { url: "ftp://x" } }),
      "Expected `agents[1].http.url` in `FILE` to be an address that begins with http:// or https://; got",
    ],
    [
      agents({ match: "a", http: { url: "file:///etc/passwd" } }),
      "Expected `agents[1].http.url` in `FILE` to be an address",
    ],
    [
      agents({ match: "a", http: { url: "http://x", headers: { secret: "b\r\nc" } } }),
      'Expected `agents[1].http.headers` in `FILE` to be names and values that may stand in an HTTP header; got an object with "secret".',
    ],
    [{ port: -1, queueMax: 0 }, "Correct it and start again. Also wrong: `queueMax`."],
  ])("%j", (value, message) => {
    const result = configSchema.safeParse(value);
    expect(result.error).toBeDefined();
    const { code, message: said } = explain(result.error as z.ZodError, value, "FILE");
    expect(code).toBe("LUBDUB_CONFIG_INVALID");
    expect(said).toContain(message);
  });
});

interface SchemaNode {
  readonly description?: string;
  readonly additionalProperties?: boolean | object;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

interface Field {
  readonly name: string;
  readonly node: SchemaNode;
}

/** Every field with its path, from the outside in. */
function fieldsOf(node: SchemaNode, path = ""): readonly Field[] {
  const inner = Object.entries(node.properties ?? {}).flatMap(([name, field]) => [
    { name: `${path}${name}`, node: field },
    ...fieldsOf(field, `${path}${name}.`),
  ]);
  return node.items === undefined ? inner : [...inner, ...fieldsOf(node.items, path)];
}

describe("configJsonSchema", () => {
  const schema = configJsonSchema() as unknown as SchemaNode;

  it("documents every field: meaning, and the default or that it is needed", () => {
    const fields = fieldsOf(schema);
    expect(fields.map(({ name }) => name)).toContain("agents.command.killGraceMs");
    expect(fields.filter(({ node }) => (node.description ?? "").length < 10)).toEqual([]);
  });

  it("refuses unknown fields everywhere", () => {
    const objects = [{ name: "", node: schema }, ...fieldsOf(schema)].filter(({ node }) => node.properties);
    expect(objects.length).toBeGreaterThan(4);
    expect(objects.filter(({ node }) => node.additionalProperties !== false)).toEqual([]);
  });

  it("is plain JSON", () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});
