import { expect, test } from "vitest";
import { connect } from "../../src/client/index.ts";
import { eventsOf } from "../../src/client/sse.ts";
import type { Heartbeat } from "../../src/api.ts";
import type { LogRecord } from "../../src/core/records.ts";
import { followLog } from "../../src/http/follow.ts";
import type { EventWriter } from "../../src/http/sse.ts";
import { TOKEN, untouchable } from "./fixture.ts";
import { serve, socketTo, until, type Served } from "./served.ts";

const authorization = `Bearer ${TOKEN}`;
const open = (it: Served, path = "", headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${it.server.url}/v1/stream${path}`, { headers: { authorization, ...headers } });

async function queue(it: Served, count: number, sessionKey = "s"): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, n) => it.heartbeat.enqueueSystemEvent(`event ${n}`, { sessionKey })),
  );
}

/** The ids of the next records, and the stream left behind. */
async function take(response: Response, count: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id, event } of eventsOf(response)) {
    if (event === undefined) ids.push(String(id));
    if (ids.length === count) break;
  }
  return ids;
}

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => String(from + n));

test("a stream resumes after Last-Event-ID, while more keeps coming, without gap or duplicate", async () => {
  await using it = await serve();
  await queue(it, 250);
  const first = await take(await open(it, "?after=0"), 130);
  const growing = queue(it, 300, "other");
  const second = await take(await open(it, "?after=0", { "last-event-id": "130" }), 420);
  await growing;
  expect([...first, ...second]).toEqual(range(1, 550));
});

test("without a position it begins now", async () => {
  await using it = await serve();
  await queue(it, 3);
  const response = await open(it);
  await queue(it, 2);
  expect(await take(response, 2)).toEqual(["4", "5"]);
});

test("one session's records only", async () => {
  await using it = await serve();
  await queue(it, 2, "a");
  await queue(it, 2, "b");
  await queue(it, 1, "a");
  expect(await take(await open(it, "?after=0&sessionKey=a"), 3)).toEqual(["1", "2", "5"]);
});

test.each(["99", "-1", "x", "1e2", ""])("a Last-Event-ID of %j is refused", async (id) => {
  await using it = await serve();
  const response = await open(it, "", { "last-event-id": id });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "LUBDUB_INPUT_INVALID" });
});

test("a quiet stream beats", async () => {
  await using it = await serve({ limits: { beatMs: 5 } });
  const response = await open(it);
  let text = "";
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    text += new TextDecoder().decode(chunk);
    if (text.split(": lub\n\n").length > 3) break;
  }
  expect(text).toMatch(/^event: open\n/);
});

test("streams are counted, and given back when their client goes", async () => {
  await using it = await serve({ limits: { streams: 1, beatMs: 5 } });
  const first = await open(it);
  const refused = await open(it);
  expect(refused.status).toBe(429);
  expect(await refused.json()).toMatchObject({ code: "LUBDUB_TOO_MANY" });
  await first.body?.cancel();
  await until(async () => {
    const again = await open(it);
    await again.body?.cancel();
    return again.status === 200;
  });
});

test("a client that does not read is dropped; memory holds no more than a page for it, and others go on", async () => {
  await using it = await serve({ limits: { slowClientMs: 50 } });
  const slow = await socketTo(it.server.port);
  const closed = new Promise((resolve) => slow.on("close", resolve));
  slow.on("error", () => {});
  slow.pause();
  slow.write(
    `GET /v1/stream?after=0 HTTP/1.1\r\nHost: 127.0.0.1:${it.server.port}\r\nAuthorization: ${authorization}\r\n\r\n`,
  );
  await using good = connect({ url: it.server.url, token: TOKEN });
  const seen: string[] = [];
  good.subscribe(({ position }) => seen.push(String(position)));
  await good.status();
  const text = "x".repeat(32_000);
  for (let n = 0; n < 900; n++) await it.heartbeat.enqueueSystemEvent(text, { sessionKey: `s${n}` });
  await until(() => seen.length === 900);
  expect(seen).toEqual(range(1, 900));
  await good.close();
  const count = async (): Promise<string> =>
    (await fetch(`${it.server.url}/metrics`, { headers: { authorization } })).text();
  await until(async () => (await count()).includes("lubdub_http_streams 0"));
  slow.resume();
  await closed;
  expect(slow.bytesRead).toBeLessThan(900 * text.length);
});

test("records that were compacted away are said to be missing", async () => {
  const over = new AbortController();
  const sent: string[] = [];
  const records = [5, 6].map((position) => ({ position, sessionKey: "s" }) as LogRecord);
  const heartbeat = {
    ...untouchable().heartbeat,
    subscribe: () => () => {},
    read: ({ after = 0 } = {}) => Promise.resolve(records.filter(({ position }) => position > after)),
  } as Heartbeat;
  const writer: EventWriter = {
    signal: over.signal,
    async send({ event = "record", id = "-", data }) {
      sent.push(event === "gap" ? `gap ${data}` : `${event} ${id}`);
      if (id === "6") over.abort();
    },
    beat: () => Promise.resolve(),
  };
  await followLog(heartbeat, writer, { after: 2, beatMs: 1_000 });
  expect(sent).toEqual(["open 2", 'gap {"from":3,"to":4}', "record 5", "record 6"]);
});
