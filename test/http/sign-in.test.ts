import { describe, expect, test } from "vitest";
import { ask, httpApp, ORIGIN, PORT, post, untouchable } from "./fixture.ts";

const HOST = `127.0.0.1:${PORT}`;
const COOKIE = `lubdub_session_${PORT}`;
const HOUR_MS = 3_600_000;

/** An app with a clock, and a browser's page on it: it has no token. */
function place() {
  const clock = { nowMs: 1_000 };
  const { heartbeat, calls } = untouchable();
  const app = httpApp(heartbeat, { nowMs: () => clock.nowMs });
  const freshCode = async (): Promise<string> =>
    ((await (await post(app, "/v1/sign-in-codes")).json()) as { code: string }).code;
  const request = (
    path: string,
    headers: Record<string, string>,
    body?: object,
    method = body === undefined ? "GET" : "POST",
  ): Promise<Response> =>
    Promise.resolve(
      app.app.request(ORIGIN + path, {
        method,
        headers: { host: HOST, ...(body && { "content-type": "application/json" }), ...headers },
        ...(body && { body: JSON.stringify(body) }),
      }),
    );
  const signIn = (code: string, headers: Record<string, string> = {}): Promise<Response> =>
    request("/sign-in", { origin: ORIGIN, "sec-fetch-site": "same-origin", ...headers }, { code });
  /** Both halves of a sign-in. */
  const signedIn = async (): Promise<{ cookie: string; "x-lubdub-csrf": string }> => {
    const answered = await signIn(await freshCode());
    const { csrf } = (await answered.json()) as { csrf: string };
    const cookie = (answered.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
    return { cookie, "x-lubdub-csrf": csrf };
  };
  return { app, clock, calls, freshCode, request, signIn, signedIn };
}

async function codeOf(answered: Response): Promise<readonly [number, unknown]> {
  return [answered.status, ((await answered.json()) as { code?: string }).code];
}

describe("a code", () => {
  test("signs one page in: a cookie that scripts cannot read, and a second half for the page", async () => {
    const { signIn, freshCode } = place();
    const code = await freshCode();
    expect(Buffer.from(code, "base64url")).toHaveLength(32);
    const answered = await signIn(code);
    expect(answered.status).toBe(200);
    expect(answered.headers.get("set-cookie")).toMatch(
      new RegExp(`^${COOKIE}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`),
    );
    expect(await answered.json()).toEqual({ csrf: expect.stringMatching(/^[\w-]{43}$/) });
  });

  test("is good once", async () => {
    const { signIn, freshCode } = place();
    const code = await freshCode();
    expect((await signIn(code)).status).toBe(200);
    const again = await signIn(code);
    expect(again.headers.get("set-cookie")).toBeNull();
    expect(await codeOf(again)).toEqual([401, "LUBDUB_UNAUTHORIZED"]);
  });

  test("is good for a minute", async () => {
    const { signIn, freshCode, clock } = place();
    const [used, late] = [await freshCode(), await freshCode()];
    clock.nowMs += 59_999;
    expect((await signIn(used)).status).toBe(200);
    clock.nowMs += 1;
    expect(await codeOf(await signIn(late))).toEqual([401, "LUBDUB_UNAUTHORIZED"]);
  });

  test("of which there are few: the ninth ends the first", async () => {
    const { signIn, freshCode } = place();
    const codes = [];
    for (let count = 0; count < 9; count++) codes.push(await freshCode());
    expect((await signIn(codes[0] ?? "")).status).toBe(401);
    expect((await signIn(codes[1] ?? "")).status).toBe(200);
  });

  test("cannot be guessed at: wrong ones count like wrong tokens", async () => {
    const { signIn, freshCode } = place();
    const code = await freshCode();
    for (let count = 0; count < 30; count++) expect((await signIn(`wrong${count}`)).status).toBe(401);
    expect(await codeOf(await signIn(code))).toEqual([429, "LUBDUB_TOO_MANY"]);
  });

  test("is given for the token alone: not to a page, and not to nobody", async () => {
    const { request, signedIn } = place();
    expect(await codeOf(await request("/v1/sign-in-codes", {}, {}))).toEqual([401, "LUBDUB_UNAUTHORIZED"]);
    const page = await request("/v1/sign-in-codes", await signedIn(), {});
    expect(await codeOf(page)).toEqual([403, "LUBDUB_FORBIDDEN"]);
  });

  test.each([
    ["another site", { origin: "http://evil.test", "sec-fetch-site": "cross-site" }],
    ["another port of this host", { origin: "http://127.0.0.1:3000", "sec-fetch-site": "same-site" }],
    ["no origin", { origin: "null" }],
  ])("is not taken from a page of %s, and stays good", async (_, headers) => {
    const { signIn, freshCode } = place();
    const code = await freshCode();
    expect(await codeOf(await signIn(code, headers))).toEqual([403, "LUBDUB_FORBIDDEN"]);
    expect((await signIn(code)).status).toBe(200);
  });
});

describe("a page that is signed in", () => {
  test("reads and writes with both halves", async () => {
    const { request, signedIn, calls } = place();
    const headers = await signedIn();
    expect((await request("/v1/status", headers)).status).toBe(200);
    expect((await request("/v1/schedules/a/pause", headers, {})).status).toBe(200);
    expect(calls).toEqual(["status", "pauseSchedule"]);
  });

  test.each([
    ["the cookie alone", (halves: Halves) => ({ cookie: halves.cookie })],
    ["the cookie with another half", (halves: Halves) => ({ ...halves, "x-lubdub-csrf": "x".repeat(43) })],
    ["the half alone", (halves: Halves) => ({ "x-lubdub-csrf": halves["x-lubdub-csrf"] })],
    ["another cookie", (halves: Halves) => ({ ...halves, cookie: `${COOKIE}=${"x".repeat(43)}` })],
    [
      "the cookie of another port",
      (halves: Halves) => ({ ...halves, cookie: halves.cookie.replace(`_${PORT}`, "_80") }),
    ],
    ["a wrong token beside them", (halves: Halves) => ({ ...halves, authorization: "Bearer wrong" })],
  ] as const)("%s is not enough, neither to read nor to write", async (_, shown) => {
    const { request, signedIn, calls } = place();
    const headers = shown(await signedIn());
    expect(await codeOf(await request("/v1/status", headers))).toEqual([401, "LUBDUB_UNAUTHORIZED"]);
    const write = await request("/v1/schedules/a/pause", headers, {});
    expect(await codeOf(write)).toEqual([401, "LUBDUB_UNAUTHORIZED"]);
    expect(calls).toEqual([]);
  });

  test.each([
    ["another site", { origin: "http://evil.test", "sec-fetch-site": "cross-site" }],
    ["another port of this host", { origin: "http://127.0.0.1:3000", "sec-fetch-site": "same-site" }],
  ])("does not lend its sign-in to a page of %s", async (_, from) => {
    const { request, signedIn, calls } = place();
    const headers = { ...(await signedIn()), ...from };
    expect(await codeOf(await request("/v1/status", headers))).toEqual([403, "LUBDUB_FORBIDDEN"]);
    const write = await request("/v1/schedules/a/pause", headers, {});
    expect(await codeOf(write)).toEqual([403, "LUBDUB_FORBIDDEN"]);
    expect(calls).toEqual([]);
  });

  test("stays so for twelve hours", async () => {
    const { request, signedIn, clock } = place();
    const headers = await signedIn();
    clock.nowMs += 12 * HOUR_MS - 1;
    expect((await request("/v1/status", headers)).status).toBe(200);
    clock.nowMs += 1;
    expect((await request("/v1/status", headers)).status).toBe(401);
  });

  test("signs out: the cookie goes, and is worth nothing if it was kept", async () => {
    const { request, signedIn } = place();
    const [headers, other] = [await signedIn(), await signedIn()];
    const answered = await request("/sign-out", headers, {});
    expect(answered.status).toBe(200);
    expect(answered.headers.get("set-cookie")).toBe(
      `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`,
    );
    expect((await request("/v1/status", headers)).status).toBe(401);
    expect((await request("/v1/status", other)).status).toBe(200);
  });

  test("that shows an old cookie does not lock out who has the token", async () => {
    const { app, request } = place();
    for (let count = 0; count < 100; count++) {
      expect((await request("/v1/status", { cookie: `${COOKIE}=old` })).status).toBe(401);
    }
    expect((await ask(app, "/v1/status")).status).toBe(200);
  });
});

interface Halves {
  readonly cookie: string;
  readonly "x-lubdub-csrf": string;
}

describe("the page itself", () => {
  const TYPED = { "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

  test("is given to everyone, holds nothing, and may do nothing but what it came with", async () => {
    const { request, calls } = place();
    const answered = await request("/", TYPED);
    expect(answered.status).toBe(200);
    expect(Object.fromEntries(answered.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    });
    const html = await answered.text();
    expect(html).not.toMatch(/<script(?![^>]* src="\/assets\/)|<style|style=|https?:/);
    expect(calls).toEqual([]);
  });

  test("brings parts whose names are their content: they may be kept for ever", async () => {
    const { request } = place();
    const html = await (await request("/", TYPED)).text();
    const names = [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? "");
    expect(names.map((name) => name.replace(/^.*\./, "")).toSorted()).toEqual(["css", "js", "svg"]);
    for (const name of names) {
      const answered = await request(name, { "sec-fetch-site": "same-origin", "sec-fetch-dest": "script" });
      expect(answered.status).toBe(200);
      expect(answered.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(answered.headers.get("content-type")).toMatch(
        /^(text\/(css|javascript); charset=utf-8|image\/svg\+xml)$/,
      );
      expect(answered.headers.get("content-security-policy")).toContain("default-src 'none'");
    }
  });

  test.each([
    "/assets/none.js",
    "/assets/..%2findex.html",
    "/assets/%2e%2e%2f%2e%2e%2fpackage.json",
    "/assets/",
  ])("%s is no part of it", async (path) => {
    expect((await place().request(path, {})).status).toBe(path === "/assets/" ? 401 : 404);
  });

  test.each([
    ["a link on another site", { ...TYPED, "sec-fetch-site": "cross-site" }, 200],
    ["a link on another port", { ...TYPED, "sec-fetch-site": "same-site" }, 200],
    [
      "a frame on another site",
      { ...TYPED, "sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe" },
      403,
    ],
    [
      "a script of another site",
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" },
      403,
    ],
    [
      "a fetch of another site",
      {
        origin: "http://evil.test",
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "cors",
        "sec-fetch-dest": "empty",
      },
      403,
    ],
    ["a link under another name (DNS rebinding)", { ...TYPED, host: `evil.test:${PORT}` }, 403],
  ])("opened by %s", async (_, headers, status) => {
    expect((await place().request("/", headers)).status).toBe(status);
  });

  test("a link from another site leads to the page, and to nothing else", async () => {
    const { request, signedIn } = place();
    const headers = { ...(await signedIn()), ...TYPED, "sec-fetch-site": "cross-site" };
    for (const path of ["/v1/status", "/healthz", "/openapi.json", "/metrics"]) {
      expect(await codeOf(await request(path, headers))).toEqual([403, "LUBDUB_FORBIDDEN"]);
    }
    expect((await request("/", headers, {}, "POST")).status).toBe(403);
  });
});
