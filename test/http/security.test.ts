import { describe, expect, test } from "vitest";
import { AUTHORIZED, httpApp, ORIGIN, PORT, TOKEN, untouchable } from "./fixture.ts";

const EVENT = JSON.stringify({ text: "hello", sessionKey: "s" });
const POST = { method: "POST", headers: { "content-type": "application/json" }, body: EVENT };

interface Attack {
  readonly name: string;
  readonly path?: string;
  readonly url?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly without?: readonly string[];
  readonly body?: RequestInit["body"];
  readonly status: number;
  readonly code: string;
}

const forbidden = { status: 403, code: "LUBDUB_FORBIDDEN" };
const unauthorized = { status: 401, code: "LUBDUB_UNAUTHORIZED" };
const unsupported = { status: 415, code: "LUBDUB_UNSUPPORTED_TYPE" };
const invalid = { status: 400, code: "LUBDUB_INPUT_INVALID" };
const tooLarge = { status: 413, code: "LUBDUB_TOO_LARGE" };
const notFound = { status: 404, code: "LUBDUB_NOT_FOUND" };
const wrongMethod = { status: 405, code: "LUBDUB_METHOD_NOT_ALLOWED" };
const chunks = (bytes: number): ReadableStream =>
  new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode("x".repeat(1_024)));
      if ((bytes -= 1_024) <= 0) controller.close();
    },
  });

