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
    await page.getByRole("link", { name: KEY }).waitFor();
    expect(page.url()).not.toContain("code");
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

  test("shows a new session without being asked, and is usable by everyone", async () => {
    const page = await dashboard.open();
    await page.getByText("live", { exact: true }).first().waitFor();
    await dashboard.heartbeat.wake("Another one.", { sessionKey: "agent:main:later" });
    await page.getByRole("link", { name: "agent:main:later" }).waitFor();
    expect(await accessFaults(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await accessFaults(page)).toEqual([]);
  });
});
