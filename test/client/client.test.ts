import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Heartbeat } from "../../src/api.ts";
import { connect, type LubdubError } from "../../src/client/index.ts";
import { createHeartbeat } from "../../src/heartbeat.ts";
import { serveHttp } from "../../src/http/index.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { Outcome } from "../../src/vocabulary.ts";
import { TOKEN } from "../http/fixture.ts";
import { serve, until } from "../http/served.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lubdub-client-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a subscription lives through restarts of the server, without gap or duplicate", async () => {
  const heartbeat = createHeartbeat({ run: () => ({ status: "ran" }), store: memoryStore() });
  let server = await serveHttp({ heartbeat, token: TOKEN, port: 0 });
  const { port, url } = server;
  const errors: LubdubError[] = [];
  await using client = connect({ url, token: TOKEN, onStreamError: (error) => errors.push(error) });
  const seen: number[] = [];
  client.subscribe(({ position }) => seen.push(position));
  await client.status();
  const queue = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await heartbeat.enqueueSystemEvent("x", { sessionKey: `s${n}` });
  };
  for (let round = 1; round <= 3; round++) {
    const growing = queue(50);
    await server.close({ graceMs: 0 });
    await growing;
    await queue(50);
    server = await serveHttp({ heartbeat, token: TOKEN, port });
    await until(() => seen.length === round * 100);
  }
  expect(seen).toEqual(Array.from({ length: 300 }, (_, n) => n + 1));
  await server.close();
  await heartbeat.close();
});

test("a listener that throws keeps its stream and misses nothing", async () => {
  await using it = await serve();
  await using client = connect({ url: it.server.url, token: TOKEN });
  const seen: number[] = [];
  client.subscribe(({ position }) => {
    seen.push(position);
    throw new Error("mine");
  });
  for (let n = 0; n < 3; n++) await client.enqueueSystemEvent("x", { sessionKey: "s" });
  await until(() => seen.length === 3);
  expect(seen).toEqual([1, 2, 3]);
});

test("no daemon: LUBDUB_DAEMON_UNREACHABLE, for each kind of call", async () => {
  await using it = await serve();
  const { url } = it.server;
  await it.server.close();
  const errors: LubdubError[] = [];
  await using client = connect({ url, token: TOKEN, onStreamError: (error) => errors.push(error) });
  const unreachable = expect.objectContaining({ code: "LUBDUB_DAEMON_UNREACHABLE", retryable: true });
  await expect(client.status()).rejects.toEqual(unreachable);
  await expect(client.wake("x", { sessionKey: "s" })).rejects.toEqual(unreachable);
  await expect(client.runHeartbeatOnce({ sessionKey: "s" })).rejects.toEqual(unreachable);
  await expect(client.acquireTurn("s")).rejects.toEqual(unreachable);
  await expect(client.withTurn("s", () => "never")).rejects.toEqual(unreachable);
  client.subscribe(() => {});
  await until(() => errors.length > 0);
  expect(errors[0]).toEqual(unreachable);
});

test("another program on the port is not a daemon, and a redirect does not get the token", async () => {
  const asked: (string | undefined)[] = [];
  const other = createServer((request, response) => {
    asked.push(request.url);
    if (request.url === "/v1/status") response.writeHead(302, { location: "/elsewhere" }).end();
    else response.writeHead(404).end("<html>");
  });
  const url = await listening(other);
  await using client = connect({ url, token: TOKEN });
  const unreachable = expect.objectContaining({ code: "LUBDUB_DAEMON_UNREACHABLE" });
  await expect(client.status()).rejects.toEqual(unreachable);
  await expect(client.why("s")).rejects.toEqual(unreachable);
  expect(asked).not.toContain("/elsewhere");
  other.closeAllConnections();
  other.close();
});

test("a wrong token is LUBDUB_UNAUTHORIZED, with the daemon's words", async () => {
  await using it = await serve();
  await using client = connect({ url: it.server.url, token: "a-wrong-token-of-some-length" });
  await expect(client.status()).rejects.toMatchObject({
    code: "LUBDUB_UNAUTHORIZED",
    expected: expect.stringContaining("Authorization"),
  });
});

test.each(["nonsense", "ftp://127.0.0.1", "http://user:secret@127.0.0.1", "http://127.0.0.1?x=1"])(
  "the url %s is refused at the door",
  (url) => {
    expect(() => connect({ url, token: TOKEN })).toThrow(
      expect.objectContaining({
        code: "LUBDUB_OPTION_INVALID",
        message: expect.not.stringContaining("secret"),
      }),
    );
  },
);

test.each([".", "..", ""])("the key %j, which a URL cannot carry, is refused here", async (sessionKey) => {
  await using it = await serve();
  await using client = connect({ url: it.server.url, token: TOKEN });
  await expect(client.session(sessionKey)).rejects.toMatchObject({ code: "LUBDUB_SESSION_KEY_INVALID" });
});

test("data that JSON cannot carry is refused here", async () => {
  await using it = await serve();
  await using client = connect({ url: it.server.url, token: TOKEN });
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const refused = client.wake("x", { sessionKey: "s", data: circle as never });
  await expect(refused).rejects.toMatchObject({ code: "LUBDUB_INPUT_INVALID" });
});

