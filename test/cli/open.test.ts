import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { announced, until, workplace, type Workplace } from "./support.ts";

/** What a page does with the address. */
async function signIn(address: string): Promise<number> {
  const { origin, hash } = new URL(address);
  const body = JSON.stringify({ code: hash.replace("#code=", "") });
  const headers = { "content-type": "application/json" };
  return (await fetch(`${origin}/sign-in`, { method: "POST", headers, body })).status;
}

async function started(): Promise<Workplace> {
  const place = workplace();
  place.agent("");
  await place.up();
  return place;
}

test("open --print gives an address of this daemon, which signs in once", async () => {
  const place = await started();
  const { stdout, code } = await place.run("open", "--print");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#code=[\w-]{43}\n$/);
  expect(stdout.startsWith(announced(place.data)?.url ?? "?")).toBe(true);
  expect(await signIn(stdout.trim())).toBe(200);
  expect(await signIn(stdout.trim())).toBe(401);

  const json = await place.run("open", "--json");
  const { url, untilMs } = JSON.parse(json.stdout) as { url: string; untilMs: number };
  expect(untilMs - Date.now()).toBeLessThanOrEqual(60_000);
  expect(await signIn(url)).toBe(200);
});

test("open gives the browser a file that only its owner can read: the code stands in no command line", async () => {
  const place = await started();
  writeFileSync(place.path("xdg-open"), `#!/bin/sh\nprintf '%s' "$*" > '${place.path("opened")}'\n`);
  chmodSync(place.path("xdg-open"), 0o755);
  const env = place.env({ DISPLAY: ":0", PATH: `${place.folder}:${process.env["PATH"]}` });
  const { stdout, stderr, code } = await place.start(["open"], { env }).ended;
  expect([code, stdout]).toEqual([0, ""]);
  expect(stderr).toContain("The dashboard opens in your browser");
  await until(
    () => place.read("opened") !== "",
    () => "the browser is started",
  );
  const door = fileURLToPath(place.read("opened"));
  expect(statSync(door).mode & 0o777).toBe(0o600);
  const address = /url=(http[^"]+)"/.exec(readFileSync(door, "utf8"))?.[1] ?? "";
  expect(place.read("opened")).not.toContain("code");
  expect(await signIn(address)).toBe(200);
});

test("open without a screen prints the address; without a daemon it says so", async () => {
  const place = await started();
  const env = place.env({ DISPLAY: "", WAYLAND_DISPLAY: "" });
  const { stdout, stderr } = await place.start(["open"], { env }).ended;
  expect(stderr).toContain("no browser to open here");
  expect(await signIn(stdout.trim())).toBe(200);

  const alone = workplace();
  expect(await alone.run("open")).toMatchObject({ code: 4, stdout: "" });
});
