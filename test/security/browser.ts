import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";

/** Where Debian puts it; `LUBDUB_CHROMIUM` names another. */
const CHROMIUM = process.env["LUBDUB_CHROMIUM"] ?? "/usr/bin/chromium";
/** No sandbox, because tests may run as root in a container; nothing goes out to the network by itself. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP evil.test 127.0.0.1",
  // Older browsers have no such check, so nothing here may be held up by it.
  "--disable-features=LocalNetworkAccessChecks",
];

/** Why there is no browser here, and what to install; undefined when there is one. */
export function chromiumMissing(): string | undefined {
  return existsSync(CHROMIUM)
    ? undefined
    : `${CHROMIUM} is not there: apt-get install --no-install-recommends chromium, or name another in LUBDUB_CHROMIUM`;
}

/** Headless, with a new profile of its own. For it, `evil.test` is this machine. */
export async function launch(): Promise<Browser> {
  // Only here, so that asking whether there is a browser costs nothing.
  const { chromium } = await import("playwright-core");
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/** The hostile page's own server. */
export interface HostileServer extends AsyncDisposable {
  readonly port: number;
}

/** What the page can do beside `fetch`, `sendBeacon`, `Image` and `WebSocket`. */
export const HOSTILE_PAGE = `<!doctype html><title>hostile</title><body><script>
  function form(action, enctype, fields, method = "POST") {
    const frame = document.body.appendChild(document.createElement("iframe"));
    const target = frame.name = "answer" + document.forms.length;
    const form = document.body.appendChild(document.createElement("form"));
    Object.assign(form, { action, method, enctype, target });
    for (const [name, value] of Object.entries(fields)) {
      form.appendChild(Object.assign(document.createElement("input"), { name, value }));
    }
    form.submit();
  }
  function element(tag, properties) {
    return new Promise((done) => {
      const made = Object.assign(document.createElement(tag), properties);
      made.onload = () => done("loaded");
      made.onerror = () => done("failed");
      document.body.appendChild(made);
    });
  }
  function socket(url) {
    return new Promise((done) => {
      const made = new WebSocket(url);
      made.onopen = () => done("open");
      made.onerror = () => done("refused");
    });
  }
</script>`;

export async function serveHostilePage(): Promise<HostileServer> {
  const server = createServer((request, response) => {
    const page = request.url === "/script" ? `<script>alert("it ran")</script>` : HOSTILE_PAGE;
    response.writeHead(200, { "content-type": "text/html" }).end(page);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
