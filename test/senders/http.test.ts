import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, test } from "vitest";
import { webhookSender, type WebhookOptions } from "../../src/senders/http.ts";
import { isPublic, lookupPublic, namesPrivateHost } from "../../src/senders/public-address.ts";
import type { DeliveryRequest } from "../../src/vocabulary.ts";
import { aDelivery } from "./deliveries.ts";

const SECRET = Buffer.alloc(32, "secret").toString("base64");

const servers: AsyncDisposable[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/replies?key=hidden`;
}

async function send(
  listener: RequestListener,
  options: Partial<WebhookOptions> = {},
  over: Partial<DeliveryRequest> = {},
) {
  return webhookSender({ url: await serve(listener), allowPrivate: true, ...options })(aDelivery(over));
}

const answer =
  (status: number, body = "", headers = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

async function seen(options: Partial<WebhookOptions> = {}, over: Partial<DeliveryRequest> = {}) {
  const { promise, resolve } = Promise.withResolvers<{ headers: IncomingMessage["headers"]; body: string }>();
  await send(
    (request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        resolve({ headers: request.headers, body });
        response.end();
      });
    },
    options,
    over,
  );
  return promise;
}

describe("a webhook", () => {
  test("gets the reply as JSON under a stable id, signed so that the library verifies it", async () => {
    const { headers, body } = await seen({
      secret: SECRET,
      headers: { "Webhook-Id": "forged", "x-own": "1" },
    });
    expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toEqual({
      type: "reply.delivered",
      timestamp: "2026-11-23T12:00:00.000Z",
      data: {
        deliveryId: "d-3-cccccccc",
        sessionKey: "agent:main:discord:channel:42",
        runId: "r-2-bbbbbbbb",
        wakeId: "w-1-aaaaaaaa",
        route: { channel: "discord", to: "42" },
        text: "Disk full",
        media: [],
      },
    });
    expect(headers).toMatchObject({
      "idempotency-key": "d-3-cccccccc",
      "webhook-id": "d-3-cccccccc",
      "x-own": "1",
    });
    expect(JSON.stringify(headers) + body).not.toContain(SECRET);
  });
  test("gets the same body at every try, and no signature without a secret", async () => {
    const [first, second] = [await seen(), await seen({}, { attempt: 7 })];
    expect(second.body).toBe(first.body);
    expect(first.headers).not.toHaveProperty("webhook-signature");
  });

  test.each([
    [204, {}, { status: "sent" }],
    [500, {}, { status: "failed", reason: "The target answered 500. It said: no luck" }],
    [404, {}, { status: "failed", reason: "The target answered 404. It said: no luck" }],
    [
      503,
      { "retry-after": "7" },
      { reason: "The target answered 503. It said: no luck", retryAfterMs: 7_000 },
    ],
    [422, {}, { reason: "The target answered 422. It said: no luck", retryable: false }],
  ])("that answers %i %j", async (status, headers, outcome) => {
    const failed = status === 204 ? {} : { status: "failed" };
    expect(await send(answer(status, "no luck", headers))).toEqual({ ...failed, ...outcome });
  });
  test("is not asked elsewhere: a redirect is final", async () => {
    let asked = 0;
    const elsewhere = await serve((_, response) => void (asked++, response.end()));
    expect(await send(answer(302, "", { location: elsewhere }))).toMatchObject({
      status: "failed",
      retryable: false,
    });
    expect(asked).toBe(0);
  });
  test("that hangs, or never stops talking, is given up in time, and its address is shown without the query", async () => {
    const outcome = await send(() => {}, { timeoutMs: 30 });
    expect(outcome).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("no answer within 30 ms"),
    });
    expect(JSON.stringify(outcome)).not.toContain("hidden");
    const chatter: RequestListener = (_, response) => {
      response.writeHead(200);
      const more = (): void =>
        void (response.write("x".repeat(65_536)) ? setImmediate(more) : response.once("drain", more));
      more();
    };
    expect(await send(chatter)).toEqual({ status: "sent" });
  });
});

describe("a private target", () => {
  test.each([
    "http://localhost/x",
    "http://api.localhost./x",
    "http://127.0.0.1/x",
    "http://127.1/x",
    "http://2130706433/x",
    "http://0x7f.1/x",
    "http://10.0.0.7/x",
    "http://172.31.255.255/x",
    "http://192.168.1.1/x",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.1/x",
    "http://0.0.0.0/x",
    "http://[::1]/x",
    "http://[::]/x",
    "http://[::ffff:127.0.0.1]/x",
    "http://[::ffff:8.8.8.8]/x",
    "http://[64:ff9b::7f00:1]/x",
    "http://[2002:7f00:1::]/x",
    "http://[fe80::1]/x",
    "http://[fd00::1]/x",
  ])("%s is refused when it is configured", (url) => {
    expect(() => webhookSender({ url })).toThrow(expect.objectContaining({ code: "LUBDUB_TARGET_PRIVATE" }));
    expect(() => webhookSender({ url, allowPrivate: true })).not.toThrow();
  });
  test.each(["1.1.1.1", "172.32.0.1", "2606:4700:4700::1111"])("%s is public", (address) => {
    expect(isPublic(address)).toBe(true);
  });
  test("public names and addresses are none", () => {
    expect(
      ["https://example.com/", "https://1.1.1.1/", "https://localhost.example.com/"].some(namesPrivateHost),
    ).toBe(false);
  });
  test("a name that resolves to one is refused when it is looked up, for one address and for all", async () => {
    for (const all of [true, false]) {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      lookupPublic("localhost", { all }, resolve);
      expect(await promise).toMatchObject({ code: "LUBDUB_TARGET_PRIVATE" });
    }
  });
});

describe("a secret", () => {
  test.each(["", "short", "no base64 at all!", Buffer.alloc(65).toString("base64")])(
    "%j is none",
    (secret) => {
      expect(() => webhookSender({ url: "https://example.com", secret })).toThrow(
        expect.objectContaining({ code: "LUBDUB_CONFIG_INVALID" }),
      );
    },
  );
  test("may have its prefix, and is not in the message when it is wrong", () => {
    expect(() => webhookSender({ url: "https://example.com", secret: `whsec_${SECRET}` })).not.toThrow();
    expect(() => webhookSender({ url: "https://example.com", secret: "whsec_c2VjcmV0" })).toThrow(
      /^(?!.*c2VjcmV0)/,
    );
  });
});