const ATTACKS: readonly Attack[] = [
  {
    name: "DNS rebinding: the page's own name as Host",
    headers: { host: `evil.test:${PORT}` },
    ...forbidden,
  },
  { name: "a name that begins like an address", headers: { host: `127.evil.test:${PORT}` }, ...forbidden },
  {
    name: "an address that begins like ours",
    headers: { host: `127.0.0.1.evil.test:${PORT}` },
    ...forbidden,
  },
  { name: "Host with user info", headers: { host: `127.0.0.1:${PORT}@evil.test` }, ...forbidden },
  { name: "Host after user info", headers: { host: `evil@127.0.0.1:${PORT}` }, ...forbidden },
  { name: "Host with another port", headers: { host: "127.0.0.1:80" }, ...forbidden },
  { name: "Host without the port", headers: { host: "127.0.0.1" }, ...forbidden },
  { name: "Host with a trailing dot", headers: { host: `localhost.:${PORT}` }, ...forbidden },
  { name: "two Hosts in one", headers: { host: `127.0.0.1:${PORT}, evil.test` }, ...forbidden },
  { name: "Host in decimal notation", headers: { host: `2130706433:${PORT}` }, ...forbidden },
  { name: "no Host", without: ["host"], ...forbidden },
  {
    name: "a whole URL of another host in the request line",
    url: "http://evil.test/v1/events",
    ...forbidden,
  },
  { name: "Origin of another page", headers: { origin: "http://evil.test" }, ...forbidden },
  { name: "Origin null (sandboxed frame, file)", headers: { origin: "null" }, ...forbidden },
  { name: "Origin of another port", headers: { origin: "http://127.0.0.1:3000" }, ...forbidden },
  { name: "Origin over https", headers: { origin: `https://127.0.0.1:${PORT}` }, ...forbidden },
  { name: "Origin with our name as prefix", headers: { origin: `${ORIGIN}.evil.test` }, ...forbidden },
  { name: "cross-site fetch", headers: { "sec-fetch-site": "cross-site" }, ...forbidden },
  { name: "same-site fetch of another port", headers: { "sec-fetch-site": "same-site" }, ...forbidden },
  {
    name: "CORS preflight",
    method: "OPTIONS",
    body: null,
    headers: { origin: "http://evil.test", "access-control-request-method": "POST" },
    ...forbidden,
  },
  { name: "no token", without: ["authorization"], ...unauthorized },
  { name: "an empty token", headers: { authorization: "Bearer " }, ...unauthorized },
  {
    name: "a token that is too short",
    headers: { authorization: `Bearer ${TOKEN.slice(0, -1)}` },
    ...unauthorized,
  },
  { name: "a token that is too long", headers: { authorization: `Bearer ${TOKEN}x` }, ...unauthorized },
  { name: "a wrong token", headers: { authorization: `Bearer ${TOKEN.replace("a", "b")}` }, ...unauthorized },
  {
    name: "a token in other case",
    headers: { authorization: `Bearer ${TOKEN.toUpperCase()}` },
    ...unauthorized,
  },
  { name: "two tokens", headers: { authorization: `Bearer ${TOKEN}, Bearer x` }, ...unauthorized },
  {
    name: "the token as basic auth",
    headers: { authorization: `Basic ${btoa(`x:${TOKEN}`)}` },
    ...unauthorized,
  },
  {
    name: "the token in the query only",
    path: `/v1/events?token=${TOKEN}`,
    without: ["authorization"],
    ...unauthorized,
  },
  { name: "the token in the query too", path: `/v1/events?token=${TOKEN}`, ...invalid },
  { name: "an unknown route without a token", path: "/admin", without: ["authorization"], ...unauthorized },
  { name: "an unknown route", path: "/admin", ...notFound },
  {
    name: "the document without a token",
    path: "/openapi.json",
    method: "GET",
    body: null,
    without: ["authorization"],
    ...unauthorized,
  },
  {
    name: "metrics without a token",
    path: "/metrics",
    method: "GET",
    body: null,
    without: ["authorization"],
    ...unauthorized,
  },
  { name: "a form", headers: { "content-type": "application/x-www-form-urlencoded" }, ...unsupported },
  { name: "plain text, which any page may send", headers: { "content-type": "text/plain" }, ...unsupported },
  {
    name: "JSON in the parameters of another type",
    headers: { "content-type": "text/plain; application/json" },
    ...unsupported,
  },
  {
    name: "JSON in another encoding",
    headers: { "content-type": "application/json; charset=utf-16" },
    ...unsupported,
  },
  { name: "no content type", without: ["content-type"], ...unsupported },
  { name: "a compressed body", headers: { "content-encoding": "gzip" }, ...unsupported },
  {
    name: "a huge body",
    body: `{"text":"${"x".repeat(65_536)}"}`,
    headers: { "content-length": "65600" },
    ...tooLarge,
  },
  {
    name: "a chunked body over the limit",
    body: chunks(1_000_000),
    headers: { "transfer-encoding": "chunked" },
    ...tooLarge,
  },
  { name: "a stream without a length", body: chunks(1_000_000), ...tooLarge },
  { name: "broken JSON", body: '{"text":', ...invalid },
  { name: "broken UTF-8", body: Buffer.from(EVENT.replace("hello", "h\u00ff"), "latin1"), ...invalid },
  { name: "an unknown field", body: JSON.stringify({ text: "t", sessionKey: "s", admin: true }), ...invalid },
  {
    name: "__proto__ as a field",
    body: '{"text":"t","sessionKey":"s","__proto__":{"admin":true}}',
    ...invalid,
  },
  {
    name: "nesting without end",
    body: `{"text":"t","sessionKey":"s","data":${"[".repeat(9_000)}${"]".repeat(9_000)}}`,
    ...invalid,
  },
  { name: "an array for an object", body: "[]", ...invalid },
  { name: "a number for a text", body: JSON.stringify({ text: 1, sessionKey: "s" }), ...invalid },
  { name: "a wrong intent", body: JSON.stringify({ text: "t", sessionKey: "s", intent: "now" }), ...invalid },
  { name: "GET where POST is meant", method: "GET", body: null, ...wrongMethod },
  {
    name: "GET that asks for a change",
    path: "/v1/sessions/s/drain",
    method: "GET",
    body: null,
    ...wrongMethod,
  },
  { name: "PUT", method: "PUT", ...wrongMethod },
  {
    name: "TRACE in disguise",
    method: "GET",
    body: null,
    headers: { "x-http-method-override": "POST" },
    ...wrongMethod,
  },
  {
    name: "a path that climbs",
    path: "/v1/sessions/../../etc/passwd",
    method: "GET",
    body: null,
    ...notFound,
  },
  { name: "a backup to a path", path: "/v1/backup", body: JSON.stringify({ name: "../x" }), ...invalid },
  { name: "a backup to a hidden file", path: "/v1/backup", body: JSON.stringify({ name: ".x" }), ...invalid },
  {
    name: "a backup where none is offered",
    path: "/v1/backup",
    body: JSON.stringify({ name: "x" }),
    ...forbidden,
  },
];

