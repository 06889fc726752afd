import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { announced, until, workplace } from "../cli/support.ts";
import { chromiumMissing, launch } from "../support/browser.ts";
import { HOSTILE_PAGE, serveHostilePage, type HostileServer } from "./hostile-page.ts";

const KEY = "agent:main:discord:channel:42";
const EVENT = JSON.stringify({ text: "forged", sessionKey: KEY });

/** The daemon as it is shipped, and what it says to who has the token. */
async function startDaemon() {
  const place = workplace("file");
  place.agent("");
  const running = await place.up("--json", "--inspect");
  await until(
    () => running.stdout().endsWith("\n"),
    () => "the document",
  );
  const url = announced(place.data)?.url ?? "";
  const token = readFileSync(join(place.data, "token"), "utf8").trim();
  const authorization = { authorization: `Bearer ${token}` };
  const get = (path: string): Promise<Response> => fetch(url + path, { headers: authorization });
  return {
    url, token, place,
    port: new URL(url).port,
    position: async () => ((await (await get("/v1/status")).json()) as { position: number }).position,
    /** An address of the inspector, good once. */
    async freshCode(): Promise<string> {
      const { inspect } = JSON.parse(running.stdout()) as { inspect: string };
      const codes = `http://${new URL(inspect).host}/codes`;
      return ((await (await fetch(codes, { method: "POST", headers: authorization })).json()) as { stately: string }).stately;
    },
    /** Requests of this method that were answered with 4xx. */
    async refused(method: string): Promise<number> {
      const lines = (await (await get("/metrics")).text()).split("\n");
      const counted = new RegExp(`^lubdub_http_requests_total\\{method="${method}",.*status="4\\d\\d"\\} (\\d+)`);
      return lines.reduce((sum, line) => sum + Number(counted.exec(line)?.[1] ?? 0), 0);
    },
  }; // prettier-ignore
}

