import { randomBytes } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket } from "ws";

/**
 * Shows a daemon's actors in the online Stately inspector, or in any other page that speaks its protocol:
 *
 *     node examples/online-inspector.ts ws://viewer:TOKEN@127.0.0.1:PORT/stately [https://stately.ai/inspect]
 *
 * The page stays in your browser, but it is another site's: it gets every message. Texts are hidden, names are not.
 * (The relay that comes with `@statelyai/inspect` listens on all networks without asking who is there; this one on 127.0.0.1, and
 * only for who knows its address.)
 */
const [inspector = "", ui = "https://stately.ai/inspect"] = process.argv.slice(2);
const secret = randomBytes(24).toString("base64url");
const uiOrigin = new URL(ui).origin;

const PAGE = `<!doctype html><title>Lubdub in the inspector</title>
<style>html,body,iframe{height:100%;width:100%;margin:0;border:0}</style>
<iframe src="${new URL(ui).href}"></iframe>
<script>
  const frame = document.querySelector("iframe");
  addEventListener("message", ({ data, origin, source }) => {
    if (source !== frame.contentWindow || origin !== "${uiOrigin}" || data?.type !== "@statelyai.connected") return;
    new EventSource("/${secret}/messages").onmessage = (message) =>
      frame.contentWindow.postMessage(JSON.parse(message.data), "${uiOrigin}");
  });
</script>`;

const server = createServer((request, response) => {
  if (request.url === `/${secret}`) response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
  else if (request.url === `/${secret}/messages`) relay(response);
  else response.writeHead(404).end();
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`http://127.0.0.1:${port}/${secret}\n`);
});

/** Looks for as long as the page does: who connects is shown every live actor first. */
function relay(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const socket = new WebSocket(inspector);
  socket.on("message", (data: Buffer) => response.write(`data: ${data.toString("utf8")}\n\n`));
  socket.on("error", ({ message }) => process.stderr.write(`${message}\n`));
  socket.on("close", () => response.end());
  response.on("close", () => socket.terminate());
}