test("a run may take longer than any quiet on the line: it beats until its outcome", async () => {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  await using it = await serve({ limits: { beatMs: 2 } }, { run: () => promise });
  await using client = connect({ url: it.server.url, token: TOKEN });
  let received = "";
  const { fetch } = globalThis;
  using spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (...asked) => {
    const { body, ...answered } = await fetch(...asked).then(({ body, status, headers }) => ({
      body,
      status,
      headers,
    }));
    const seen = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        received += new TextDecoder().decode(chunk);
        if (received.split(": lub\n").length > 3) resolve({ status: "ran", reply: "at last" });
        controller.enqueue(chunk);
      },
    });
    return new Response(body?.pipeThrough(seen) ?? null, answered);
  });
  expect(await client.runHeartbeatOnce({ sessionKey: "s" })).toMatchObject({ status: "ran" });
  expect(spy).toHaveBeenCalledOnce();
});

test("a run that cannot be asked for rejects with the daemon's error", async () => {
  await using it = await serve();
  await using client = connect({ url: it.server.url, token: TOKEN });
  const refused = client.runHeartbeatOnce({ sessionKey: "a\nb" });
  await expect(refused).rejects.toMatchObject({ name: "LubdubError", code: "LUBDUB_SESSION_KEY_INVALID" });
});

test("waitFor ends with its signal, and with the client", async () => {
  await using it = await serve({}, { run: () => new Promise(() => {}), abortGraceMs: 0 });
  const client = connect({ url: it.server.url, token: TOKEN });
  const { eventId } = await client.wake("x", { sessionKey: "s" });
  const giveUp = new AbortController();
  const waiting = client.waitFor(String(eventId), "settled", { signal: giveUp.signal });
  giveUp.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  const other = client.waitFor(String(eventId), "settled");
  await client.close();
  await expect(other).rejects.toMatchObject({ code: "LUBDUB_CLOSED" });
  expect((await it.heartbeat.status()).state).toBe("running");
});

test("a turn of another process keeps runs away; sessions of one lane share it", async () => {
  const order: string[] = [];
  await using it = await serve(
    {},
    { laneOf: () => "shared", run: () => (order.push("run"), { status: "ran" }) },
  );
  await using client = connect({ url: it.server.url, token: TOKEN });
  const accepted = await client.withTurn("a", () =>
    client.withTurn("b", async () => {
      const woken = await it.heartbeat.wake("x", { sessionKey: "c" });
      order.push("turn");
      return woken;
    }),
  );
  await client.waitFor(String(accepted.eventId), "settled");
  expect(order).toEqual(["turn", "run"]);
});

test("a lease is renewed while it is held, and taken again from a daemon that was started anew", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    await using it = await serve();
    const { port, url } = it.server;
    await using client = connect({ url, token: TOKEN });
    const lease = await client.acquireTurn("s");
    await it.server.close({ graceMs: 0 });
    expect(await it.heartbeat.isBusy("s")).toBe(false);
    const server = await serveHttp({ heartbeat: it.heartbeat, token: TOKEN, port });
    vi.advanceTimersByTime(10_000);
    await until(() => it.heartbeat.isBusy("s"));
    await lease[Symbol.asyncDispose]();
    expect(await it.heartbeat.isBusy("s")).toBe(false);
    await server.close();
  } finally {
    vi.useRealTimers();
  }
});

test("a client that is closed gives back the turns it holds", async () => {
  await using it = await serve();
  const client = connect({ url: it.server.url, token: TOKEN });
  await client.acquireTurn("s");
  expect(await it.heartbeat.isBusy("s")).toBe(true);
  await client.close();
  expect(await it.heartbeat.isBusy("s")).toBe(false);
});

test("onIdle can be stopped", async () => {
  await using it = await serve();
  await using client = connect({ url: it.server.url, token: TOKEN });
  const lease = await client.acquireTurn("s");
  let called = 0;
  const stop = client.onIdle("s", () => (called += 1));
  stop();
  lease.release();
  await until(async () => !(await client.isBusy("s")));
  expect(called).toBe(0);
});

test("a backup comes from the daemon's folder to the file, overwrites nothing and leaves nothing behind", async () => {
  await using it = await serve();
  const backupFolder = join(folder, "backups");
  const heartbeat: Heartbeat = { ...it.heartbeat, backup: async (file) => writeFileSync(file, "the copy") };
  const server = await serveHttp({ heartbeat, token: TOKEN, port: 0, backupFolder });
  await using client = connect({ url: server.url, token: TOKEN });
  const file = join(folder, "mine.db");
  await client.backup(file);
  expect(readFileSync(file, "utf8")).toBe("the copy");
  await expect(client.backup(file)).rejects.toMatchObject({ code: "LUBDUB_INPUT_INVALID" });
  await expect(client.backup(join(folder, "none", "x.db"))).rejects.toMatchObject({
    code: "LUBDUB_INPUT_INVALID",
    fix: expect.stringContaining("complete"),
  });
  expect(existsSync(backupFolder)).toBe(true);
  await server.close();
});

function listening(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
}
