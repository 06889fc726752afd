import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { serveHttp } from "../src/http/index.ts";
import { createHeartbeat, sqliteStore, type Heartbeat } from "../src/index.ts";
import { chromiumMissing, launch } from "../test/support/browser.ts";
import { benchFolder } from "./folders.ts";
import { progress } from "./progress.ts";
import { atMost, print, type Line } from "./report.ts";
import { spreadOf } from "./statistics.ts";
import { TEXT } from "./workload.ts";

/**
 * `npm run bench:pages [-- --quick] [-- --json]`: the dashboard in a real Chromium, before a log of 1,000,000 events in 100,000
 * sessions that all wait. Times are from the moment at which the browser is told to load the page.
 */
const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const sessions = 100_000;
const perSession = values.quick ? 1 : 10;
const rounds = values.quick ? 3 : 9;
const TOGETHER = 5_000;
const A_DAY_MS = 86_400_000;
const TOKEN = "a-token-for-the-measurement";

const missing = chromiumMissing();
if (missing !== undefined) throw new Error(missing);
using folder = benchFolder();
await using heartbeat = createHeartbeat({
  store: sqliteStore({ folder: folder.path }),
  run: () => ({ status: "skipped", reason: "not-now" }),
  lingerMs: A_DAY_MS,
});
await build(heartbeat);
const server = await serveHttp({ heartbeat, token: TOKEN, port: 0 });
const browser = await launch();
try {
  const page = await browser.newPage();
  const signedIn = await address();
  const startedMs = performance.now();
  await page.goto(signedIn, { waitUntil: "commit" });
  await page.locator(".sessions tbody tr").first().waitFor();
  const firstMs = performance.now() - startedMs;
  await page.locator(".looking").waitFor({ state: "detached", timeout: 300_000 });
  const wholeMs = performance.now() - startedMs;
  const paints: number[] = [];
  const lists: number[] = [];
  const logs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    lists.push(await untilShown(page, "#now", ".sessions tbody tr"));
    paints.push(await paintMs(page));
    logs.push(await untilShown(page, "#log", ".record"));
  }
  const lines: Line[] = [
    atMost({ what: "first paint", unit: "ms", ...spreadOf(paints) }, 1_000),
    { what: "a hundred sessions, oldest wait first, are shown", unit: "ms", ...spreadOf(lists) },
    { what: "the first of them, when nobody has looked for a minute", unit: "ms", ...spreadOf([firstMs]) },
    { what: "until all lanes were looked through for that", unit: "ms", ...spreadOf([wholeMs]) },
    { what: "the end of the log is shown", unit: "ms", ...spreadOf(logs) },
  ];
  const events = (sessions * perSession).toLocaleString("en");
  print([{ title: `${events} events in ${sessions.toLocaleString("en")} sessions`, lines }], values.json);
} finally {
  await browser.close();
  await server.close();
}

async function build(into: Heartbeat): Promise<void> {
  const show = progress("building");
  const total = sessions * perSession;
  for (let from = 0; from < total; from += TOGETHER) {
    const keys = Array.from(
      { length: TOGETHER },
      (_, at) => `agent:main:discord:channel:${(from + at) % sessions}`,
    );
    await Promise.all(keys.map((sessionKey) => into.enqueueSystemEvent(TEXT, { sessionKey })));
    show((from + TOGETHER) / total);
  }
}

/** Signs a page in. */
async function address(): Promise<string> {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const answered = await fetch(`${server.url}/v1/sign-in-codes`, { method: "POST", headers });
  return `${server.url}/#code=${((await answered.json()) as { code: string }).code}`;
}

/** Loads the page anew at a view, until this is there. */
async function untilShown(page: Page, view: string, selector: string): Promise<number> {
  await page.goto(`${server.url}/${view}`);
  const startedMs = performance.now();
  await page.reload({ waitUntil: "commit" });
  await page.locator(selector).first().waitFor();
  return performance.now() - startedMs;
}

/** By the browser's own clock, from the beginning of the load. */
async function paintMs(page: Page): Promise<number> {
  const script = 'performance.getEntriesByName("first-contentful-paint")[0].startTime';
  return (await page.evaluate(script)) as number;
}
