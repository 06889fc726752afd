import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { presenceIn } from "../../src/daemon/presence.ts";
import { MAIN, start } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "lubdub-program-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("every command is there when it alone is asked for, and is the same as among all", async () => {
  const all = (await createProgram()).commands;
  expect(all.length).toBeGreaterThan(15);
  for (const known of all) {
    const alone = await createProgram(known.name());
    const found = alone.commands.find((command) => command.name() === known.name());
    expect(found?.helpInformation()).toBe(known.helpInformation());
  }
});

test("what is no command has all of them to choose from", async () => {
  const all = (await createProgram()).commands.length;
  for (const wanted of ["wkae", "help", "--help", "", "toString"]) {
    expect((await createProgram(wanted)).commands).toHaveLength(all);
  }
});

test("a wake does not load what only the daemon needs", async () => {
  const hook = `import { registerHooks } from "node:module";
registerHooks({ load: (url, context, next) => (process.stderr.write(url + "\\n"), next(url, context)) });`;
  const args = ["--import", `data:text/javascript,${encodeURIComponent(hook)}`, MAIN];
  const env = { ...process.env, LUBDUB_DATA: folder };
  const { stderr } = await start(process.execPath, [...args, "wake", "--session", "s"], { env }).ended;
  expect(stderr).toContain("/src/client/");
  expect(stderr).not.toMatch(/node_modules\/(?:zod|xstate|hono|croner|prom-client)\//);
});

test("an announcement leads to this machine, or nowhere", () => {
  const presence = { pid: 7, url: "http://127.0.0.1:5823", startedAtMs: 1 };
  const read = (written: unknown) => {
    writeFileSync(join(folder, "daemon.json"), JSON.stringify(written), { mode: 0o600 });
    return presenceIn(folder);
  };
  expect(read(presence)).toEqual(presence);
  expect(read({ ...presence, url: "http://[::1]:5823" })).toBeDefined();
  const refused = [
    null,
    "x",
    [],
    {},
    ...["http://evil.test", "http://127.0.0.1.evil.test", "nowhere", "", 7].map((url) => ({
      ...presence,
      url,
    })),
    ...[0, -1, 1.5, "7", null].map((pid) => ({ ...presence, pid })),
    { ...presence, startedAtMs: "1" },
  ];
  for (const written of refused) expect(read(written)).toBeUndefined();
});
