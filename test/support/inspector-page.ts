import { resolve } from "node:path";
import { build } from "vite";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";

const FOLDER = resolve(import.meta.dirname, "inspector-page");
const TYPES: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript", css: "text/css" };

/** Serves a small page that runs the real receiver of `@statelyai/inspect` in a browser. */
export async function serveInspectorPage(): Promise<AsyncDisposable & { readonly url: string }> {
  const built = await build({ root: FOLDER, configFile: false, logLevel: "silent", build: { write: false } });
  if (!("output" in built)) throw new Error("the page was not built");
  const files = new Map(
    built.output.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]),
  );
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    const file = files.get(name);
    response.writeHead(file === undefined ? 404 : 200, {
      "content-type": TYPES[name.split(".").at(-1) ?? ""] ?? "text/plain",
    });
    response.end(file);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections();
    },
  };
}
