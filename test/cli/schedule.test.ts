import { expect, test } from "vitest";
import { momentMs } from "../../src/cli/moment.ts";
import { until, workplace } from "./support.ts";

const KEY = "agent:main:discord:channel:42";

test("add, ls, pause, resume, run, rm: words for people, JSON for programs", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  const add = ["schedule", "add", "beat", "--session", KEY, "--every", "30m", "--text", "Look around."];
  expect((await place.run(...add)).stdout).toMatch(
    /^beat {2}agent:main:discord:channel:42 {2}every 30 min 0 s {2}next /,
  );
  const made = JSON.parse((await place.run("schedule", "ls", "--json")).stdout);
  expect(made).toMatchObject({ scheduleId: "beat", cadence: { kind: "every", everyMs: 1_800_000 } });
  expect((await place.run("schedule", "pause", "beat")).stdout).toContain("  paused  ");
  expect((await place.run("schedule", "resume", "beat")).stdout).toContain("  next ");
  expect((await place.run("schedule", "run", "beat", "--json")).code).toBe(0);
  await until(
    () => place.calls().some(({ key, prompt }) => key === KEY && prompt.includes("Look around.")),
    () => "the agent was woken by hand",
  );
  expect((await place.run("log")).stdout).toContain("schedule beat ticked");
  expect(await place.run("schedule", "rm", "beat")).toMatchObject({
    code: 0,
    stdout: "removed: schedule beat\n",
  });
  expect((await place.run("schedule", "ls")).stderr).toContain("No schedule yet.");
  expect(await place.run("schedule", "rm", "beat")).toMatchObject({ code: 3 });
});

test.each([
  [["--every", "often"], "a length of time with a unit"],
  [["--every", "-5m"], "a length of time with a unit"],
  [["--cron", "61 * * * *"], "a cron expression"],
  [["--cron", "0 0 30 2 *"], "fires some day"],
  [["--cron", "0 9 * * *", "--zone", "Europe/Atlantis"], "time zone"],
  [["--at", "tomorrow"], "2026-12-24T18:00"],
  [[], "exactly one of"],
])("schedule add with %j says what would be right", async (args, hint) => {
  const place = workplace();
  place.agent("");
  await place.up();
  const ended = await place.run("schedule", "add", "beat", "--session", KEY, ...args);
  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toContain(hint);
  expect(ended.stderr).not.toContain("    at ");
});

test("the configuration's schedules are made, kept over a restart, and end when they are taken out", async () => {
  const place = workplace();
  const schedules = [
    { id: "beat", session: KEY, every: "1h" },
    { id: "nine", session: KEY, cron: "0 9 * * *", zone: "Europe/Berlin", text: "Report." },
    { id: "past", session: KEY, at: "2020-01-01T00:00:00Z", text: "Too late." },
  ];
  place.agent("", { schedules });
  const first = await place.up();
  const listed = async (): Promise<{ scheduleId: string; nextAtMs: number }[]> =>
    (await place.run("schedule", "ls", "--json")).stdout
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { scheduleId: string; nextAtMs: number });
  const before = await listed();
  expect(before.map(({ scheduleId }) => scheduleId)).toEqual(["beat", "nine"]);
  first.child.kill("SIGKILL");
  await first.ended;
  place.agent("", { schedules: schedules.slice(0, 1) });
  await place.up();
  expect(await listed()).toEqual(before.slice(0, 1));
});

test("a schedule that cannot be is refused when the daemon starts", async () => {
  const place = workplace();
  place.agent("", { schedules: [{ id: "beat", session: KEY, cron: "0 0 30 2 *" }] });
  const ended = await place.run("up", "--port", "0");
  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toContain("fires some day");
  expect(ended.stderr).toContain("schedules");
});

test("moments", () => {
  expect(momentMs("+2h", 1_000)).toBe(7_201_000);
  expect(momentMs("2026-12-24T18:00Z", 0)).toBe(Date.parse("2026-12-24T18:00:00Z"));
});
