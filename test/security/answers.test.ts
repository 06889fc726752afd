import { describe, expect, test } from "vitest";
import type { Heartbeat } from "../../src/api.ts";
import { LubdubError } from "../../src/errors.ts";
import { createHeartbeat } from "../../src/heartbeat.ts";
import { ask, AUTHORIZED, httpApp, ORIGIN, PORT, post, untouchable } from "../http/fixture.ts";
import { testHeart } from "../support/world.ts";

/** Every route of the document, with something in the place of its parameters. */
const ROUTES = await routes();

async function routes(): Promise<readonly { method: string; path: string }[]> {
  const document = await ask(httpApp(untouchable().heartbeat), "/openapi.json");
  const { paths } = (await document.json()) as { paths: Record<string, Record<string, unknown>> };
  return Object.entries({ ...paths, "/openapi.json": { get: {} } }).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{\w+\}/g, "x"),
    })),
  );
}

const SECRET = "/home/alice/.lubdub/lubdub.db";
const broken = (error: unknown): Heartbeat =>
  new Proxy({} as Heartbeat, { get: () => () => Promise.reject(error) });

/** What a browser needs before it is signed in: `test/http/sign-in.test.ts` is about them. */
const OPEN = ["/", "/assets/x", "/sign-in", "/healthz"];
const isPage = ({ path }: { readonly path: string }): boolean => path === "/";

describe.each(ROUTES.filter(({ path }) => !OPEN.includes(path)))("$method $path", ({ method, path }) => {
  test("is closed without the token", async () => {
    const { heartbeat, calls } = untouchable();
    const headers = { host: AUTHORIZED.host, "content-type": "application/json" };
    const answered = await httpApp(heartbeat).app.request(`${ORIGIN}${path}`, { method, headers });
    expect(answered.status).toBe(401);
    expect(answered.headers.get("www-authenticate")).toMatch(/^Bearer /);
    expect(calls).toEqual([]);
  });
});

describe.each(ROUTES.filter((route) => !isPage(route)))("$method $path", ({ method, path }) => {
  test("is no page: no type that a browser runs, no cache, no frame, no script", async () => {
    for (const token of [AUTHORIZED.authorization, "Bearer wrong"]) {
      const headers = { host: AUTHORIZED.host, "content-type": "application/json", authorization: token };
      await using heartbeat = createHeartbeat({ run: () => ({ status: "ran" }) });
      const app = httpApp(heartbeat);
      const { headers: said } = await app.app.request(`${ORIGIN}${path}`, { method, headers });
      app.close();
      expect(said.get("content-type") ?? "none").toMatch(
        /^(application\/(problem\+)?json|text\/plain|text\/event-stream|none)/,
      );
      expect(said.get("x-content-type-options")).toBe("nosniff");
      expect(said.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(said.get("referrer-policy")).toBe("no-referrer");
      expect(said.get("cache-control")).toBe("no-store");
      expect(said.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(
        [...said.keys()].filter((name) => /^access-control-|^set-cookie$|^x-powered-by$|^server$/.test(name)),
      ).toEqual([]);
    }
  });
});

describe("an error tells nothing of the inside", () => {
  test.each([
    ["an error with a path and a stack", Object.assign(new Error(`EACCES: ${SECRET}`), { path: SECRET })],
    [
      "an error of SQLite",
      Object.assign(new Error("UNIQUE constraint failed: log.position"), { code: "ERR_SQLITE_ERROR" }),
    ],
    ["an error with another in it", new Error("outer", { cause: new Error(SECRET) })],
  ])("%s", async (_what, error) => {
    const bugs: unknown[] = [];
    const app = httpApp(broken(error), { onBug: (bug) => bugs.push(bug) });
    const answered = await ask(app, "/v1/status");
    const text = await answered.text();
    expect(answered.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ code: "LUBDUB_INTERNAL", got: "an error inside Lubdub" });
    expect(text).not.toMatch(/lubdub\.db|SQLITE|constraint|node:|\.ts:|\bat \w/);
    expect(bugs).toEqual([error]);
  });

  test("the cause of one of ours stays inside", async () => {
    const cause = new Error(SECRET);
    const ours = new LubdubError("LUBDUB_STORE_FAILED", { expected: "a", got: "b", cause });
    const answered = await ask(httpApp(broken(ours)), "/v1/status");
    expect(answered.status).toBe(503);
    expect(await answered.text()).not.toContain(SECRET);
  });

  test.each(["<script>alert(1)</script>", "\u001b[2J", "\u202e", "x".repeat(5_000), '"}\n\nHTTP/1.1 200 OK'])(
    "what was sent comes back cut and escaped: %j",
    async (sent) => {
      const app = httpApp(testHeart().heartbeat);
      const answers = [
        await ask(app, `/${encodeURIComponent(sent)}`),
        await ask(app, `/v1/wakes/${encodeURIComponent(sent)}`),
        await post(app, "/v1/events", { text: "x", sessionKey: "s", [sent]: 1 }),
        await app.app.request(`${ORIGIN}/v1/status`, {
          headers: { ...AUTHORIZED, host: `x${encodeURIComponent(sent)}` },
        }),
      ];
      for (const answered of answers) {
        const text = await answered.text();
        expect(answered.status).toBeGreaterThanOrEqual(400);
        expect(answered.headers.get("content-type")).toBe("application/problem+json");
        expect(text.length).toBeLessThan(2_000);
        expect(text).not.toMatch(/[\p{Cc}\u202e]/u);
      }
    },
  );
});

test("a metric's labels are routes: no session key, no token, no line of their own", async () => {
  const app = httpApp(testHeart().heartbeat);
  const key = 'secret"}\nlubdub_state{state="owned"} 1\n';
  await ask(app, `/v1/sessions/${encodeURIComponent(key)}/why`);
  await ask(app, `/nowhere/${encodeURIComponent(key)}`);
  const text = await (await ask(app, "/metrics")).text();
  expect(text).not.toMatch(/secret|owned/);
  expect(text).toContain(`lubdub_http_requests_total`);
  expect(text.match(/lubdub_http_requests_total\{/g)?.length).toBeLessThan(10);
});

test("the one open route tells nothing", async () => {
  const headers = { host: `127.0.0.1:${PORT}` };
  const answered = await httpApp(untouchable().heartbeat).app.request(`${ORIGIN}/healthz`, { headers });
  expect(await answered.json()).toEqual({ ok: true });
});
