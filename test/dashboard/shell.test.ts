import { describe, expect, test } from "vitest";
import { accessFaults } from "../support/axe.ts";
import { chromiumMissing } from "../support/browser.ts";
import { useDashboard } from "../support/dashboard.ts";

const KEY = "agent:main:discord:channel:42";

describe.skipIf(chromiumMissing() !== undefined)("the dashboard", () => {
  const dashboard = useDashboard((place) => place.agent(""));

  test("opened with a fresh code, shows the sessions, and keeps the code in no address", async () => {
    await dashboard.heartbeat.wake("The build is done.", { sessionKey: KEY });
    const page = await dashboard.open();
    expect(page.url()).toBe(`${dashboard.url}/`);
    await page.getByRole("link", { name: "All sessions" }).click();
    await page.getByRole("link", { name: KEY }).waitFor();
    expect(await page.evaluate("document.cookie")).toBe("");
    await page.reload();
    await page.getByRole("link", { name: KEY }).waitFor();
    await page.getByText("live", { exact: true }).first().waitFor();
  });

  test("without a sign-in, says what to type; with a used code, why not", async () => {
    const page = await dashboard.open();
    const used = await dashboard.freshAddress();
    const other = await page.context().browser()?.newPage();
    await other?.goto(dashboard.url);
    await other?.getByText("lubdub open").waitFor();
    await other?.goto(used);
    await other?.getByRole("navigation", { name: "Views" }).waitFor();
    await other?.getByRole("button", { name: "Sign out" }).click();
    await other?.goto(used);
    await other?.getByRole("alert").filter({ hasText: "used or older than 60 s" }).waitFor();
    expect(await other?.getByRole("navigation").count()).toBe(0);
  });

  test("shows a new session without being asked, and is usable by everyone, in the dark too", async () => {
    const page = await dashboard.open("#now?list=all");
    await page.getByText("live", { exact: true }).first().waitFor();
    await dashboard.heartbeat.wake("Another one.", { sessionKey: "agent:main:later" });
    await page.getByRole("link", { name: "agent:main:later" }).waitFor();
    expect(await accessFaults(page)).toEqual([]);
  });

  test.each(["now", "session", "wake", "statechart", "schedules", "log"])(
    "%s: the keyboard alone reaches everything",
    async (name) => {
      const { heartbeat } = dashboard;
      const { eventId } = await heartbeat.wake("x", { sessionKey: KEY });
      await heartbeat.waitFor(eventId, "settled");
      await heartbeat.setSchedule({ scheduleId: "beat", sessionKey: KEY, everyMs: 3_600_000 });
      const of: Record<string, object> = {
        now: { list: "all" },
        session: { key: KEY },
        wake: { id: eventId },
      };
      const page = await dashboard.open(`#${name}?${new URLSearchParams({ ...of[name] }).toString()}`);
      await page.getByText(KEY).first().waitFor();
      const wanted = (await page.evaluate(REACHABLE)) as readonly string[];
      const reached = new Set<string>();
      for (let presses = 0; presses < 2 * wanted.length; presses++) {
        await page.keyboard.press("Tab");
        reached.add(await page.evaluate(FOCUSED));
      }
      expect(wanted.length).toBeGreaterThan(7);
      expect(wanted.filter((name) => !reached.has(name))).toEqual([]);
    },
  );

  test("keys: `/` leads to the filter, Enter follows a link, and every focus is seen", async () => {
    const page = await dashboard.open();
    await page.getByRole("link", { name: "Log" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Records, newest first" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("hello");
    await expect.poll(() => page.url()).toContain("#log?q=hello");
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    expect(outline).toBe("solid");
  });

  test("says that it is stale when the daemon is not heard any more", async () => {
    const page = await dashboard.open("#log", {}, ["net::ERR_"]);
    await page.getByText("live", { exact: true }).first().waitFor();
    await dashboard.stop();
    await page.getByText(/^stale: nothing heard for \d+ s$/).waitFor();
    expect(await accessFaults(page)).toEqual([]);
  });
});

/** What can be used, by what it says; without its figures, which change while one looks. */
const NAME_OF = `(element) =>
  (element.getAttribute("aria-label") ?? element.innerText + (element.placeholder ?? "") + (element.href ?? "")).replace(/\\d+/g, "N")`;
const REACHABLE = `[...document.querySelectorAll("a[href], button:not(:disabled), input, select, summary")]
  .filter((element) => element.checkVisibility())
  .map(${NAME_OF})`;
const FOCUSED = `(${NAME_OF})(document.activeElement)`;
