import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { LogRecord } from "../../src/index.ts";
import { accessFaults } from "../support/axe.ts";
import { chromiumMissing } from "../support/browser.ts";
import { useDashboard } from "../support/dashboard.ts";

const [KEY, OTHER] = ["agent:main:discord:channel:42", "agent:other"] as const;
const HOSTILE = '<svg onload="alert(1)"> \u202egpj.exe';

describe.skipIf(chromiumMissing() !== undefined)("the view Log", () => {
  const dashboard = useDashboard((place) => place.agent('console.log("the reply");'));

  test("shows what happens, newest first; filters by session, type and words; a record as a whole", async () => {
    const { heartbeat } = dashboard;
    for (const sessionKey of [KEY, OTHER]) {
      const { wakeId } = await heartbeat.wake(HOSTILE, { sessionKey });
      await heartbeat.waitFor(wakeId, "settled");
    }
    const page = await dashboard.open("#log");
    const types = (): Promise<string[]> => page.locator(".record .type").allInnerTexts();
    const three = ["run.ran", "run.started", "event.queued"];
    await expect.poll(types).toEqual([...three, ...three]);
    await page.getByPlaceholder("Session key").fill(KEY);
    await page.keyboard.press("Enter");
    await expect.poll(types).toEqual(three);
    await page.getByRole("combobox", { name: "Type" }).selectOption("event.queued");
    await expect.poll(types).toEqual(["event.queued"]);
    // Another's text is text, and what would turn its direction is seen.
    expect(await page.locator(".record .words").innerText()).toContain(
      '<svg onload="alert(1)"> \\u202egpj.exe',
    );
    await page.getByTitle("The whole record").click();
    const whole = await page
      .getByRole("region", { name: /^Record / })
      .locator("pre")
      .innerText();
    expect(JSON.parse(whole)).toMatchObject({ sessionKey: KEY, type: "event.queued" });
    expect(await accessFaults(page)).toEqual([]);
    await page.goto(`${dashboard.url}/#log?q=the+reply`);
    await expect.poll(types).toEqual(["run.ran", "run.ran"]);
  });

  test("follows; paused, it says how many are new, and shows them when it goes on", async () => {
    const { heartbeat } = dashboard;
    const page = await dashboard.open("#log?type=event.queued");
    const words = page.locator(".record .words");
    await words.first().waitFor();
    await heartbeat.wake("it follows", { sessionKey: KEY });
    await page.getByText("it follows").first().waitFor();
    await page.getByRole("button", { name: "Following" }).click();
    await heartbeat.wake("it is paused", { sessionKey: KEY });
    await page.getByRole("button", { name: "Paused: 1 new" }).click();
    await expect.poll(() => words.first().innerText()).toContain("it is paused");
  });

  test("exports what matches as lines of JSON, oldest first", async () => {
    const page = await dashboard.open(`#log?session=${OTHER}`);
    await page.locator(".record").first().waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export" }).click(),
    ]);
    const lines = readFileSync(await download.path(), "utf8")
      .trim()
      .split("\n");
    const records = await dashboard.heartbeat.read({ sessionKey: OTHER });
    expect(lines.map((line) => JSON.parse(line) as LogRecord)).toEqual(records);
    expect(records.length).toBeGreaterThan(2);
  });
});
