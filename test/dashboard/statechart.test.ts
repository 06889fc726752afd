import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { accessFaults } from "../support/axe.ts";
import { chromiumMissing } from "../support/browser.ts";
import { useDashboard } from "../support/dashboard.ts";

const KEY = "agent:main:discord:channel:42";
const OTHER = "agent:other:main";
const HOSTILE = '<img src=x onerror="document.title=1"><script>alert(1)</script>';

/** Busy twice, then it runs; whoever is asked another time runs at once. */
const AGENT = `
const mine = readFileSync(file, "utf8").trim().split("\\n").filter((line) => JSON.parse(line).key === key).length;
if (key === ${JSON.stringify(KEY)} && mine < 3) process.exit(75);
console.log("done");
`;

/** Texts in a picture are no HTML. */
const lit = (page: Page): Promise<string | null> =>
  page.locator('.state-shape[data-lit="true"]').textContent();
const ofMachine = (name: string, at?: number): string =>
  `#statechart?session=${encodeURIComponent(KEY)}&machine=${name}${at === undefined ? "" : `&at=${at}`}`;

describe.skipIf(chromiumMissing() !== undefined)("the view Statechart", () => {
  const dashboard = useDashboard((place) => place.agent(AGENT));

  test("the seed's story: busy, busy, ran, step by step by keyboard, with the session key in sight throughout", async () => {
    const { heartbeat } = dashboard;
    await heartbeat.wake("elsewhere", { sessionKey: OTHER });
    const { wakeId } = await heartbeat.wake(HOSTILE, { sessionKey: KEY });
    await heartbeat.waitFor(wakeId, "settled");
    const page = await dashboard.open(ofMachine("heartbeat", 1));
    await page.getByRole("slider").waitFor();
    const records = await heartbeat.read({ sessionKey: KEY });
    expect(records.map(({ type }) => type)).toEqual([
      "event.queued",
      "run.started",
      "run.skipped",
      "run.started",
      "run.skipped",
      "run.started",
      "run.ran",
    ]);
    const seen: (string | null)[] = [];
    for (const [index, { position }] of records.entries()) {
      if (index > 0) await page.keyboard.press("ArrowRight");
      await expect.poll(() => page.url()).toContain(`at=${index === 0 ? 1 : position}`);
      await page
        .getByText(`record ${position.toLocaleString("en")},`)
        .first()
        .waitFor();
      seen.push(await lit(page));
      expect(await page.locator(".where .key").innerText()).toBe(KEY);
    }
    expect(seen).toEqual(["pending", "running", "retrying", "running", "retrying", "running", "idle"]);
    const again = page.locator('[data-arrow="running > retrying"] text', { hasText: "run.skipped" });
    expect(await again.textContent()).toContain("×2");
    expect(await page.locator("img").count()).toBe(0);
    expect(await accessFaults(page)).toEqual([]);
  });

  test("the scrubber shows the states that stateAt gives, for the session and for its lane", async () => {
    const { heartbeat } = dashboard;
    const records = await heartbeat.read({ sessionKey: KEY });
    for (const machine of ["heartbeat", "session"] as const) {
      const page = await dashboard.open(ofMachine(machine));
      for (const [index, { position }] of records.entries()) {
        await page.getByRole("slider").fill(String(index));
        await expect.poll(() => page.url()).toContain(`at=${position}`);
        const state = await heartbeat.stateAt(position);
        const actor = state[machine === "session" ? "sessions" : "heartbeats"][KEY] as { value: string };
        await expect.poll(() => lit(page)).toBe(actor.value);
      }
      await page.context().close();
    }
  });

  test("plays at any speed, to the end, and lights what happens now when it is live", async () => {
    const { heartbeat } = dashboard;
    const records = await heartbeat.read({ sessionKey: KEY });
    const page = await dashboard.open(`${ofMachine("session", 1)}&speed=50`);
    await page.getByRole("button", { name: "Play" }).click();
    await expect.poll(() => page.url()).toContain(`at=${records.at(-1)?.position}`);
    await page.getByRole("button", { name: "Play" }).waitFor();
    await page.getByRole("button", { name: "Live" }).click();
    await expect.poll(() => lit(page)).toBe("empty");
    await heartbeat.enqueueSystemEvent("a word", { sessionKey: KEY });
    await expect.poll(() => lit(page)).toBe("waiting");
    await heartbeat.drainSystemEvents(KEY);
    await expect.poll(() => lit(page)).toBe("empty");
  });

  test("what if, from a past position: it is shown, and touches nothing", async () => {
    const { heartbeat, place } = dashboard;
    const before = await heartbeat.status();
    const calls = place.calls().length;
    const live = await heartbeat.session(KEY);
    const [first] = await heartbeat.read({ sessionKey: KEY });
    const page = await dashboard.open(ofMachine("heartbeat", first?.position));
    const panel = page.getByRole("region", { name: "What if" });
    for (const name of ["Time passes to the next deadline", "The run answers: failed"])
      await panel.getByRole("button", { name }).click();
    await expect.poll(() => lit(page)).toBe("retrying");
    const imagined = panel.getByRole("listitem");
    await imagined.getByText("LUBDUB_RUN_FAILED").first().waitFor();
    expect(await panel.locator(".imagined .key").allInnerTexts()).toEqual([KEY, KEY]);
    expect(await accessFaults(page)).toEqual([]);
    await page.getByText(/^The whole state after/).click();
    await page.getByText('"sessionKey"').first().waitFor();
    // It is in the address: whoever is given it sees the same.
    const other = await dashboard.open(new URL(page.url()).hash);
    await expect.poll(() => lit(other)).toBe("retrying");

    await panel.getByRole("textbox").fill("");
    await panel.getByRole("textbox").fill("another event");
    await panel.getByRole("button", { name: "An event is queued" }).click();
    await panel.getByText("An event is queued: another event").waitFor();
    expect((await heartbeat.status()).position).toBe(before.position);
    expect(await heartbeat.session(KEY)).toEqual(live);
    expect(place.calls()).toHaveLength(calls);
  });

  test("the keyboard alone reaches everything", async () => {
    const page = await dashboard.open(ofMachine("delivery", 1));
    await page.getByRole("slider").waitFor();
    const wanted = new Set([
      "Step",
      "Play",
      "Live",
      "Step on",
      "An event is queued",
      "The run answers: busy",
    ]);
    for (let pressed = 0; wanted.size > 0 && pressed < 60; pressed += 1) {
      await page.keyboard.press("Tab");
      const focused = page.locator(":focus");
      wanted.delete((await focused.getAttribute("aria-label")) ?? (await focused.textContent()) ?? "");
    }
    expect([...wanted]).toEqual([]);
    await page.getByText("no delivery of it is known here").waitFor();
  });

  test("without a session in the address it shows the one to which something happened last", async () => {
    const page = await dashboard.open("#statechart");
    await expect.poll(() => page.locator(".where .key").innerText()).toBe(KEY);
    await page.getByRole("searchbox", { name: "Session key" }).fill(OTHER);
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await expect.poll(() => page.locator(".where .key").innerText()).toBe(OTHER);
  });
});
