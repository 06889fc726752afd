import { describe, expect, test } from "vitest";
import { accessFaults } from "../support/axe.ts";
import { chromiumMissing } from "../support/browser.ts";
import { useDashboard } from "../support/dashboard.ts";
import { until } from "../cli/support.ts";

const BUSY = "agent:busy:discord:channel:42";
const BROKEN = "agent:broken:cron";
const HOSTILE = '<img src=x onerror="document.title=1"><script>alert(1)</script>';

/** The agents say by their names what they do. */
const AGENT = `
if (key.includes("busy")) process.exit(75);
if (key.includes("broken")) { console.error("it broke"); process.exit(1); }
`;

describe.skipIf(chromiumMissing() !== undefined)("the view Now", () => {
  const dashboard = useDashboard((place) => place.agent(AGENT, { maxAttempts: 1 }));

  test("says who waits, since when, and why, in the words of the command line, and counts down", async () => {
    await dashboard.heartbeat.wake("npm test ended", { sessionKey: BUSY });
    const page = await dashboard.open();
    const row = page.getByRole("row").filter({ hasText: BUSY });
    await row.getByText("retrying").waitFor();
    const sentence = (): Promise<string> => row.locator(".why").innerText();
    await until(
      async () => /asked again in [1-9]/.test(await sentence()),
      () => "the sentence names a time",
    );
    // Both at one moment: no record in between, and the times left out.
    await expect
      .poll(async () => {
        const [{ sentence: said }, shown] = [await dashboard.heartbeat.why(BUSY), await sentence()];
        return said.replace(/[\d.]+ s/, "") === shown.replace(/[\d.]+ s/, "");
      })
      .toBe(true);
    const first = await sentence();
    await until(
      async () => (await sentence()) !== first,
      () => "it counts down",
    );
    expect(await row.getByRole("cell").nth(2).innerText()).toBe("1");
    expect(await row.getByRole("cell").nth(3).innerText()).toMatch(/^\d+ s$/);
    expect(await accessFaults(page)).toEqual([]);
  });

  test("counts dead letters in the title; one is put back, and one dismissed, only when that is confirmed", async () => {
    const { heartbeat } = dashboard;
    for (const text of ["the first", HOSTILE]) {
      const { wakeId } = await heartbeat.wake(text, { sessionKey: BROKEN });
      await heartbeat.waitFor(wakeId, "settled");
    }
    const page = await dashboard.open("#now?list=dead");
    const letter = page.getByRole("listitem").filter({ hasText: "img src" });
    await letter.waitFor();
    // Another's text is text.
    expect(await letter.locator("blockquote").innerText()).toBe(HOSTILE);
    expect(await page.locator("img").count()).toBe(0);
    await expect.poll(() => page.title()).toBe("(2 dead) Now · Lubdub");
    expect(await accessFaults(page)).toEqual([]);

    await letter.getByRole("button", { name: "Dismiss" }).click();
    expect(await heartbeat.deadLetters()).toHaveLength(2);
    await letter.getByRole("button", { name: "Dismiss for good" }).click();
    await expect.poll(() => page.title()).toBe("(1 dead) Now · Lubdub");
    const [left] = await heartbeat.deadLetters();
    expect(left?.event.text).toBe("the first");

    const before = dashboard.place.calls().filter(({ key }) => key === BROKEN).length;
    // The title may know of it before the list does.
    const first = page.getByRole("listitem").filter({ hasText: "the first" });
    await first.getByRole("button", { name: "Requeue" }).click();
    await until(
      () => dashboard.place.calls().filter(({ key }) => key === BROKEN).length > before,
      () => "the agent is woken again",
    );
  });

  test("shows a hundred sessions a page, oldest first, however many there are", async () => {
    const { heartbeat } = dashboard;
    const keys = Array.from({ length: 150 }, (_, index) => `many:${String(index).padStart(3, "0")}`);
    for (const sessionKey of keys) await heartbeat.enqueueSystemEvent("later", { sessionKey });
    const page = await dashboard.open("#now?q=many");
    const shown = (): Promise<string[]> => page.locator("tbody .key").allInnerTexts();
    await expect.poll(shown).toEqual(keys.slice(0, 100));
    await page.getByRole("button", { name: "Next page" }).click();
    await expect.poll(shown).toEqual(keys.slice(100));
    expect(page.url()).toContain("after=");
    await page.getByRole("searchbox").fill("many:07");
    await expect.poll(shown).toEqual(keys.filter((key) => key.startsWith("many:07")));
    await page.getByRole("link", { name: "All sessions" }).click();
    await expect.poll(shown).toEqual(keys.filter((key) => key.startsWith("many:07")));
  });
});
