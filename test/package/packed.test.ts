import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { start, until, type Running } from "../cli/support.ts";

/** The package as others get it: packed, installed into an empty folder, and used from there. */
const CHECKOUT = resolve(import.meta.dirname, "../..");
const INSTALL_MS_MAX = 240_000;
const SESSION = "agent:main:discord:channel:42";
const folder = mkdtempSync(join(tmpdir(), "lubdub-package-"));
const app = join(folder, "app");
const data = join(folder, "data");
let packed: readonly string[] = [];

beforeAll(() => {
  // `npm test` has built it already; a second build at the same time would pull the files from under other tests.
  const [report] = JSON.parse(
    npm(CHECKOUT, "pack", "--ignore-scripts", "--json", "--pack-destination", folder),
  ) as { filename: string; files: { path: string }[] }[];
  packed = report?.files.map(({ path }) => path) ?? [];
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), '{ "type": "module", "private": true }');
  npm(app, "install", "--no-audit", "--no-fund", "--prefer-offline", join(folder, report?.filename ?? ""));
}, INSTALL_MS_MAX);
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }));

test("it holds the program and what a reader needs, and nothing else", () => {
  expect(packed).toEqual(
    expect.arrayContaining([
      "package.json",
      "LICENSE",
      "README.md",
      "bin/lubdub.js",
      "dist/src/index.js",
      "dist/src/index.d.ts",
      "dist/dashboard/index.html",
    ]),
  );
  const built =
    /^dist\/((?:src|machines)\/[a-z0-9/-]+\.(?:d\.ts|js|json)|dashboard\/(index\.html|assets\/[\w-]+\.(js|css|svg)))$/;
  const others = packed.filter((path) => !built.test(path));
  expect(others.toSorted()).toEqual(["LICENSE", "README.md", "bin/lubdub.js", "package.json"]);
});

test("the command line answers, wakes and is woken", async () => {
  const version = run(process.execPath, [bin(), "--version"]);
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
  const up: Running = start(process.execPath, [bin(), "up", "--port", "0", "--data", data], {
    cwd: app,
    env: environment(),
  });
  await until(
    () => up.stderr().includes("Lubdub is up."),
    () => `the daemon is up; it said ${up.stderr()}`,
  );
  const woken = run(process.execPath, [
    bin(),
    "wake",
    "--session",
    SESSION,
    "--text",
    "the build is done",
    "--wait",
    "settled",
    "--data",
    data,
  ]);
  expect(woken).toMatch(new RegExp(`^acked: wake \\S+ for ${SESSION} in run \\S+\\n$`));
  await until(
    () => up.stdout().includes("the build is done"),
    () => `the agent prints the event; it said ${up.stdout()}`,
  );
  expect(up.stdout()).toContain(`Woken: ${SESSION} with 1 event`);
  up.child.kill("SIGTERM");
  expect(await up.ended).toMatchObject({ code: 0 });
});

test("the library imports, and wakes", () => {
  writeFileSync(
    join(app, "program.js"),
    `import { createHeartbeat, memoryStore } from "lubdub";
await using heartbeat = createHeartbeat({ store: memoryStore(), run: ({ sessionKey, events }) => ({ status: "ran", reply: sessionKey + " " + events[0].text }) });
const { eventId, wakeId } = await heartbeat.wake("hello", { sessionKey: "a", coalesceMs: 0 });
const { settlement } = await heartbeat.waitFor(eventId, "settled");
const ran = (await heartbeat.read()).find(({ type }) => type === "run.ran");
console.log(settlement, ran.body.reply, ran.facts.wakeId === wakeId);
for (const entry of ["client", "inspect", "machines", "openclaw"]) console.log(entry, Object.keys(await import("lubdub/" + entry)).length > 0);
`,
  );
  expect(run(process.execPath, ["program.js"])).toBe(
    "acked a hello true\nclient true\ninspect true\nmachines true\nopenclaw true\n",
  );
});

test("the types resolve, and a wrong outcome or option does not compile", () => {
  copyFileSync(join(CHECKOUT, "test/types/public-api.ts"), join(app, "consumer.ts"));
  writeFileSync(
    join(app, "mistake.ts"),
    'import { createHeartbeat } from "lubdub";\ncreateHeartbeat({ run: () => ({ status: "done" }) });\n',
  );
  expect(compile("consumer.ts")).toEqual({ status: 0, stdout: "" });
  const mistake = compile("mistake.ts");
  expect(mistake.status).not.toBe(0);
  expect(mistake.stdout).toMatch(/^mistake\.ts\(2,\d+\): error TS2322: .*"done"/);
});

function compile(file: string): { readonly status: number | null; readonly stdout: string } {
  const compiler = join(CHECKOUT, "node_modules/typescript/bin/tsc");
  const types = join(CHECKOUT, "node_modules/@types");
  const options = `--noEmit --strict --module nodenext --target es2024 --lib es2024,esnext.disposable --types node`;
  const { status, stdout } = spawnSync(
    process.execPath,
    [compiler, ...options.split(" "), "--typeRoots", types, file],
    { cwd: app, encoding: "utf8" },
  );
  return { status, stdout };
}

function bin(): string {
  return join(app, "node_modules/.bin/lubdub");
}

function npm(cwd: string, ...args: string[]): string {
  return run("npm", args, cwd);
}

function run(file: string, args: readonly string[], cwd: string = app): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd,
    encoding: "utf8",
    env: environment(),
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${status}:\n${stderr}${stdout}`);
  return stdout;
}

/** Nothing of the npm that runs the tests: it would take the checkout for the folder of the app. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|LUBDUB_)/i.test(name)),
  );
}
