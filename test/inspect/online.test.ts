import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { start, until } from "../cli/support.ts";
import { chromiumMissing, launch } from "../support/browser.ts";
import { inspected, KEY, TOKEN } from "./support.ts";

const EXAMPLE = resolve(import.meta.dirname, "../../examples/online-inspector.ts");
/** In the place of the online inspector: it says that it is there, and writes down what it is told. */
const UI = `<!doctype html><pre></pre><script>
  addEventListener("message", ({ data }) => (document.querySelector("pre").textContent += data.type + " " + data.sessionId + "\\n"));
  parent.postMessage({ type: "@statelyai.connected" }, "*");
</script>`;

describe.skipIf(chromiumMissing() !== undefined)("the online inspector", () => {
  test("is shown every live actor and what happens, through a page on this machine alone", async () => {
    await using stack = new AsyncDisposableStack();
    const { heartbeat, inspector } = await inspected(stack, { coalesceMs: 60_000 });
    await heartbeat.wake("a secret text", { sessionKey: KEY });
    const ui = createServer((_, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end(UI),
    );
    await new Promise<void>((listening) => ui.listen(0, "127.0.0.1", listening));
    stack.defer(() => ui.close().closeAllConnections());
    const address = `ws://viewer:${TOKEN}@127.0.0.1:${inspector.port}/stately`;
    const uiUrl = `http://localhost:${(ui.address() as AddressInfo).port}/inspect`;
    const example = start(process.execPath, [EXAMPLE, address, uiUrl]);
    await until(
      () => example.stdout().includes("\n"),
      () => `it says where it is: ${example.stderr()}`,
    );
    const url = new URL(example.stdout().trim());
    for (const path of ["/", "/messages", "/guess/messages"])
      expect((await fetch(new URL(path, url.origin))).status).toBe(404);

    const browser = await launch();
    stack.defer(() => browser.close());
    const page = await browser.newPage();
    await page.goto(url.href);
    const told = page.frameLocator("iframe").locator("pre");
    await told.getByText(`@xstate.actor session:${KEY}`).waitFor();
    await heartbeat.enqueueSystemEvent("more", { sessionKey: KEY });
    await told.getByText(`@xstate.event session:${KEY}`).waitFor();
    expect(await told.textContent()).toContain(`@xstate.actor heartbeat:${KEY}`);
    await page.close();
    await until(
      () => inspector.stats.viewers === 0,
      () => "nobody looks any more",
    );
  });
});
