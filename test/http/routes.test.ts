import { expect, test, vi } from "vitest";
import type { HeartbeatOptions } from "../../src/options.ts";
import type { Outcome } from "../../src/vocabulary.ts";
import { createHeartbeat } from "../../src/heartbeat.ts";
import { LubdubError, type ErrorCode } from "../../src/errors.ts";
import type { HttpApp } from "../../src/http/index.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { ask, httpApp, post, untouchable } from "./fixture.ts";

const KEY = "agent:main:discord:channel:42";
const SESSION = `/v1/sessions/${encodeURIComponent(KEY)}`;

async function open(options: Partial<HeartbeatOptions> = {}): Promise<HttpApp & AsyncDisposable> {
  const heartbeat = createHeartbeat({
    run: () => ({ status: "ran" }),
    store: memoryStore(),
    coalesceMs: 0,
    ...options,
  });
  const app = httpApp(heartbeat);
  return {
    ...app,
    async [Symbol.asyncDispose]() {
      app.close();
      await heartbeat.close({ graceMs: 0 });
    },
  };
}

const json = async (response: Promise<Response>): Promise<Record<string, unknown>> =>
  (await (await response).json()) as Record<string, unknown>;

test("202 says what it proves and where to follow it; a repeat is 200", async () => {
  await using app = await open();
  const headers = { "idempotency-key": "job 7" };
  const first = await post(app, "/v1/events", { text: "done", sessionKey: KEY, wake: false }, headers);
  const body = (await first.json()) as Record<string, unknown>;
  expect(first.status).toBe(202);
  expect(body).toMatchObject({ sessionKey: KEY, position: 1, deduplicated: false, proves: "stored" });
  expect(body["url"]).toBe(`/v1/wakes/${String(body["eventId"])}`);
  expect(first.headers.get("location")).toBe(body["url"]);

  const again = await post(app, "/v1/events", { text: "done", sessionKey: KEY, wake: false }, headers);
  expect(again.status).toBe(200);
  expect(await again.json()).toMatchObject({
    eventId: body["eventId"],
    wakeId: body["wakeId"],
    deduplicated: true,
  });
  expect(await json(ask(app, String(body["url"])))).toMatchObject({ state: "accepted", sessionKey: KEY });
});

test("source and id de-duplicate as a pair", async () => {
  await using app = await open();
  const send = async (source: string, id: string): Promise<number> =>
    (await post(app, "/v1/events", { text: "x", sessionKey: KEY, source, id, wake: false })).status;
  expect(await send("ci", "7")).toBe(202);
  expect(await send("ci", "7")).toBe(200);
  expect(await send("c", "i7")).toBe(202);
  expect(await send('ci","7', "")).toBe(400);
});

test.each([
  ["two ways at once", { dedupeKey: "a" }, { "idempotency-key": "b" }],
  ["an id without its source", { id: "7" }, {}],
])("%s to say 'the same event' are refused", async (_what, body, headers) => {
  await using app = await open();
  const refused = await post(app, "/v1/events", { text: "x", sessionKey: KEY, ...body }, headers);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ code: "LUBDUB_INPUT_INVALID" });
});

test("?wait=settled answers the receipt", async () => {
  await using app = await open();
  const answered = json(post(app, "/v1/events?wait=settled", { text: "x", sessionKey: KEY }));
  expect((await answered)["receipt"]).toMatchObject({ state: "settled", settlement: "acked" });
});

test("?wait=started answers while the run goes on; a wait that is over answers how it stands", async () => {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  await using app = await open({ run: () => promise });
  const first = await json(post(app, "/v1/events?wait=started", { text: "x", sessionKey: KEY }));
  expect(first["receipt"]).toMatchObject({ state: "started" });
  const url = String(first["url"]);
  expect(await json(ask(app, `${url}?wait=settled&waitMs=1`))).toMatchObject({ state: "started" });
  const settled = json(ask(app, `${url}?wait=settled`));
  resolve({ status: "ran" });
  expect(await settled).toMatchObject({ state: "settled" });
});

test("a wait ends when the server stops: 503 and when to come back", async () => {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  await using app = await open({ run: () => promise });
  const { url } = await json(post(app, "/v1/events?wait=started", { text: "x", sessionKey: KEY }));
  const waiting = ask(app, `${String(url)}?wait=settled`);
  app.close();
  const answered = await waiting;
  expect(answered.status).toBe(503);
  expect(answered.headers.get("retry-after")).toBe("5");
  expect(await answered.json()).toMatchObject({ code: "LUBDUB_STOPPING", retryable: true });
  resolve({ status: "ran" });
});

