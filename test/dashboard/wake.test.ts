import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { repeatCommand } from "../../src/dashboard/chain/repeat-command.ts";
import type { EventQueued } from "../../src/core/records.ts";
import type { EventOptions } from "../../src/index.ts";
import type { Workplace } from "../cli/support.ts";
import { accessFaults } from "../support/axe.ts";
import { chromiumMissing } from "../support/browser.ts";
import { useDashboard } from "../support/dashboard.ts";

const KEY = "agent:main:discord:channel:42";
/** Poison fails for good until somebody mends the agent. */
const AGENT = `
if (prompt.includes("poison") && !existsSync(folder + "/mended")) process.exit(1);
const { writeFileSync } = await import("node:fs");
if (prompt.includes("counted")) writeFileSync(process.env.LUBDUB_USAGE_FILE, '{"inputTokens":1200,"outputTokens":80}');
console.log(prompt.includes("green") ? "The build is green." : "HEARTBEAT_OK");`;
/** A way to send that fails for good until somebody mends it. */
const deliveries = (place: Workplace): object => ({
  deliver: [{ match: "*", command: { argv: ["test", "-e", place.path("mended")] } }],
  delivery: { maxAttempts: 1 },
});
const route = { channel: "discord", to: "42" };
const viewOf = (id = ""): string => `#wake?${new URLSearchParams({ id }).toString()}`;