describe("an attack changes nothing and is told why", () => {
  test.each(ATTACKS)("$name: $status", async (attack) => {
    const { heartbeat, calls } = untouchable();
    const headers = new Headers({ ...AUTHORIZED, ...POST.headers, ...attack.headers });
    for (const name of attack.without ?? []) headers.delete(name);
    const body = attack.body === undefined ? POST.body : attack.body;
    const init = { method: attack.method ?? "POST", headers, body, duplex: "half" } as RequestInit;
    const url = attack.url ?? `${ORIGIN}${attack.path ?? "/v1/events"}`;
    const request = new Request(url, init);
    if (attack.without?.includes("content-type")) request.headers.delete("content-type");
    const answered = await httpApp(heartbeat).app.request(request);
    const problem = (await answered.json()) as Record<string, unknown>;

    expect({ status: answered.status, code: problem["code"] }).toEqual({
      status: attack.status,
      code: attack.code,
    });
    expect(answered.headers.get("content-type")).toBe("application/problem+json");
    expect(problem).toMatchObject({ status: attack.status, type: `urn:lubdub:error:${attack.code}` });
    expect(calls).toEqual([]);
    expect(JSON.stringify(problem)).not.toContain(TOKEN);
    expect([...answered.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
  });

  test.each([`127.0.0.1:${PORT}`, `localhost:${PORT}`, `LOCALHOST:${PORT}`, `[::1]:${PORT}`])(
    "Host %s is ours",
    async (host) => {
      const answered = await httpApp(untouchable().heartbeat).app.request(`http://${host}/healthz`, {
        headers: { host, origin: `http://${host}`, "sec-fetch-site": "same-origin" },
      });
      expect(answered.status).toBe(200);
      expect(await answered.json()).toEqual({ ok: true });
    },
  );

  test("every answer carries the security headers", async () => {
    const { app } = httpApp(untouchable().heartbeat);
    for (const path of ["/healthz", "/v1/status", "/nowhere"]) {
      const { headers } = await app.request(`${ORIGIN}${path}`, { headers: { host: `127.0.0.1:${PORT}` } });
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });

  test("wrong tokens are counted before the token is looked at, and time forgives", async () => {
    let now = 0;
    const { app } = httpApp(untouchable().heartbeat, { nowMs: () => now });
    const status = async (token: string): Promise<number> =>
      (
        await app.request(`${ORIGIN}/v1/status`, {
          headers: { ...AUTHORIZED, authorization: `Bearer ${token}` },
        })
      ).status;
    const tried: number[] = [];
    for (let attempt = 0; attempt < 31; attempt++) tried.push(await status("guess"));
    expect(tried).toEqual([...Array<number>(30).fill(401), 429]);
    expect(await status(TOKEN)).toBe(429);
    now += 2_000;
    expect(await status(TOKEN)).toBe(200);
  });

  test("a token that could be guessed is refused at the start", () => {
    expect(() => httpApp(untouchable().heartbeat, { token: "short" })).toThrow(
      expect.objectContaining({ code: "LUBDUB_OPTION_INVALID" }),
    );
  });
});
