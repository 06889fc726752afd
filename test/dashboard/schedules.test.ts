import { describe, expect, test } from "vitest";
import { until } from "../cli/support.ts";
import { accessFaults } from "../support/axe.ts";
import { chromiumMissing } from "../support/browser.ts";
import { useDashboard } from "../support/dashboard.ts";

const KEY = "agent:main:reports";

describe.skipIf(chromiumMissing() !== undefined)("the view Schedules", () => {
  const dashboard = useDashboard((place) => place.agent(""));

  test("shows the next five times in two zones; pauses, resumes, and runs now", async () => {
    const { heartbeat, place } = dashboard;
    const cadence = { cron: "30 9 * * 1-5", zone: "Asia/Kolkata", text: "Write the report." };
    const made = await heartbeat.setSchedule({ scheduleId: "report", sessionKey: KEY, ...cadence });
    const page = await dashboard.open("#schedules?zone=America%2FNew_York");
    const entry = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "report" }) });
    await entry.waitFor();
    const rows = entry.locator("tbody tr");
    expect(await rows.count()).toBe(5);
    expect(await entry.getByRole("columnheader").allInnerTexts()).toEqual([
      "Next",
      "Asia/Kolkata",
      "America/New_York",
    ]);
    for (const [index, atMs] of (made?.upcomingMs ?? []).entries()) {
      const [, own, second] = await rows.nth(index).getByRole("cell").allInnerTexts();
      expect(own).toMatch(/^(Mon|Tue|Wed|Thu|Fri) \d+ \w+,? 09:30:00$/);
      const there = new Date(atMs).toLocaleTimeString("en-GB", { timeZone: "America/New_York" });
      expect(second).toContain(there);
    }
    expect(await accessFaults(page)).toEqual([]);

    await entry.getByRole("button", { name: "Pause" }).click();
    await entry.getByRole("button", { name: "Resume" }).waitFor();
    expect(await heartbeat.schedule("report")).toMatchObject({ state: "paused" });
    await entry.getByRole("button", { name: "Run now" }).click();
    await until(
      () => place.calls().some(({ key, prompt }) => key === KEY && prompt.includes("Write the report.")),
      () => "the agent is woken",
    );
    await entry.getByText("1 tick so far").waitFor();
    await entry.getByRole("button", { name: "Resume" }).click();
    await entry.getByRole("button", { name: "Pause" }).waitFor();
    expect(await heartbeat.schedule("report")).toMatchObject({ state: "active", ticks: 1 });
  });
});
