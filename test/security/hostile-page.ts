import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

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
