import { mkdirSync } from "node:fs";
import { createHeartbeat, memoryStore } from "../../src/index.ts";
import { serveHttp } from "../../src/http/index.ts";
import { createInspector } from "../../src/inspect/index.ts";
import { chromiumMissing, launch } from "./browser.ts";
import { serveInspectorPage } from "./inspector-page.ts";
import { playStory, STORY_KEY, storyAgent } from "./story.ts";

/** `npm run screenshots` makes the pictures in the README: of a real heartbeat, in a real browser. */
const FOLDER = "docs/screenshots";
const VIEWPORT = { width: 1180, height: 620 };
/** Until what moves has come to rest. */
const SETTLE_MS = 800;
const TOKEN = "a-token-for-the-pictures";

const missing = chromiumMissing();
if (missing !== undefined) throw new Error(missing);
await using viewer = await serveInspectorPage();
await using inspector = await createInspector({ token: TOKEN, origins: [viewer.url] });
await using heartbeat = createHeartbeat({
  inspect: inspector,
  run: storyAgent(),
  store: memoryStore(),
  coalesceMs: 200,
  failedBackoff: { baseMs: 1_000, capMs: 60_000 },
});
const server = await serveHttp({ heartbeat, token: TOKEN, port: 0 });
const browser = await launch();
try {
  await playStory(heartbeat);
  const records = await heartbeat.read({ sessionKey: STORY_KEY });
  const story = records.find(({ type }) => type === "event.queued");
  const failed = records.find(({ type }) => type === "run.failed")?.position;
  const { wakeId = "" } = (story?.facts ?? {}) as { readonly wakeId?: string };
  const page = await (await browser.newContext({ viewport: VIEWPORT, colorScheme: "light" })).newPage();
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const answered = await fetch(`${server.url}/v1/sign-in-codes`, { method: "POST", headers });
  const { code } = (await answered.json()) as { readonly code: string };
  await page.goto(`${server.url}/#code=${code}`);
  await page.getByRole("navigation", { name: "Views" }).waitFor();
  const key = encodeURIComponent(STORY_KEY);
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, address] of [
    ["now", "#now"],
    ["session", `#session?key=${key}`],
    ["wake", `#wake?id=${wakeId}`],
    ["statechart", `#statechart?session=${key}&at=${failed}`],
    ["schedules", "#schedules?zone=Asia%2FTokyo"],
    ["log", "#log"],
  ] as const) {
    // A chart is cut nowhere.
    await page.setViewportSize({ ...VIEWPORT, height: name === "statechart" ? 900 : VIEWPORT.height });
    await page.goto(`${server.url}/${address}`);
    await page.locator("main :is(td, li, svg)").first().waitFor();
    await page.waitForTimeout(SETTLE_MS);
    await page.screenshot({ path: `${FOLDER}/${name}.png` });
  }
  const shown = new URLSearchParams({ server: inspector.url(), actor: `heartbeat:${STORY_KEY}` });
  await page.goto(`${viewer.url}/?${shown.toString()}`);
  await heartbeat.wake("The linter was updated.", { sessionKey: STORY_KEY, source: "exec-event" });
  await page.locator("#events li").nth(5).waitFor();
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: `${FOLDER}/inspector.png` });
} finally {
  await browser.close();
  await server.close();
}
