import { describe, expect, test } from "vitest";
import { rowsOf } from "../../src/dashboard/lanes/rows.ts";
import { accessFaults } from "../support/axe.ts";
import { BUSY, RAN } from "../support/agent.ts";
import { chromiumMissing } from "../support/browser.ts";
import { useDashboard } from "../support/dashboard.ts";
import { testHeart } from "../support/world.ts";

const KEY = "agent:main:discord:channel:42";
const STORY = "if (key.endsWith('42')) process.exit({ 1: 75, 2: 1 }[calls] ?? 0);";
const HOSTILE = `</td><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>\u202e`;
const viewOf = (sessionKey: string): string =>
  `#session?${new URLSearchParams({ key: sessionKey }).toString()}`;

describe.skipIf(chromiumMissing() !== undefined)("the session view", () => {
  const dashboard = useDashboard((place) => place.agent(STORY));

  test("the story can be followed by eye through busy, retry, run and ack, with the key in sight", async () => {
    const { eventId } = await dashboard.heartbeat.wake("npm test ended", { sessionKey: KEY });
    const page = await dashboard.open(viewOf(KEY));
    await dashboard.heartbeat.waitFor(eventId, "settled");
    await page.getByText("1 event acknowledged").waitFor();
    const lanes = await page.getByRole("columnheader").allTextContents();
    expect(lanes).toEqual(["Time", "Events", "Waits", "Runs", "Acks", "Replies"]);
    const titles = await page.locator(".entry:not([data-kind=wait]) > :first-child").allTextContents();
    expect(titles).toEqual([
      "from other",
      "attempt 1 starts with 1 event",
      "not now",
      "attempt 1 starts with 1 event",
      "failed [LUBDUB_RUN_FAILED]",
      "attempt 2 starts with 1 event",
      "ran",
      "1 event acknowledged",
    ]);
    const waits = await page.locator(".entry[data-kind=wait]").allTextContents();
    expect(waits.join("; ")).toMatch(/because the agent was busy; .*after the failure/);
    expect(await page.getByRole("heading", { name: KEY }).isVisible()).toBe(true);
    await page.getByText("Nothing is queued and nobody asked for a run.").waitFor();
  });

  test("a hostile text and a hostile key are shown as text", async () => {
    const key = `agent:main:<img src=x onerror="document.title='owned'">`;
    const { eventId } = await dashboard.heartbeat.wake(HOSTILE, {
      sessionKey: key,
      source: "<b>hook</b>",
    });
    await dashboard.heartbeat.waitFor(eventId, "settled");
    const page = await dashboard.open(viewOf(key));
    await page.getByText("1 event acknowledged").waitFor();
    expect(await page.locator(".entry q").first().innerText()).toContain("</td><img src=x");
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe(key);
    expect(await page.locator("main img, main script, main b:has-text('hook')").count()).toBe(0);
    expect(await page.title()).not.toContain("owned");
  });

  test("a long story is paged, from the newest back to its beginning", async () => {
    const key = "agent:main:long";
    for (let n = 1; n <= 150; n += 1)
      await dashboard.heartbeat.enqueueSystemEvent(`event number ${n}.`, { sessionKey: key });
    const page = await dashboard.open(viewOf(key));
    await page.getByText("event number 150.").waitFor();
    const rows = page.locator("table.lanes tbody tr");
    expect(await rows.count()).toBe(101); // the last says what goes on now
    await page.getByText("waiting").waitFor();
    await page.getByRole("link", { name: "Earlier" }).click();
    await page.getByText("event number 1.").waitFor();
    expect(await rows.count()).toBe(50);
    expect(await page.getByText("event number 51.").count()).toBe(0);
    await page.getByText("The story begins here").waitFor();
    await page.getByRole("link", { name: "Newest" }).click();
    await page.getByText("event number 150.").waitFor();
  });

  test("by keyboard alone: wake it now; and everyone can use it, in light and dark", async () => {
    const key = "agent:main:keys";
    await dashboard.heartbeat.enqueueSystemEvent("waits", { sessionKey: key });
    const page = await dashboard.open(viewOf(key));
    await page.getByText("waiting").waitFor();
    await page.keyboard.press("Tab"); // the way past the header
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Wake now");
    await page.keyboard.press("Enter");
    await page.getByText("asked for", { exact: true }).waitFor();
    await page.getByText("1 event acknowledged").waitFor();
    expect(await accessFaults(page)).toEqual([]);
  });
});

describe("the lanes of a story", () => {
  test("what goes on is drawn from where it began to where it ended", async () => {
    const { heartbeat, agent, clock, soon } = testHeart({ coalesceMs: 100 });
    agent.answers(BUSY, RAN);
    await soon(heartbeat.wake("x", { sessionKey: "a" }));
    await clock.advance(60_000);
    const records = await heartbeat.read();
    const drawn = rowsOf(records, 1, true).map(({ rails }) =>
      Object.entries(rails)
        .map(([lane, { above, below }]) => `${lane}${above ? "^" : ""}${below ? "v" : ""}`)
        .filter((rail) => /[v^]/.test(rail))
        .join(" "),
    );
    expect(drawn).toEqual([
      "eventsv waitsv",
      "events^v waits^ runsv",
      "events^v waitsv runs^",
      "events^v waits^ runsv",
      "events^ runs^",
    ]);
    const second = rowsOf(records, 4, true);
    expect(second.map(({ rails }) => rails.events.above)).toEqual([true, true]);
    expect(second[0]?.cells.waits).toHaveLength(1);
    await heartbeat.close();
  });

  test("what still goes on is a row of its own at the end, and on no earlier page", async () => {
    const { heartbeat, soon } = testHeart({ coalesceMs: 100 });
    await soon(heartbeat.wake("x", { sessionKey: "a" }));
    const records = await heartbeat.read();
    const [event, now] = rowsOf(records, 1, true);
    expect(event?.rails.waits.below).toBe(true);
    expect(now).toMatchObject({ isOpen: true, rails: { events: { above: true }, waits: { above: true } } });
    expect(rowsOf(records, 1, false)).toHaveLength(1);
    expect(rowsOf([], 0, true)).toEqual([]);
    await heartbeat.close();
  });
});
