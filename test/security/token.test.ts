import * as crypto from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { AUTHORIZED, httpApp, ORIGIN, TOKEN, untouchable } from "../http/fixture.ts";
import { invalid, notFound, testAttacks, unauthorized, type Attack } from "./attack.ts";

vi.mock("node:crypto", async (original) => {
  const real = await original<typeof import("node:crypto")>();
  return { ...real, timingSafeEqual: vi.fn<typeof real.timingSafeEqual>(real.timingSafeEqual) };
});

/** Who has no token, or another. There is one token with all rights: no scope can be claimed. */
const ATTACKS: readonly Attack[] = [
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
  { name: "a token in another scheme", headers: { authorization: `Token ${TOKEN}` }, ...unauthorized },
  { name: "the token without a scheme", headers: { authorization: TOKEN }, ...unauthorized },
  { name: "the token after a comma", headers: { authorization: `Bearer x, ${TOKEN}` }, ...unauthorized },
  {
    name: "the token with something after it",
    headers: { authorization: `Bearer ${TOKEN} x` },
    ...unauthorized,
  },
  { name: "the token twice", headers: { authorization: `Bearer ${TOKEN}${TOKEN}` }, ...unauthorized },
  {
    name: "the token in a cookie",
    without: ["authorization"],
    headers: { cookie: `token=${TOKEN}` },
    ...unauthorized,
  },
  {
    name: "the token in another header",
    without: ["authorization"],
    headers: { "x-api-key": TOKEN },
    ...unauthorized,
  },
  {
    name: "the token as user of the URL",
    without: ["authorization"],
    headers: { authorization: `Basic ${btoa(TOKEN)}` },
    ...unauthorized,
  },
  {
    name: "a claim of a scope without a token",
    without: ["authorization"],
    headers: { "x-scopes": "admin", "x-forwarded-for": "127.0.0.1", "x-forwarded-user": "root" },
    ...unauthorized,
  },
  { name: "a very long token", headers: { authorization: `Bearer ${"x".repeat(10_000)}` }, ...unauthorized },
  {
    name: "a token of other characters",
    headers: { authorization: `Bearer ${"\u00e9".repeat(TOKEN.length)}` },
    ...unauthorized,
  },
];

describe("without the token", () => {
  testAttacks(ATTACKS);
});

/** The status for a token, from an address. */
function knocking(nowMs: () => number) {
  const { app } = httpApp(untouchable().heartbeat, { nowMs });
  return async (token: string, remoteAddress?: string): Promise<number> => {
    const headers = { ...AUTHORIZED, authorization: `Bearer ${token}` };
    const env =
      remoteAddress === undefined ? {} : { incoming: { url: "/v1/status", socket: { remoteAddress } } };
    return (await app.request(`${ORIGIN}/v1/status`, { headers }, env)).status;
  };
}

test.each([1, 15, 31, 32, 33, 1_000])(
  "a token of %d characters is compared in constant time",
  async (length) => {
    const compare = vi.mocked(crypto.timingSafeEqual).mockClear();
    expect(await knocking(() => 0)("x".repeat(length))).toBe(401);
    expect(compare.mock.calls.map(([a, b]) => [a.byteLength, b.byteLength])).toEqual([[32, 32]]);
  },
);

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

test("the spellings of one IPv4 address share their wrong tokens", async () => {
  const knock = knocking(() => 0);
  const spellings = ["10.0.0.7", "::ffff:10.0.0.7", "::FFFF:10.0.0.7"];
  for (let attempt = 0; attempt < 30; attempt++) await knock("guess", spellings[attempt % 3]);
  for (const spelling of spellings) expect(await knock("guess", spelling)).toBe(429);
  expect(await knock(TOKEN, "10.0.0.8")).toBe(200);
});

test("a page in the browser cannot use up the tries of programs", async () => {
  const { app } = httpApp(untouchable().heartbeat, { nowMs: () => 0 });
  const headers = { ...AUTHORIZED, authorization: "Bearer guess", "sec-fetch-site": "cross-site" };
  for (let attempt = 0; attempt < 40; attempt++)
    expect((await app.request(`${ORIGIN}/v1/status`, { headers })).status).toBe(403);
  expect((await app.request(`${ORIGIN}/v1/status`, { headers: AUTHORIZED })).status).toBe(200);
});

test("ten thousand addresses that guess cost no more than ten thousand entries", async () => {
  const knock = knocking(() => 0);
  for (let attempt = 0; attempt < 30; attempt++) await knock("guess", "10.9.9.9");
  expect(await knock(TOKEN, "10.9.9.9")).toBe(429);
  for (let address = 0; address < 10_000; address++)
    await knock("guess", `10.1.${address >> 8}.${address & 255}`);
  // The oldest is forgotten first.
  expect(await knock(TOKEN, "10.9.9.9")).toBe(200);
});
