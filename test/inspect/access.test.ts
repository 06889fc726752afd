import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createAccess } from "../../src/inspect/access.ts";
import { createInspector } from "../../src/inspect/index.ts";
import { connect, refused, TOKEN, until } from "./support.ts";

const bearer = { headers: { authorization: `Bearer ${TOKEN}` } };

test("the token is taken as bearer and as the password of the address", async () => {
  await using stack = new AsyncDisposableStack();
  const inspector = stack.use(await createInspector({ token: TOKEN }));
  const address = `127.0.0.1:${inspector.port}/stately`;
  await connect(stack, `ws://${address}`, bearer);
  await connect(stack, `ws://viewer:${TOKEN}@${address}`);
  await connect(stack, `ws://localhost:${inspector.port}/xstate-inspect`, bearer);
  expect(inspector.stats.viewers).toBe(3);
});

test("no token, a wrong one, one in the query, a wrong path: refused, and nobody is watching", async () => {
  await using stack = new AsyncDisposableStack();
  const inspector = stack.use(await createInspector({ token: TOKEN }));
  const address = `ws://127.0.0.1:${inspector.port}/stately`;
  const unauthorized = { status: 401, code: "LUBDUB_UNAUTHORIZED" };
  const notFound = { status: 404, code: "LUBDUB_NOT_FOUND" };
  expect(await refused(address)).toEqual(unauthorized);
  expect(await refused(address, { headers: { authorization: `Bearer ${TOKEN}x` } })).toEqual(unauthorized);
  expect(await refused(address, { headers: { authorization: TOKEN } })).toEqual(unauthorized);
  expect(await refused(`${address}/${TOKEN}`)).toEqual(unauthorized);
  expect(await refused(`${address}/`, bearer)).toEqual(unauthorized);
  expect(await refused(`${address}?token=${TOKEN}`, bearer)).toEqual(notFound);
  expect(await refused(`ws://127.0.0.1:${inspector.port}/other`, bearer)).toEqual(notFound);
  expect(inspector.watching).toBe(false);
});

test("another Host or Origin is refused, whatever the token", async () => {
  await using stack = new AsyncDisposableStack();
  const inspector = stack.use(await createInspector({ token: TOKEN, origins: ["http://127.0.0.1:5823"] }));
  const address = `ws://127.0.0.1:${inspector.port}/stately`;
  const forbidden = { status: 403, code: "LUBDUB_FORBIDDEN" };
  const hosts = [
    "evil.test",
    `evil.test:${inspector.port}`,
    "127.0.0.1",
    `127.0.0.1:${inspector.port}.evil.test`,
  ];
  for (const host of hosts) {
    expect(await refused(address, { headers: { ...bearer.headers, host } })).toEqual(forbidden);
  }
  for (const origin of ["https://evil.test", "null", "http://127.0.0.1:58230"]) {
    expect(await refused(address, { ...bearer, origin })).toEqual(forbidden);
  }
  await connect(stack, address, { ...bearer, origin: "http://127.0.0.1:5823" });
});

test("a code is good for one connection within 60 s", async () => {
  await using stack = new AsyncDisposableStack();
  const inspector = stack.use(await createInspector({ token: TOKEN }));
  const url = inspector.url();
  expect(url).not.toContain(TOKEN);
  await connect(stack, url);
  expect(await refused(url)).toMatchObject({ status: 401 });

  let nowMs = 0;
  const access = createAccess({ token: TOKEN, origins: [], nowMs: () => nowMs });
  const request = { headers: { host: "127.0.0.1:1" } } as Parameters<typeof access.admit>[0];
  const [early, late] = [access.issue(), access.issue()];
  nowMs = 59_999;
  access.admit(request, 1, early);
  nowMs = 60_000;
  expect(() => access.admit(request, 1, late)).toThrow(/60 s/);
  const first = access.issue();
  for (let more = 0; more < 100; more += 1) access.issue();
  expect(() => access.admit(request, 1, first)).toThrow(/unknown/);
});

test("POST /codes gives fresh addresses to who has the token, and to nobody else", async () => {
  await using stack = new AsyncDisposableStack();
  const inspector = stack.use(await createInspector({ token: TOKEN }));
  const codes = `http://127.0.0.1:${inspector.port}/codes`;
  const answer = await fetch(codes, { method: "POST", ...bearer });
  expect(answer.status).toBe(201);
  const urls = (await answer.json()) as Record<string, string>;
  await connect(stack, urls["stately"] as string);
  await connect(stack, urls["xstate-inspect"] as string);
  const nobody = await fetch(codes, { method: "POST" });
  expect([nobody.status, ((await nobody.json()) as { code: string }).code]).toEqual([
    401,
    "LUBDUB_UNAUTHORIZED",
  ]);
  expect((await fetch(codes, bearer)).status).toBe(404);
});

test("no more than 8 viewers; one that leaves makes room", async () => {
  await using stack = new AsyncDisposableStack();
  const inspector = stack.use(await createInspector({ token: TOKEN }));
  const viewers = await Promise.all(Array.from({ length: 8 }, () => connect(stack, inspector.url())));
  expect(await refused(inspector.url())).toEqual({ status: 429, code: "LUBDUB_TOO_MANY" });
  viewers[0]?.socket.close();
  await until(() => expect(inspector.stats.viewers).toBe(7));
  await connect(stack, inspector.url());
});

test("a port in use and wrong options are told apart", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  await expect(createInspector({ token: TOKEN, port })).rejects.toMatchObject({ code: "LUBDUB_PORT_IN_USE" });
  other.close();
  await expect(createInspector({ token: "short" })).rejects.toMatchObject({ code: "LUBDUB_OPTION_INVALID" });
  await expect(createInspector({ token: TOKEN, port: 70_000 })).rejects.toMatchObject({
    code: "LUBDUB_OPTION_INVALID",
  });
});
