import { describe, expect, test } from "vitest";
import { httpApp, ORIGIN, PORT, untouchable } from "../http/fixture.ts";
import { forbidden, testAttacks, type Attack } from "./attack.ts";

/** A page in the user's browser: it can reach loopback, and can make its own name resolve to it. */
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
  { name: "Host as IPv4 in IPv6", headers: { host: `[::ffff:127.0.0.1]:${PORT}` }, ...forbidden },
  { name: "Host as IPv4 in IPv6, in hex", headers: { host: `[::ffff:7f00:1]:${PORT}` }, ...forbidden },
  { name: "Host 0.0.0.0", headers: { host: `0.0.0.0:${PORT}` }, ...forbidden },
  { name: "Host in octal notation", headers: { host: `0177.0.0.1:${PORT}` }, ...forbidden },
  { name: "Host in short notation", headers: { host: `127.1:${PORT}` }, ...forbidden },
  {
    name: "Host of the loopback net that is not listened on",
    headers: { host: `127.0.0.2:${PORT}` },
    ...forbidden,
  },
  { name: "Host as long IPv6", headers: { host: `[0:0:0:0:0:0:0:1]:${PORT}` }, ...forbidden },
  { name: "Host localhost with a domain", headers: { host: `localhost.localdomain:${PORT}` }, ...forbidden },
  { name: "Host below localhost", headers: { host: `evil.localhost:${PORT}` }, ...forbidden },
  { name: "Host with an empty port", headers: { host: "127.0.0.1:" }, ...forbidden },
  { name: "Host with our port as prefix", headers: { host: `127.0.0.1:${PORT}0` }, ...forbidden },
  { name: "Host with a zero before the port", headers: { host: `127.0.0.1:0${PORT}` }, ...forbidden },
  { name: "Host with a path", headers: { host: `127.0.0.1:${PORT}/` }, ...forbidden },
  { name: "Host with a scheme", headers: { host: `http://127.0.0.1:${PORT}` }, ...forbidden },
  { name: "Host with a wide digit", headers: { host: `127.0.0.\u00b9:${PORT}` }, ...forbidden },
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
  { name: "Origin of an extension", headers: { origin: "chrome-extension://abcdefgh" }, ...forbidden },
  { name: "Origin of a file", headers: { origin: "file://" }, ...forbidden },
  { name: "Origin with a path", headers: { origin: `${ORIGIN}/` }, ...forbidden },
  { name: "Origin with user info", headers: { origin: `http://127.0.0.1:${PORT}@evil.test` }, ...forbidden },
  { name: "two Origins", headers: { origin: `${ORIGIN}, http://evil.test` }, ...forbidden },
  { name: "an empty Origin", headers: { origin: "" }, ...forbidden },
  {
    name: "our Origin, but fetched cross-site",
    headers: { origin: ORIGIN, "sec-fetch-site": "cross-site" },
    ...forbidden,
  },
  {
    name: "an unknown Sec-Fetch-Site",
    headers: { "sec-fetch-site": "same-origin, cross-site" },
    ...forbidden,
  },
  {
    name: "an image of another page",
    method: "GET",
    body: null,
    path: "/v1/sessions",
    headers: { "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" },
    ...forbidden,
  },
  {
    name: "a page that looks whether a daemon is there",
    method: "GET",
    body: null,
    path: "/healthz",
    without: ["authorization"],
    headers: { origin: "http://evil.test" },
    ...forbidden,
  },
];

describe("a web page is refused", () => {
  testAttacks(ATTACKS);
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

test("a preflight is told of no method and no header that it may use", async () => {
  const { app } = httpApp(untouchable().heartbeat);
  const headers = { host: `127.0.0.1:${PORT}`, "access-control-request-method": "POST" };
  const answered = await app.request(`${ORIGIN}/v1/events`, { method: "OPTIONS", headers });
  expect(answered.status).toBe(401);
  expect([...answered.headers.keys()].filter((name) => /^access-control-|^allow$/.test(name))).toEqual([]);
});
