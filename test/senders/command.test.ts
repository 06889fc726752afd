import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { chooseTarget } from "../../src/senders/choose.ts";
import { commandSender } from "../../src/senders/command.ts";
import { aDelivery } from "./deliveries.ts";

const send = (script: string, over = {}) =>
  commandSender({ argv: [process.execPath, "--eval", script], timeoutMs: 20_000 })(aDelivery(over));

test("a command gets the text on its stdin and the route in its environment, and says sent with exit code 0", async () => {
  const script = `
    const { env } = process;
    const said = [fs.readFileSync(0, "utf8"), env.LUBDUB_ROUTE, env.LUBDUB_ROUTE_CHANNEL, env.LUBDUB_ROUTE_THREAD_ID,
      env.LUBDUB_DELIVERY_ID, env.LUBDUB_SESSION_KEY, env.LUBDUB_ATTEMPT, env.LUBDUB_MEDIA];
    console.error(JSON.stringify(said));
    process.exitCode = 3;`;
  const route = { channel: "$(discord)", "thread-id": "7" };
  const outcome = await send(script, { route, text: "Disk `full`; $(rm)", media: ["a.png"], attempt: 2 });
  const wanted = [
    "Disk `full`; $(rm)",
    JSON.stringify(route),
    "$(discord)",
    "7",
    "d-3-cccccccc",
    "agent:main:discord:channel:42",
    "2",
    '["a.png"]',
  ];
  expect(outcome).toEqual({
    status: "failed",
    reason: `The command ended with exit code 3. The end of its stderr: ${JSON.stringify(wanted)}`,
  });
  expect(await send("process.exitCode = 0")).toEqual({ status: "sent" });
});

test("a program that does not exist is refused when it is configured; one that is gone later is a failure that says so", async () => {
  expect(() => commandSender({ argv: ["./no-such-program"] })).toThrow(/no such program/);
  const program = join(mkdtempSync(join(tmpdir(), "lubdub-sender-")), "say");
  writeFileSync(program, "#!/bin/sh", { mode: 0o700 });
  const deliver = commandSender({ argv: [program] });
  rmSync(dirname(program), { recursive: true });
  expect(await deliver(aDelivery())).toMatchObject({
    status: "failed",
    reason: expect.stringContaining("no such program"),
  });
});

test("the first target that fits session and route is taken; without one the delivery is dead", () => {
  const by = (name: string) => () => ({ status: "failed" as const, reason: name });
  const deliver = chooseTarget([
    { match: "agent:main:*", route: { channel: "telegram" }, deliver: by("telegram") },
    { match: "agent:main:*", route: { channel: "dis*", to: "*" }, deliver: by("discord") },
    { match: "agent:web:*", deliver: by("web") },
  ]);
  const chosen = (over = {}) => deliver(aDelivery(over));
  expect(chosen()).toMatchObject({ reason: "discord" });
  expect(chosen({ route: { channel: "telegram" } })).toMatchObject({ reason: "telegram" });
  expect(chosen({ sessionKey: "agent:web:1" })).toMatchObject({ reason: "web" });
  expect(chosen({ route: { channel: "discord" } })).toMatchObject({ status: "failed", retryable: false });
  expect(chosen({ route: { constructor: "x" } })).toMatchObject({ retryable: false });
});
