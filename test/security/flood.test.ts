import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { AUTHORIZED, httpApp, ORIGIN, post, TOKEN } from "../http/fixture.ts";
import { sendRaw, serve, socketTo, until } from "../http/served.ts";
import { held } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

const BEARER = { authorization: `Bearer ${TOKEN}` };
const HEAD = (port: number): string => `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`;

/** However the other side ends it. */
const closeOf = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) =>
    socket
      .resume()
      .on("error", () => {})
      .once("close", resolve),
  );

describe("many at once", () => {
  test("streams over the limit are refused with 429, and one that leaves makes room", async () => {
    await using it = await serve({ limits: { streams: 3 } });
    const open = (): Promise<Response> => fetch(`${it.server.url}/v1/stream`, { headers: BEARER });
    const streams = [await open(), await open(), await open()];
    const refused = await open();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    await refused.body?.cancel();
    await streams[0]?.body?.cancel();
    await until(async () => {
      const again = await open();
      if (again.status === 200) streams.push(again);
      else await again.body?.cancel();
      return again.status === 200;
    });
    for (const stream of streams.slice(1)) await stream.body?.cancel();
  });

  test("a HEAD of the stream holds no place", async () => {
    await using it = await serve({ limits: { streams: 2, slowClientMs: 50, beatMs: 20 } });
    for (let count = 0; count < 10; count++) {
      const { port } = it.server;
      const head = `HEAD /v1/stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${TOKEN}\r\n`;
      await sendRaw(port, `${head}Connection: close\r\n\r\n`);
    }
    let status = 0;
    await until(async () => {
      const stream = await fetch(`${it.server.url}/v1/stream`, { headers: BEARER });
      await stream.body?.cancel();
      status = stream.status;
      return status === 200;
    });
    expect(status).toBe(200);
  });

  test("turns over the limit are refused with 429", async () => {
    const heart = testHeart();
    const app = httpApp(heart.heartbeat);
    const take = async (key: string): Promise<number> =>
      (await post(app, `/v1/sessions/${key}/turns`)).status;
    for (let count = 0; count < 1_000; count++) expect(await take(`s${count}`)).toBe(201);
    expect(await take("one-more")).toBe(429);
    app.close();
  });

  test("events over a session's limit are refused with 429, and its neighbour is served", async () => {
    const { promise, resolve } = held<{ status: "ran" }>();
    const heart = testHeart({ queueMax: 5, run: () => promise });
    const app = httpApp(heart.heartbeat);
    const send = async (sessionKey: string): Promise<number> =>
      (await heart.soon(post(app, "/v1/events", { text: "x", sessionKey }))).status;
    const statuses: number[] = [];
    for (let count = 0; count < 8; count++) statuses.push(await send("flooded"));
    expect(statuses).toEqual([202, 202, 202, 202, 202, 429, 429, 429]);
    expect(await send("neighbour")).toBe(202);
    expect(await heart.heartbeat.peekSystemEvents("flooded")).toHaveLength(5);
    resolve({ status: "ran" });
  });

  test("a burst of wakes for one session is one run", async () => {
    const heart = testHeart({ coalesceMs: 100 });
    const app = httpApp(heart.heartbeat);
    await heart.soon(
      Promise.all(Array.from({ length: 500 }, () => post(app, "/v1/sessions/s/wake", { intent: "event" }))),
    );
    await heart.clock.advance(1_000);
    expect(heart.agent.calls.length).toBeLessThanOrEqual(1);
  });

  test("a hot session does not keep another from its run", async () => {
    const heart = testHeart({ coalesceMs: 0, concurrency: 1, batchMax: 1 });
    const hot = Array.from({ length: 200 }, () => heart.heartbeat.wake("hot", { sessionKey: "hot" }));
    const cold = heart.heartbeat.wake("cold", { sessionKey: "cold" });
    await heart.soon(Promise.all([...hot, cold]));
    await heart.clock.advance(1);
    const order = heart.agent.calls.map(({ sessionKey }) => sessionKey);
    expect(order).toContain("cold");
    expect(order.indexOf("cold")).toBeLessThan(20);
  });
});

describe("slow on purpose", () => {
  test("two hundred connections that say nothing are cut off, and a caller is served meanwhile", async () => {
    await using it = await serve({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 } });
    const { port } = it.server;
    const idle = await Promise.all(Array.from({ length: 200 }, () => socketTo(port)));
    const ends = idle.map((socket) => closeOf(socket));
    expect(await sendRaw(port, `${HEAD(port)}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    await Promise.all(ends);
  });

  test("a client that drips its headers, one byte at a time, is cut off all the same", async () => {
    await using it = await serve({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 } });
    const socket = await socketTo(it.server.port);
    const closed = closeOf(socket);
    const drip = setInterval(() => socket.write("X"), 10);
    await closed;
    clearInterval(drip);
    expect(socket.bytesRead).toBeLessThan(500);
  });

  test("a client that drips its body is cut off, and nothing is stored", async () => {
    await using it = await serve({ limits: { headersTimeoutMs: 100, requestTimeoutMs: 300 } });
    const { port } = it.server;
    const socket = await socketTo(port);
    const closed = closeOf(socket);
    const head = [`POST /v1/events HTTP/1.1`, `Host: 127.0.0.1:${port}`, `Authorization: Bearer ${TOKEN}`];
    socket.write([...head, "Content-Type: application/json", "Content-Length: 60000", "", "{"].join("\r\n"));
    const drip = setInterval(() => socket.write(" "), 10);
    await closed;
    clearInterval(drip);
    expect(await it.heartbeat.read()).toEqual([]);
  });

  test("a client that never reads its answers holds back nobody", async () => {
    await using it = await serve();
    const { port } = it.server;
    const deaf = await socketTo(port);
    deaf.pause();
    for (let count = 0; count < 500; count++) deaf.write(`${HEAD(port)}\r\n`);
    expect(await sendRaw(port, `${HEAD(port)}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    deaf.destroy();
  });

  test("a wait ends after its time, whatever is asked for", async () => {
    const app = httpApp(testHeart().heartbeat);
    for (const waitMs of ["60001", "1e9", "-1", "Infinity", "0x10", ""]) {
      const answered = await app.app.request(`${ORIGIN}/v1/sessions/s/turns?wait=idle&waitMs=${waitMs}`, {
        headers: AUTHORIZED,
      });
      expect(answered.status).toBe(400);
    }
  });
});
