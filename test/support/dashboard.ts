import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { connect } from "../../src/client/index.ts";
import type { Heartbeat } from "../../src/index.ts";
import { announced, workplace, type Workplace } from "../cli/support.ts";
import { launch } from "./browser.ts";

/** How long a crowded machine may take until a page shows something. */
const WAIT_MS_MAX = 60_000;

/** A real daemon, and a browser that is signed in to it. */
export interface Dashboard {
  readonly url: string;
  readonly place: Workplace;
  /** The same daemon, as programs call it: to make what the pages show. */
  readonly heartbeat: Heartbeat;
  /**
   * A signed-in page at a view, e.g. `#log?type=run.ran`. It is closed at the end of the test, and must have had no error but these.
   */
  open(view?: string, options?: BrowserContextOptions, expected?: readonly string[]): Promise<Page>;
  /** Ends the daemon: for the last test of a file. */
  stop(): Promise<void>;
  /** The address that signs one page in. */
  freshAddress(): Promise<string>;
}

/**
 * One daemon and one browser for all tests of a file; call it inside a `describe.skipIf(chromiumMissing() !== undefined)`.
 * @param prepare - writes the configuration: see `Workplace.agent`
 */
export function useDashboard(prepare: (place: Workplace) => void): Dashboard {
  let browser: Browser;
  let daemon: Omit<Dashboard, "open" | "freshAddress"> & { readonly token: string };
  let faults: string[] = [];
  beforeAll(async () => {
    const place = workplace("file");
    prepare(place);
    const running = await place.up();
    const url = announced(place.data)?.url ?? "";
    const token = readFileSync(join(place.data, "token"), "utf8").trim();
    const stop = async (): Promise<void> => {
      running.child.kill("SIGKILL");
      await running.ended;
    };
    daemon = { url, token, place, heartbeat: connect({ url, token }), stop };
    browser = await launch();
  });
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close();
    const found = faults;
    faults = [];
    expect(found).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.heartbeat.close();
  });
  const freshAddress = async (): Promise<string> => {
    const headers = { authorization: `Bearer ${daemon.token}`, "content-type": "application/json" };
    const answered = await fetch(`${daemon.url}/v1/sign-in-codes`, { method: "POST", headers });
    return `${daemon.url}/#code=${((await answered.json()) as { code: string }).code}`;
  };
  return {
    get url() {
      return daemon.url;
    },
    get place() {
      return daemon.place;
    },
    get heartbeat() {
      return daemon.heartbeat;
    },
    stop: () => daemon.stop(),
    freshAddress,
    async open(view = "#now", options = {}, expected = []) {
      const context = await browser.newContext(options);
      context.setDefaultTimeout(WAIT_MS_MAX);
      const page = await context.newPage();
      page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
      page.on("console", (message) => {
        const isExpected = expected.some((words) => message.text().includes(words));
        if (message.type() === "error" && !isExpected) faults.push(`console: ${message.text()}`);
      });
      await page.goto(await freshAddress());
      await page.getByRole("navigation", { name: "Views" }).waitFor();
      if (view !== "#now") await page.goto(`${daemon.url}/${view}`);
      return page;
    },
  };
}
