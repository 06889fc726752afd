import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** What must be refused, and where: each file breaks one ban. */
const BANNED: Readonly<Record<string, readonly string[]>> = {
  machines: [
    "export const nowMs = Date.now();",
    "export const now = new Date();",
    "export const random = Math.random();",
    "export const { random } = Math;",
    "setTimeout(() => {}, 1);",
    "setInterval(() => {}, 1);",
    "setImmediate(() => {});",
    "queueMicrotask(() => {});",
    "export const nowMs = performance.now();",
    "export const home = process.env.HOME;",
    'export const page = fetch("http://127.0.0.1");',
    "export const id = crypto.randomUUID();",
    'console.log("hello");',
    "export const nowMs = globalThis.Date.now();",
    'export * from "node:fs";',
    'export * from "node:fs/promises";',
    'export { readFileSync } from "fs";',
    'import { randomUUID } from "node:crypto"; export const id = randomUUID();',
    'export { z } from "zod";',
    'export * from "../src/errors.ts";',
    'export * from "../src/core/step.ts";',
  ],
  "src/core": [
    "export const nowMs = Date.now();",
    "export const random = Math.random();",
    "setTimeout(() => {}, 1);",
    'export * from "node:fs";',
    'export * from "node:sqlite";',
    'export { z } from "zod";',
    'export * from "../log/store.ts";',
    'export * from "../log/sqlite/index.ts";',
    'export * from "../run/clock.ts";',
    'export * from "../hosts/embedded.ts";',
    'export * from "../intake/accept.ts";',
    'export * from "../options.ts";',
    'export * from "../api.ts";',
    'export * from "../index.ts";',
  ],
  "src/policy": [
    "export const nowMs = Date.now();",
    "export const now = new Date();",
    'export { Cron } from "croner";',
    'export * from "node:fs";',
    'export * from "../options.ts";',
  ],
  "src/log": [
    'export * from "../run/journal.ts";',
    'export * from "../hosts/embedded.ts";',
    'export * from "../http/index.ts";',
  ],
  "src/log/sqlite": ['export * from "../../run/journal.ts";', 'export * from "../../intake/accept.ts";'],
  "src/run": [
    'export * from "../hosts/embedded.ts";',
    'export * from "../log/memory.ts";',
    'export * from "../log/sqlite/index.ts";',
    'export * from "../cli/main.ts";',
  ],
  "src/intake": ['export * from "../hosts/embedded.ts";', 'export * from "../http/index.ts";'],
  "src/hosts": [
    'export * from "../http/index.ts";',
    'export * from "../cli/main.ts";',
    'export * from "../daemon/daemon.ts";',
  ],
  "src/http": [
    'export * from "../log/store.ts";',
    'export * from "../run/journal.ts";',
    'export * from "../hosts/embedded.ts";',
    'export * from "../../machines/index.ts";',
  ],
  "src/http/routes": [
    'export * from "../../hosts/embedded.ts";',
    'export * from "../../log/sqlite/index.ts";',
    'export * from "../../../machines/index.ts";',
  ],
  "src/cli": [
    'export * from "../log/sqlite/index.ts";',
    'export * from "../intake/parse.ts";',
    'export * from "../run/clock.ts";',
  ],
  "src/client": ['export * from "../hosts/embedded.ts";', 'export * from "../log/store.ts";'],
};

/** What must stay allowed. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  machines: [
    'export { setup } from "xstate";',
    'export * from "./pending.ts";',
    "export const most = Math.max(1, 2);",
  ],
  "src/core": [
    'export { createActor } from "xstate";',
    'export * from "./step.ts";',
    'export * from "../errors.ts";',
    'export type * from "../vocabulary.ts";',
    'export * from "../../machines/index.ts";',
  ],
  "src/log": ['export type * from "../core/records.ts";', 'export * from "node:fs";'],
  "src/run": [
    'export * from "../core/step.ts";',
    'export type * from "../log/store.ts";',
    "setTimeout(() => {}, 1);",
  ],
  "src/hosts": [
    'export * from "../run/runner.ts";',
    'export * from "../log/memory.ts";',
    'export * from "../intake/accept.ts";',
  ],
  "src/http": ['export type * from "../api.ts";', 'export * from "../errors.ts";'],
  "src/cli": ['export * from "../index.ts";', 'export * from "../client/index.ts";'],
};

let folder: string;
let refused: ReadonlySet<string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lubdub-lint-"));
  copyFileSync(".oxlintrc.json", join(folder, ".oxlintrc.json"));
  for (const [kind, rules] of Object.entries({ BANNED, ALLOWED })) {
    for (const [place, texts] of Object.entries(rules)) {
      for (const [index, text] of texts.entries()) put(join(folder, probe(kind, place, index)), text);
    }
  }
  refused = lint();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(Object.entries(BANNED))("%s", (place, texts) => {
  test.each(texts.map((text, index) => [text, index] as const))("may not say %s", (_, index) => {
    expect(refused).toContain(probe("BANNED", place, index));
  });
});
describe.each(Object.entries(ALLOWED))("%s", (place, texts) => {
  test.each(texts.map((text, index) => [text, index] as const))("may say %s", (_, index) => {
    expect(refused).not.toContain(probe("ALLOWED", place, index));
  });
});

const probe = (kind: string, place: string, index: number): string =>
  `${place}/${kind.toLowerCase()}-${index}.ts`;

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${text}\n`);
}

/** Files that a ban refuses, by path. */
function lint(): ReadonlySet<string> {
  let output: string;
  try {
    output = execFileSync(resolve("node_modules/.bin/oxlint"), ["-c", ".oxlintrc.json", "-f", "json"], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
  } catch (error) {
    output = (error as { readonly stdout: string }).stdout; // it exits with 1 when it refuses something
  }
  const { diagnostics } = JSON.parse(output) as { diagnostics: { code: string; filename: string }[] };
  const bans = diagnostics.filter(({ code }) => /no-restricted-|no-console/.test(code));
  return new Set(bans.map(({ filename }) => filename));
}