test.each(["a/b", "a%2Fb", "a?b#c", "ключ 🫀", "%", "a b", "A", "a", "a.", "..a", "é", "e\u0301"])(
  "the key %j in a path is that key and no other",
  async (sessionKey) => {
    await using app = await open();
    await post(app, "/v1/events", { text: "x", sessionKey, wake: false });
    const path = `/v1/sessions/${encodeURIComponent(sessionKey)}`;
    expect(await json(ask(app, path))).toMatchObject({ sessionKey, queued: 1 });
    expect(await json(ask(app, `${path}/events`))).toMatchObject({ events: [{ sessionKey, text: "x" }] });
    expect(await json(ask(app, "/v1/sessions"))).toMatchObject({ sessions: [{ sessionKey }], next: null });
  },
);

test("look-alike keys are strangers", async () => {
  await using app = await open();
  await post(app, "/v1/events", { text: "x", sessionKey: "e\u0301:a", wake: false });
  const others = ["\u00e9:a", "e\u0301:A", "e\u0301:\u0430", "e\u0301:a "];
  const answered = others.map((other) => ask(app, `/v1/sessions/${encodeURIComponent(other)}`));
  expect((await Promise.all(answered)).map(({ status }) => status)).toEqual([404, 404, 404, 404]);
});

test.each(["%FF", "%C3", "a%00b", "%0A"])("a path with the broken key %s is refused", async (key) => {
  await using app = await open();
  const answered = await ask(app, `/v1/sessions/${key}/why`);
  expect(answered.status).toBe(400);
  expect(await answered.json()).toMatchObject({ code: "LUBDUB_SESSION_KEY_INVALID" });
});

test("wake, run, why, drain, forget", async () => {
  await using app = await open({
    run: ({ events }) => ({ status: "ran", reply: `${events.length} events` }),
  });
  const queue = { text: "x", sessionKey: KEY, wake: false };
  await post(app, "/v1/events", queue);
  expect(await json(ask(app, `${SESSION}/why`))).toMatchObject({ sessionKey: KEY, queued: 1 });
  expect(await json(post(app, `${SESSION}/run`))).toEqual({ status: "ran", reply: "1 events" });
  await post(app, "/v1/events", queue);
  expect(await json(ask(app, `${SESSION}/drain`, { method: "POST" }))).toMatchObject({
    events: [{ text: "x" }],
  });
  expect(await json(post(app, `${SESSION}/wake`, { reason: "look" }))).toMatchObject({ proves: "stored" });
  expect(await json(post(app, `${SESSION}/forget`))).toMatchObject({ sessionKey: KEY });
});

test("a turn over HTTP holds the lane, is renewed, and ends", async () => {
  await using app = await open();
  const taken = await post(app, `${SESSION}/turns`, { ttlMs: 60_000 });
  expect(taken.status).toBe(201);
  const { turnId } = (await taken.json()) as { turnId: string };
  expect(await json(ask(app, `${SESSION}/turns`))).toEqual({ busy: true });
  const refused = await post(app, `${SESSION}/turns`, { waitMs: 1 });
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ code: "LUBDUB_LANE_BUSY", retryable: true });
  const elsewhere = await post(app, `/v1/sessions/other/turns/${turnId}/renew`);
  expect(elsewhere.status).toBe(404);
  expect(await json(post(app, `${SESSION}/turns/${turnId}/renew`, { ttlMs: 2_000 }))).toMatchObject({
    ttlMs: 2_000,
  });
  await ask(app, `/v1/sessions/other/turns/${turnId}`, { method: "DELETE" });
  expect(await json(ask(app, `${SESSION}/turns`))).toEqual({ busy: true });
  expect((await ask(app, `${SESSION}/turns/${turnId}`, { method: "DELETE" })).status).toBe(204);
  expect(await json(ask(app, `${SESSION}/turns?wait=idle`))).toEqual({ busy: false });
});

test("a turn that nobody renews ends by itself", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    await using app = await open();
    await post(app, `${SESSION}/turns`, { ttlMs: 1_000 });
    vi.advanceTimersByTime(999);
    expect(await json(ask(app, `${SESSION}/turns`))).toEqual({ busy: true });
    vi.advanceTimersByTime(1);
    expect(await json(ask(app, `${SESSION}/turns`))).toEqual({ busy: false });
  } finally {
    vi.useRealTimers();
  }
});

test("dead letters are listed, requeued, dismissed", async () => {
  await using app = await open({ run: () => ({ status: "failed", reason: "no", retryable: false }) });
  const { eventId } = await json(post(app, "/v1/events?wait=settled", { text: "bad", sessionKey: KEY }));
  expect(await json(ask(app, "/v1/dead"))).toMatchObject({
    deadLetters: [{ event: { eventId }, attempts: 1 }],
  });
  expect((await post(app, `/v1/dead/${String(eventId)}/requeue`)).status).toBe(202);
  await ask(app, `/v1/wakes/${String(eventId)}?wait=settled`);
  expect((await post(app, `/v1/dead/${String(eventId)}/dismiss`)).status).toBe(200);
  expect(await json(ask(app, "/v1/dead"))).toEqual({ deadLetters: [] });
  expect((await post(app, "/v1/dead/e-1-none/dismiss")).status).toBe(404);
});

