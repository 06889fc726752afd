import { expect, test } from "vitest";
import { checkXml } from "../diagram/xml.ts";
import { workplace } from "./support.ts";

const KEY = "agent:main:discord:channel:42";

test("diagram of a machine, of all, into a file", async () => {
  const place = workplace();
  const one = await place.run("diagram", "heartbeat");
  expect(one).toMatchObject({ code: 0, stderr: "" });
  expect(one.stdout).toMatch(/^%% heartbeat@1\nstateDiagram-v2\n/);
  const all = await place.run("diagram", "--format", "svg");
  expect(checkXml(all.stdout)).toEqual(expect.arrayContaining(["session@1", "delivery@1"]));
  const file = await place.run("diagram", "schedule", "--out", place.path("schedule.svg"));
  expect(file).toMatchObject({ code: 0, stdout: "" });
  expect(checkXml(place.read("schedule.svg"))).toContain("paused");
  const json = JSON.parse((await place.run("diagram", "agent", "--json")).stdout);
  expect(json).toMatchObject({ format: "mermaid", diagram: expect.stringContaining("probing") });
});

test("diagram of a session, from the running daemon and from the files of a stopped one", async () => {
  const place = workplace();
  place.agent("process.exitCode = calls < 3 ? 75 : 0; console.log('done');");
  const daemon = await place.up();
  const wake = ["wake", "--session", KEY, "--text", "npm test ended with 0", "--wait", "settled"];
  expect(await place.run(...wake)).toMatchObject({ code: 0 });
  const live = await place.run("diagram", "--session", KEY, "--format", "svg");
  expect(live).toMatchObject({ code: 0, stderr: "" });
  const texts = checkXml(live.stdout);
  expect(texts).toEqual(expect.arrayContaining([KEY, "pending", "running", "retrying", "idle"]));
  daemon.child.kill("SIGTERM");
  await daemon.ended;
  const stopped = await place.run("diagram", "--session", KEY, "--format", "svg");
  expect(stopped.stdout).toBe(live.stdout);
  const last = await place.run("diagram", "--session", KEY, "-n", "1");
  expect(last.stdout.split("\n").filter((line) => line.includes(">>"))).toHaveLength(1);
});

test("diagram: a session that was never heard of, a machine and a session, no data at all", async () => {
  const place = workplace();
  expect(await place.run("diagram", "lane")).toMatchObject({ code: 2 });
  expect(await place.run("diagram", "-n", "0")).toMatchObject({ code: 2 });
  const both = await place.run("diagram", "heartbeat", "--session", KEY);
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining("LUBDUB_USAGE") });
  const none = await place.run("diagram", "--session", KEY);
  expect(none).toMatchObject({ code: 4, stderr: expect.stringContaining("LUBDUB_DAEMON_UNREACHABLE") });
});
