import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { deliverOf } from "../../src/config/deliver.ts";
import { loadConfig } from "../../src/config/load.ts";
import { aDelivery } from "../senders/deliveries.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "lubdub-"))));
afterEach(() => rmSync(folder, { recursive: true }));

async function configured(deliver: unknown) {
  const file = join(folder, "lubdub.config.json");
  writeFileSync(file, JSON.stringify({ deliver }));
  return deliverOf(await loadConfig(file));
}
const refused = (deliver: unknown) =>
  configured(deliver).then(
    () => "accepted",
    (error: { code: string }) => error.code,
  );

test("without targets nothing is delivered", async () => {
  expect(await configured([])).toBeUndefined();
});

test("a command and a module are chosen by session and route", async () => {
  writeFileSync(
    join(folder, "send.mjs"),
    `export default () => ({ status: "failed", reason: "by module" });`,
  );
  const deliver = await configured([
    { match: "agent:web:*", command: { argv: ["true"] } },
    { route: { channel: "dis*" }, module: { file: "./send.mjs" } },
  ]);
  expect(await deliver?.(aDelivery())).toEqual({ status: "failed", reason: "by module" });
  expect(await deliver?.(aDelivery({ sessionKey: "agent:web:1" }))).toEqual({ status: "sent" });
  expect(await deliver?.(aDelivery({ route: {} }))).toMatchObject({ retryable: false });
});

test("what cannot work is refused when it is configured", async () => {
  const url = "https://example.com/replies";
  expect(await refused([{ http: { url: "http://10.0.0.1/" } }])).toBe("LUBDUB_TARGET_PRIVATE");
  expect(await refused([{ http: { url: "http://10.0.0.1/", allowPrivate: true } }])).toBe("accepted");
  expect(await refused([{ http: { url, secretFile: "no-such-file" } }])).toBe("LUBDUB_CONFIG_INVALID");
  expect(await refused([{ http: { url, secretEnv: "LUBDUB_TEST_NO_SUCH_SECRET" } }])).toBe(
    "LUBDUB_CONFIG_INVALID",
  );
  expect(await refused([{ http: { url, secretEnv: "A", secretFile: "b" } }])).toBe("LUBDUB_CONFIG_INVALID");
  expect(await refused([{ http: { url }, command: { argv: ["true"] } }])).toBe("LUBDUB_CONFIG_INVALID");
  expect(await refused([{ module: { file: "missing.mjs" } }])).toBe("LUBDUB_CONFIG_INVALID");
});

test("a secret that others may read is refused", async () => {
  const secretFile = join(folder, "secret");
  writeFileSync(secretFile, Buffer.alloc(32, 7).toString("base64"), { mode: 0o600 });
  const target = [{ http: { url: "https://example.com/replies", secretFile: "secret" } }];
  expect(await refused(target)).toBe("accepted");
  chmodSync(secretFile, 0o644);
  expect(await refused(target)).toBe("LUBDUB_CONFIG_INVALID");
});