test("log and state by position", async () => {
  await using app = await open();
  for (const text of ["one", "two"]) await post(app, "/v1/events", { text, sessionKey: KEY, wake: false });
  const page = await json(ask(app, "/v1/log?from=2&limit=1"));
  expect(page).toMatchObject({ records: [{ position: 2, body: { text: "two" } }], next: 3 });
  expect(await json(ask(app, "/v1/log?from=3"))).toEqual({ records: [], next: 3, cut: false });
  expect(await json(ask(app, "/v1/state?at=1"))).toMatchObject({ position: 1 });
  expect((await ask(app, "/v1/log?from=-1")).status).toBe(400);
  expect((await ask(app, "/v1/log?from=1&from=2")).status).toBe(400);
});

test("status, readiness and metrics", async () => {
  await using app = await open();
  await post(app, "/v1/events?wait=settled", { text: "x", sessionKey: KEY });
  expect(await json(ask(app, "/v1/status"))).toMatchObject({ state: "running", position: 3 });
  expect(await json(ask(app, "/readyz"))).toEqual({ ready: true });
  const text = await (await ask(app, "/metrics")).text();
  expect(text).toContain("lubdub_log_position 3");
  expect(text).toContain('lubdub_state{state="running"} 1');
  expect(text).toContain('lubdub_count{of="run.ran"} 1');
  expect(text).toContain('lubdub_http_requests_total{method="POST",route="/v1/events",status="202"} 1');
  expect(text).not.toContain(KEY);
});

test.each<readonly [ErrorCode, number, string | null]>([
  ["LUBDUB_STORE_FULL", 507, null],
  ["LUBDUB_STORE_FAILED", 503, "5"],
  ["LUBDUB_STOPPING", 503, "5"],
  ["LUBDUB_CLOSED", 503, "5"],
  ["LUBDUB_QUEUE_FULL", 429, "1"],
  ["LUBDUB_TEXT_INVALID", 400, null],
])("%s is %i", async (code, status, retryAfter) => {
  const error = new LubdubError(code, { expected: "this", got: "that", fix: "Do so." });
  const heartbeat = { ...untouchable().heartbeat, wake: () => Promise.reject(error) };
  const answered = await post(httpApp(heartbeat), "/v1/events", { text: "x", sessionKey: "s" });
  expect(answered.status).toBe(status);
  expect(answered.headers.get("retry-after")).toBe(retryAfter);
  const { detail, title, type, ...problem } = (await answered.json()) as Record<string, unknown>;
  expect(problem).toEqual({
    status,
    code,
    expected: "this",
    got: "that",
    fix: "Do so.",
    retryable: error.retryable,
  });
  expect({ detail, type }).toEqual({ detail: error.message, type: `urn:lubdub:error:${code}` });
  expect(title).toEqual(expect.any(String));
});

test("a bug is 500 and tells the caller nothing, the daemon everything", async () => {
  const heartbeat = {
    ...untouchable().heartbeat,
    wake: () => Promise.reject(new TypeError("secret path /x")),
  };
  const bugs: unknown[] = [];
  const app = httpApp(heartbeat, { onBug: (error) => bugs.push(error) });
  const answered = await post(app, "/v1/events", { text: "x", sessionKey: "s" });
  expect(answered.status).toBe(500);
  expect(await answered.text()).not.toContain("secret");
  expect(bugs).toEqual([expect.objectContaining({ message: "secret path /x" })]);
});

test.each([
  ["GET", "/v1/events", "POST"],
  ["DELETE", "/v1/status", "GET, HEAD"],
  ["PUT", `${SESSION}/turns`, "GET, HEAD, POST"],
  ["PATCH", "/openapi.json", "GET, HEAD"],
])("%s %s is no method of this route: 405 that names those it has", async (method, path, allow) => {
  await using app = await open();
  const response = await ask(app, path, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe(allow);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(await response.json()).toMatchObject({ code: "LUBDUB_METHOD_NOT_ALLOWED", status: 405 });
});

test("no route is 404 under any method, and so is what a route does not find", async () => {
  await using app = await open();
  for (const method of ["GET", "POST", "DELETE"]) {
    const response = await ask(app, "/v1/nothing", { method });
    expect([response.status, response.headers.get("allow")]).toEqual([404, null]);
  }
  expect((await ask(app, "/v1/wakes/e-9-none")).status).toBe(404);
});