describe.skipIf(chromiumMissing() !== undefined)("the wake view", () => {
  const dashboard = useDashboard((place) => place.agent(AGENT, { maxAttempts: 1, ...deliveries(place) }));
  const settled = async (
    text: string,
    sessionKey = KEY,
    more: Partial<EventOptions> = {},
  ): Promise<string> => {
    const options = { source: "exec-event", ...more, sessionKey };
    const { eventId } = await dashboard.heartbeat.wake(text, options);
    await dashboard.heartbeat.waitFor(eventId, "settled");
    return eventId;
  };

  test("tells the chain from the event to the ack and the reply, with the prompt as the agent was given it", async () => {
    const eventId = await settled("The tests are green.");
    const page = await dashboard.open(viewOf(eventId));
    await page.getByRole("heading", { name: "From cause to reply" }).waitFor();
    await page.getByRole("link", { name: KEY }).waitFor();
    const kinds = await page.locator(".steps .kind").allInnerTexts();
    expect(kinds.filter((kind) => kind !== "wait")).toEqual(["event", "run", "run", "ack", "reply"]);
    await page.getByText("acked").waitFor();
    const given = dashboard.place.calls().find(({ prompt }) => prompt.includes(eventId))?.prompt;
    expect(await page.getByLabel("Prompt", { exact: true }).textContent()).toBe(given);
    expect(await page.getByLabel("Reply", { exact: true }).textContent()).toBe("The build is green.\n");
    await page.getByText("Raw log", { exact: true }).click();
    expect(await page.getByLabel("Raw log", { exact: true }).textContent()).toContain(`"type":"run.ran"`);
  });

  test("what a run caused leads back to it", async () => {
    const first = await settled("The tests are green.");
    const { runId = "" } = await dashboard.heartbeat.receipt(first);
    const { eventId } = await dashboard.heartbeat.wake("caused", {
      sessionKey: "agent:main:child",
      cause: runId,
    });
    const page = await dashboard.open(viewOf(eventId));
    await page.getByRole("link", { name: runId }).click();
    await page.getByText(first).first().waitFor();
    expect(page.url()).toContain(runId);
  });

  test("copied as curl, the command sends the same event again", async () => {
    const eventId = await settled(`It's "green" & $(safe)`);
    const page = await dashboard.open(viewOf(eventId), {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await page.getByText(`As curl: ${eventId}`, { exact: true }).click();
    await page.getByRole("button", { name: `Copy as curl: ${eventId}` }).click();
    await page.getByText("copied").waitFor();
    const command = String(await page.evaluate("navigator.clipboard.readText()"));
    expect(command).not.toMatch(/Bearer [\w-]{16}/);
    const env = { ...process.env, LUBDUB_DATA: dashboard.place.data };
    const { status, stdout } = spawnSync("sh", ["-c", command], { env, encoding: "utf8" });
    expect({ status }).toEqual({ status: 0 });
    const again = JSON.parse(stdout) as { eventId: string };
    const { records } = await dashboard.heartbeat.chain(again.eventId);
    expect(records[0]?.body).toMatchObject({ text: `It's "green" & $(safe)` });
  });

  test("an event that was given up is requeued, and another dismissed: only after it was asked for twice", async () => {
    const requeued = await settled("poison one", "agent:main:poison-1");
    const page = await dashboard.open(viewOf(requeued));
    await page.getByText("This event was given up.").waitFor();
    expect(await accessFaults(page)).toEqual([]);
    await page.getByRole("button", { name: "Requeue" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("1 event put back into the queue").waitFor();

    const dismissed = await settled("poison two", "agent:main:poison-2");
    await page.goto(`${dashboard.url}/${viewOf(dismissed)}`);
    await page.getByRole("button", { name: "Dismiss" }).click();
    expect(await dashboard.heartbeat.receipt(dismissed)).toMatchObject({ settlement: "dead" });
    await page.getByRole("button", { name: "No" }).click();
    await page.getByRole("button", { name: "Dismiss" }).click();
    await page.getByRole("button", { name: "Give it up for good?" }).click();
    await page.getByText("dismissed", { exact: true }).first().waitFor();
    expect(await dashboard.heartbeat.receipt(dismissed)).toMatchObject({ settlement: "dismissed" });
  });

  test("the tokens that the agent said it used are told", async () => {
    const page = await dashboard.open(viewOf(await settled("counted", "agent:main:counted")));
    await expect.poll(() => page.locator("main").textContent()).toContain("Tokens1,200 in, 80 out");
  });

  test("a reply that could not be delivered is sent again, and another dismissed", async () => {
    const sessionKey = "agent:main:deaf";
    const isDead = async (): Promise<boolean> =>
      (await dashboard.heartbeat.deliveries({ sessionKey, state: "dead" })).length > 0;
    const undelivered = async (): Promise<string> => {
      const eventId = await settled("The tests are green.", sessionKey, { route, dedupeKey: randomUUID() });
      await expect.poll(isDead).toBe(true);
      return eventId;
    };
    const page = await dashboard.open(viewOf(await undelivered()));
    const dismissal = page.getByRole("button", { name: "Dismiss" });
    await page.getByText(/^The reply d-\S+ was not delivered\.$/).waitFor();
    expect(await accessFaults(page)).toEqual([]);
    await dismissal.click();
    expect(await isDead()).toBe(true);
    await page.getByRole("button", { name: "Give it up for good?" }).click();
    await page.getByText(/^dismissed for good: d-/).waitFor();
    expect(await isDead()).toBe(false);

    await page.goto(`${dashboard.url}/${viewOf(await undelivered())}`);
    const again = page.getByRole("button", { name: "Send again" });
    await again.waitFor();
    writeFileSync(dashboard.place.path("mended"), "");
    await again.click();
    await page.getByText(/^sent: d-/).waitFor();
    expect(await dashboard.heartbeat.deliveries({ sessionKey })).toEqual([]);
  });

  test("a hostile text is text everywhere, and everyone can use the page", async () => {
    const eventId = await settled(
      `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`,
    );
    const page = await dashboard.open(viewOf(eventId));
    await page.getByText("acked").waitFor();
    expect(await page.locator("main img, main script").count()).toBe(0);
    expect(await page.title()).not.toContain("owned");
    expect(await accessFaults(page)).toEqual([]);
  });
});

test("a command to repeat an event holds whatever its text says", () => {
  const event = {
    sessionKey: "it's; rm -rf ~",
    facts: { source: "x", intent: "event", reason: "`id`", trust: "untrusted" },
    body: { text: "'$(id)'\n\\" },
  } as unknown as EventQueued;
  const command = repeatCommand(event, "http://127.0.0.1:5823");
  const shown = spawnSync("sh", ["-c", command.replace(/^curl/, `printf '%s\\0'`)], { encoding: "utf8" });
  const sent = shown.stdout.split("\0").at(-2) ?? "";
  expect(JSON.parse(sent)).toMatchObject({
    sessionKey: "it's; rm -rf ~",
    text: "'$(id)'\n\\",
    reason: "`id`",
  });
});