describe.skipIf(chromiumMissing() !== undefined)("a hostile page in Chromium", () => {
  let browser: Browser;
  let tabs: BrowserContext;
  let hostile: HostileServer;
  let daemon: Awaited<ReturnType<typeof startDaemon>>;
  beforeAll(async () => {
    daemon = await startDaemon();
    browser = await launch();
    tabs = await browser.newContext();
    hostile = await serveHostilePage();
  });
  afterAll(async () => {
    await browser?.close();
    await hostile?.[Symbol.asyncDispose]();
  });
  const pageAt = async (host: string): Promise<Page> => {
    const page = await tabs.newPage();
    await page.goto(`http://${host}:${hostile.port}/`);
    return page;
  };
  /** Runs a script of the page; `url`, `token` and `event` are there for it. */
  const run = (page: Page, script: string): Promise<unknown> => {
    const { url, token } = daemon;
    return page.evaluate(
      `(async ({ url, token, event }) => ${script})(${JSON.stringify({ url, token, event: EVENT })})`,
    );
  };

  describe("writes (CSRF): it arrives, is refused, and nothing is in the log", () => {
    const WRITES: readonly (readonly [name: string, method: string, script: string])[] = [
      ["a form", "POST", 'form(url + "/v1/events", "application/x-www-form-urlencoded", { text: "forged" })'],
      ["a form of text that is JSON", "POST", `form(url + "/v1/events", "text/plain", { '{"text":"forged","sessionKey":"s","source":"': '"}' })`],
      ["a form with a file's type", "POST", 'form(url + "/v1/events", "multipart/form-data", { text: "forged" })'],
      ["a form to wake a session", "POST", `form(url + "/v1/sessions/s/wake", "text/plain", { "{}": "" })`],
      ["fetch without CORS, as text", "POST", 'void fetch(url + "/v1/events", { method: "POST", mode: "no-cors", body: event })'],
      ["fetch without CORS that asks for JSON", "POST", 'void fetch(url + "/v1/events", { method: "POST", mode: "no-cors", headers: { "content-type": "application/json" }, body: event })'],
      ["fetch without CORS, of bytes without a type", "POST", 'void fetch(url + "/v1/events", { method: "POST", mode: "no-cors", body: new Blob([event]) })'],
      ["fetch with cookies and all", "POST", 'void fetch(url + "/v1/events", { method: "POST", mode: "no-cors", credentials: "include", body: event })'],
      ["fetch of JSON, which asks first", "OPTIONS", 'fetch(url + "/v1/events", { method: "POST", headers: { "content-type": "application/json" }, body: event }).then(() => "answered", () => "failed")'],
      ["fetch with the token, were it known", "OPTIONS", 'fetch(url + "/v1/events", { method: "POST", headers: { "content-type": "application/json", authorization: "Bearer " + token }, body: event }).then(() => "answered", () => "failed")'],
      ["DELETE", "OPTIONS", 'fetch(url + "/v1/sessions/s/turns/t", { method: "DELETE" }).then(() => "answered", () => "failed")'],
      ["a beacon", "POST", 'navigator.sendBeacon(url + "/v1/events", event)'],
      ["a beacon of a form", "POST", 'navigator.sendBeacon(url + "/v1/events", new URLSearchParams({ text: "forged" }))'],
      ["an image", "GET", 'element("img", { src: url + "/v1/events?text=forged" })'],
      ["a form that gets", "GET", 'form(url + "/v1/events", "text/plain", { text: "forged" }, "GET")'],
      ["a frame without an origin", "POST", 'element("iframe", { sandbox: "allow-scripts", srcdoc: `<script>fetch("${url}/v1/events", { method: "POST", mode: "no-cors", body: "{}" })</script>` })'],
    ]; // prettier-ignore

    test.each(WRITES)("%s", async (_, method, script) => {
      const before = { position: await daemon.position(), refused: await daemon.refused(method) };
      const page = await pageAt("evil.test");
      expect(await run(page, script)).not.toBe("answered");
      await until(
        async () => (await daemon.refused(method)) > before.refused,
        () => `a ${method} arrives and is refused`,
      );
      expect(await daemon.position()).toBe(before.position);
      await page.close();
    });

    test.each(["127.0.0.1", "localhost"])("a page on another port of %s, which is the same site", async (host) => {
      const position = await daemon.position();
      const page = await pageAt(host);
      for (const [, method, script] of WRITES) {
        const refused = await daemon.refused(method);
        await run(page, script);
        await until(
          async () => (await daemon.refused(method)) > refused,
          () => `refused: ${script}`,
        );
      }
      expect(await daemon.position()).toBe(position);
      await page.close();
    }); // prettier-ignore
  });

  describe("rebinds its name to this machine", () => {
    /** The page came from elsewhere under this name and port; now the name leads here, and all that it asks for is its own origin. */
    async function rebound(): Promise<Page> {
      const page = await tabs.newPage();
      const { port } = daemon;
      const address = `http://evil.test:${port}/`;
      await page.route(address, (route) => route.fulfill({ contentType: "text/html", body: HOSTILE_PAGE }));
      await page.goto(address);
      expect(await page.evaluate("location.origin + document.title")).toBe(`http://evil.test:${port}hostile`);
      return page;
    }
    const REQUESTS: readonly (readonly [name: string, request: string])[] = [
      ["reads the status", 'fetch("/v1/status")'],
      ["reads the status with the token", 'fetch("/v1/status", { headers: { authorization: "Bearer " + token } })'],
      ["reads whether it lives", 'fetch("/healthz")'],
      ["posts an event", 'fetch("/v1/events", { method: "POST", headers: { "content-type": "application/json" }, body: event })'],
      ["posts an event with the token", 'fetch("/v1/events", { method: "POST", headers: { "content-type": "application/json", authorization: "Bearer " + token }, body: event })'],
      ["reads the log", 'fetch("/v1/log", { headers: { authorization: "Bearer " + token } })'],
    ]; // prettier-ignore

    test.each(REQUESTS)("%s: refused, because of the Host", async (_, request) => {
      const position = await daemon.position();
      const page = await rebound();
      const answer = `${request}.then(async (answer) => ({ status: answer.status, ...(await answer.json()) }))`;
      expect(await run(page, answer)).toMatchObject({
        status: 403,
        code: "LUBDUB_FORBIDDEN",
        got: expect.stringContaining("evil.test"),
      });
      expect(await daemon.position()).toBe(position);
      await page.close();
    });
  });

  describe("reads", () => {
    const READS: readonly (readonly [name: string, script: string, got: string])[] = [
      ["with fetch", 'fetch(url + "/healthz").then(() => "read", () => "failed")', "failed"],
      ["with fetch, the status", 'fetch(url + "/v1/status").then(() => "read", () => "failed")', "failed"],
      ["with fetch and the token", 'fetch(url + "/v1/status", { headers: { authorization: "Bearer " + token } }).then(() => "read", () => "failed")', "failed"],
      ["without CORS", 'fetch(url + "/healthz", { mode: "no-cors" }).then((answer) => answer.text(), () => "failed")', "failed"],
      ["as a script", 'element("script", { src: url + "/healthz" })', "failed"],
      ["the document as a script", 'element("script", { src: url + "/openapi.json" })', "failed"],
      ["as a style", 'element("link", { rel: "stylesheet", href: url + "/healthz" })', "failed"],
      ["as an image", 'element("img", { src: url + "/metrics" })', "failed"],
      ["as a stream", 'new Promise((done) => { const made = new EventSource(url + "/v1/log"); made.onopen = () => done("open"); made.onerror = () => done("failed"); })', "failed"],
    ]; // prettier-ignore

    test.each(READS)("%s: the browser gives it nothing", async (_, script, got) => {
      for (const host of ["evil.test", "127.0.0.1"]) {
        const page = await pageAt(host);
        expect(await run(page, script)).toBe(got);
        await page.close();
      }
    });

    test("in a frame: the browser shows an error instead", async () => {
      const page = await pageAt("evil.test");
      await run(page, 'element("iframe", { src: url + "/healthz" })');
      // Playwright may learn of it a moment after the page does.
      await expect
        .poll(() => page.frames().map((frame) => frame.url()))
        .toContain("chrome-error://chromewebdata/");
      await page.close();
    });

    test("live actors over a WebSocket: refused even with a code that is good", async () => {
      const inspect = await daemon.freshCode();
      for (const host of ["evil.test", "127.0.0.1", "localhost"]) {
        const page = await pageAt(host);
        expect(await run(page, `socket(${JSON.stringify(inspect)})`)).toBe("refused");
        expect(await run(page, 'socket(url.replace("http", "ws") + "/v1/log")')).toBe("refused");
        await page.close();
      }
      const viewer = new WebSocket(inspect);
      await new Promise((opened, failed) => {
        viewer.addEventListener("open", opened);
        viewer.addEventListener("error", failed);
      });
      viewer.close();
    });
  });

  describe("hides a script in what the daemon answers (XSS)", () => {
    const SCRIPT = '<script>alert("it ran")</script><img src=x onerror=alert(1)>';
    const hidden = encodeURIComponent(SCRIPT);
    const dialogsOf = (page: Page): string[] => {
      const dialogs: string[] = [];
      page.on("dialog", (dialog) => {
        dialogs.push(dialog.message());
        void dialog.dismiss();
      });
      return dialogs;
    };
    /** Opened like a link that was typed: the browser itself says that no page sent it. */
    const ADDRESSES = [
      "/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/status", "/v1/log", "/v1/dead", "/v1/sessions",
      `/${SCRIPT}`, `/${hidden}`, `/v1/sessions/${hidden}/why`, `/v1/sessions/${hidden}/events`, `/v1/wakes/${hidden}`,
      `/v1/log?after=${hidden}`, `/v1/sessions/${hidden}/state?at=${hidden}`, `/index.html?${SCRIPT}`, `/${hidden}.html`,
    ]; // prettier-ignore

    test.each([true, false])("every answer is data for the browser, with the token: %s", async (isKnown) => {
      const event = ["wake", "--session", SCRIPT, "--text", SCRIPT, "--wait", "settled"];
      expect((await daemon.place.run(...event)).code).toBe(0);
      const extraHTTPHeaders = { authorization: `Bearer ${isKnown ? daemon.token : "x"}` };
      const context = await browser.newContext({ extraHTTPHeaders });
      const page = await context.newPage();
      const dialogs = dialogsOf(page);
      const statuses = new Set<number>();
      for (const address of ADDRESSES) {
        const answer = await page.goto(daemon.url + address);
        statuses.add(answer?.status() ?? 0);
        const headers = answer?.headers() ?? {};
        const shown = await page.evaluate(
          "({ type: document.contentType, active: document.querySelectorAll('script, img').length })",
        );
        expect({ address, ...headers, shown }).toMatchObject({
          address,
          "content-type": expect.stringMatching(/^(application\/(problem\+)?json|text\/plain)/),
          "x-content-type-options": "nosniff",
          "content-security-policy": expect.stringContaining("default-src 'none'"),
          shown: { type: expect.not.stringContaining("html"), active: 0 },
        });
      }
      expect(dialogs).toEqual([]);
      expect(statuses).toContain(isKnown ? 200 : 401);
      await context.close();
    });

    test("where nothing stands against it, it runs: this would be seen", async () => {
      const page = await tabs.newPage();
      const dialogs = dialogsOf(page);
      await page.goto(`http://evil.test:${hostile.port}/script`);
      expect(dialogs).toEqual(["it ran"]);
      await page.close();
    });
  });
});
