import { expect, test } from "vitest";
import type { Heartbeat } from "../../src/api.ts";
import { serveHttp } from "../../src/http/index.ts";
import { TOKEN, untouchable } from "../http/fixture.ts";
import { sendRaw, serve, socketTo, until } from "../http/served.ts";

const BODY = JSON.stringify({ text: "x", sessionKey: "s" });
const head = (port: number, more: readonly string[] = [], line = "POST /v1/events HTTP/1.1"): string =>
  [
    line,
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${TOKEN}`,
    "Content-Type: application/json",
    "Connection: close",
    ...more,
    "",
    "",
  ].join("\r\n");

test("a request over a real socket is stored", async () => {
  await using it = await serve();
  const answered = await sendRaw(
    it.server.port,
    head(it.server.port, [`Content-Length: ${BODY.length}`]) + BODY,
  );
  expect(answered).toMatch(/^HTTP\/1\.1 202 /);
  expect((await it.heartbeat.read())[0]).toMatchObject({ type: "event.queued", sessionKey: "s" });
});

type Raw = readonly [string, RegExp, (port: number) => string];
test.each<Raw>([
  ["headers over the limit", /^HTTP\/1\.1 431 /, (port) => head(port, [`X-Long: ${"x".repeat(20_000)}`])],
  [
    "a request line over the limit",
    /^HTTP\/1\.1 431 /,
    (port) => head(port, [], `GET /${"x".repeat(20_000)} HTTP/1.1`),
  ],
  [
    "a chunked body over the limit",
    /^HTTP\/1\.1 413 [^]*LUBDUB_TOO_LARGE/,
    (port) => head(port, ["Transfer-Encoding: chunked"]) + `11000\r\n${"x".repeat(0x11000)}\r\n0\r\n\r\n`,
  ],
  [
    "a length over the limit",
    /^HTTP\/1\.1 413 [^]*LUBDUB_TOO_LARGE/,
    (port) => head(port, ["Content-Length: 70000"]) + "x".repeat(70_000),
  ],
  ["two lengths", /^HTTP\/1\.1 400 /, (port) => head(port, ["Content-Length: 1", "Content-Length: 2"]) + "x"],
  [
    "length and chunks (smuggling)",
    /^HTTP\/1\.1 400 /,
    (port) => head(port, ["Content-Length: 5", "Transfer-Encoding: chunked"]) + "0\r\n\r\n",
  ],
  ["two Hosts", /^HTTP\/1\.1 40[03] /, (port) => head(port, ["Host: evil.test"])],
  ["no Host", /^HTTP\/1\.1 400 /, () => "GET /v1/status HTTP/1.1\r\nConnection: close\r\n\r\n"],
  [
    "a whole URL of another host",
    /^HTTP\/1\.1 403 [^]*LUBDUB_FORBIDDEN/,
    (port) => head(port, ["Content-Length: 0"], "POST http://evil.test/v1/events HTTP/1.1"),
  ],
  ["a backslash path", /^HTTP\/1\.1 40[04] /, (port) => head(port, [], "GET /v1\\status HTTP/1.1")],
  ["no HTTP at all", /^HTTP\/1\.1 400 /, () => "hello\r\n\r\n"],
  [
    "an unknown method",
    /^HTTP\/1\.1 405 /,
    (port) => head(port, ["Content-Length: 0"], "PURGE /v1/events HTTP/1.1"),
  ],
  [
    "an upgrade",
    /^HTTP\/1\.1 404 /,
    (port) =>
      head(port, ["Upgrade: websocket"], "GET /socket HTTP/1.1").replace(
        "Connection: close",
        "Connection: Upgrade, close",
      ),
  ],
])("%s is refused and changes nothing", async (_what, expected, request) => {
  const bugs: unknown[] = [];
  await using it = await serve({ onBug: (error) => bugs.push(error) });
  expect(await sendRaw(it.server.port, request(it.server.port))).toMatch(expected);
  expect(await it.heartbeat.read()).toEqual([]);
  expect(bugs).toEqual([]);
});

test("a client that sends its headers drop by drop is cut off", async () => {
  await using it = await serve({ limits: { headersTimeoutMs: 50, requestTimeoutMs: 100 } });
  expect(await sendRaw(it.server.port, "POST /v1/events HTTP/1.1\r\nHost: ")).toMatch(/^HTTP\/1\.1 408 /);
});

test("a client that never ends its body is cut off", async () => {
  await using it = await serve({ limits: { headersTimeoutMs: 50, requestTimeoutMs: 100 } });
  const { port } = it.server;
  const answered = await sendRaw(port, head(port, ["Content-Length: 100"]) + '{"text"');
  expect(answered).not.toMatch(/ 20[02] /);
  expect(await it.heartbeat.read()).toEqual([]);
});

test("connections over the limit are dropped, the others served", async () => {
  await using it = await serve({ limits: { connections: 1 } });
  const first = await socketTo(it.server.port);
  const second = await socketTo(it.server.port);
  await new Promise((resolve) => second.on("close", resolve));
  expect(first.destroyed).toBe(false);
  first.destroy();
});

test("a client that goes away while it waits for a turn gives its place up", async () => {
  await using it = await serve();
  const { promise: asked, resolve: ask } = Promise.withResolvers<AbortSignal>();
  const acquireTurn: Heartbeat["acquireTurn"] = (key, options = {}) => {
    ask(options.signal as AbortSignal);
    return it.heartbeat.acquireTurn(key, options);
  };
  const heartbeat = { ...it.heartbeat, acquireTurn };
  const server = await serveHttp({ heartbeat, token: TOKEN, port: 0 });
  const lease = await it.heartbeat.acquireTurn("s");
  const waiting = await socketTo(server.port);
  waiting.write(head(server.port, ["Content-Length: 2"], "POST /v1/sessions/s/turns HTTP/1.1") + "{}");
  const signal = await asked;
  expect(signal.aborted).toBe(false);
  waiting.destroy();
  await until(() => signal.aborted);
  lease.release();
  expect(await it.heartbeat.isBusy("s")).toBe(false);
  await server.close();
});

test("only loopback is listened on, unless other names are given", async () => {
  const { heartbeat } = untouchable();
  for (const host of ["0.0.0.0", "::", "127.evil.test", "192.168.0.1", "127.0.0.1.evil.test"]) {
    await expect(serveHttp({ heartbeat, token: TOKEN, port: 0, host })).rejects.toMatchObject({
      code: "LUBDUB_OPTION_INVALID",
    });
  }
  await using it = await serve({ host: "0.0.0.0", remoteHosts: ["box.lan"] });
  const health = (host: string): Promise<string> =>
    sendRaw(it.server.port, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  expect(await health(`box.lan:${it.server.port}`)).toMatch(/^HTTP\/1\.1 200 /);
  expect(await health(`box.lan.evil.test:${it.server.port}`)).toMatch(/^HTTP\/1\.1 403 /);
});

test.each(["127.0.0.1", "127.0.0.2", "::1", "localhost"])(
  "listening on %s, it is called by its url",
  async (host) => {
    await using it = await serve({ host });
    const answered = await fetch(`${it.server.url}/v1/status`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(answered.status).toBe(200);
  },
);

test("a port in use and a short token are told, and leave nothing open", async () => {
  await using it = await serve();
  const { heartbeat } = untouchable();
  const { port } = it.server;
  await expect(serveHttp({ heartbeat, token: TOKEN, port })).rejects.toMatchObject({
    code: "LUBDUB_PORT_IN_USE",
    expected: expect.stringContaining(String(port)),
  });
  await expect(serveHttp({ heartbeat, token: "short", port: 0 })).rejects.toMatchObject({
    code: "LUBDUB_OPTION_INVALID",
  });
});

test("close ends what waits, and may be called twice", async () => {
  await using it = await serve();
  const headers = { authorization: `Bearer ${TOKEN}` };
  const stream = await fetch(`${it.server.url}/v1/stream`, { headers });
  const text = stream.text();
  await it.server.close();
  await it.server.close();
  expect(await text).toContain("event: open");
});
