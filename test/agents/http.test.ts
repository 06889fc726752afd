import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { REPLY_BYTES_MAX } from "../../src/agents/capture.ts";
import { httpAgent, type HttpOptions } from "../../src/agents/http.ts";
import { renderPrompt } from "../../src/agents/prompt.ts";
import { RETRY_AFTER_MS_MAX, RETRY_AFTER_MS_MIN, retryAfterMs } from "../../src/agents/retry-after.ts";
import { aRequest, SESSION_KEY } from "./requests.ts";

const servers: AsyncDisposable[] = [];
afterEach(async () => {
  vi.useRealTimers();
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
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function ask(listener: RequestListener, options: Partial<HttpOptions> = {}) {
  return httpAgent({ url: `${await serve(listener)}/wake`, ...options })(aRequest());
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

const answer =
  (status: number, body = "", headers = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

describe("what it sends", () => {
  it("the run as JSON, with the wake id as idempotency key", async () => {
    const seen = Promise.withResolvers<[IncomingMessage, string]>();
    const headers = { authorization: "Bearer x", "Idempotency-Key": "forged", "Content-Type": "text/plain" };
    const outcome = await ask(
      (request, response) =>
        void textOf(request).then((text) => {
          seen.resolve([request, text]);
          response.end("noted");
        }),
      { headers },
    );
    const [request, text] = await seen.promise;
    const { events } = aRequest();
    expect(outcome).toEqual({ status: "ran", reply: "noted" });
    expect([request.method, request.url]).toEqual(["POST", "/wake"]);
    expect(request.headers).toMatchObject({
      "content-type": "application/json",
      "idempotency-key": "w-1-aaaaaaaa",
      authorization: "Bearer x",
    });
    expect(JSON.parse(text)).toEqual({
      sessionKey: SESSION_KEY,
      wakeId: "w-1-aaaaaaaa",
      runId: "r-2-bbbbbbbb",
      attempt: 1,
      reason: "exec-event",
      source: "exec-event",
      intent: "event",
      startedAtMs: aRequest().startedAtMs,
      transcriptKey: SESSION_KEY,
      events,
      prompt: renderPrompt(aRequest()),
    });
  });
});

describe("what the answer means", () => {
  it.each([
    [200, "done", { status: "ran", reply: "done" }],
    [202, "", { status: "ran" }],
    [204, "", { status: "ran" }],
  ])("%d is ran", async (status, body, outcome) => {
    expect(await ask(answer(status, body))).toEqual(outcome);
  });

  it.each([409, 423, 429, 503])("%d is busy, at the time the server says", async (status) => {
    const busy = { status: "skipped", reason: "requests-in-flight" };
    expect(await ask(answer(status))).toEqual(busy);
    expect(await ask(answer(status, "", { "retry-after": "7" }))).toEqual({ ...busy, retryAfterMs: 7_000 });
    expect(await ask(answer(status, "", { "retry-after": "soon" }))).toEqual(busy);
  });

  it("honours a date in Retry-After", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 23, 12, 0, 0) });
    const headers = { "retry-after": "Mon, 23 Nov 2026 12:01:30 GMT" };
    expect(await ask(answer(503, "", headers))).toMatchObject({ retryAfterMs: 90_000 });
  });

  it.each([
    [401, "auth"],
    [402, "quota"],
    [403, "auth"],
  ])("problem 20: %d is a refusal of class %s", async (status, refusal) => {
    expect(await ask(answer(status, "no"))).toMatchObject({ status: "failed", class: refusal });
  });

  it.each([400, 404, 500, 502])("%d failed, with the beginning of what it said", async (status) => {
    expect(await ask(answer(status, "wrong \u001b[31mroom"))).toEqual({
      status: "failed",
      reason: `The agent answered ${status}. It said: wrong \\u001b[31mroom`,
    });
  });

  it("follows no redirect", async () => {
    const asked: string[] = [];
    const elsewhere = await serve((request, response) => {
      asked.push(request.url ?? "");
      response.end();
    });
    for (const status of [301, 302, 303, 307, 308]) {
      expect(await ask(answer(status, "", { location: `${elsewhere}/secret` }))).toEqual({
        status: "failed",
        reason: `The agent answered ${status}. Redirects are not followed: configure the final address.`,
      });
    }
    expect(asked).toEqual([]);
  });

  it("keeps the beginning of a long answer", async () => {
    const outcome = await ask(answer(200, "x".repeat(300_000)));
    expect(outcome).toEqual({
      status: "ran",
      reply: `${"x".repeat(REPLY_BYTES_MAX)}\n(cut: ${REPLY_BYTES_MAX} of 300000 bytes were kept)`,
    });
  });
});

describe("when it does not answer", () => {
  it("failed after its time limit", async () => {
    const outcome = await ask(() => {}, { timeoutMs: 20 });
    expect(outcome).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(/\/wake could not be asked: it did not answer within 20 ms/) as string,
    });
  });

  it("failed after its time limit also when the body never ends", async () => {
    const outcome = await ask((_, response) => void response.writeHead(200).write("half"), { timeoutMs: 50 });
    expect(outcome).toMatchObject({ status: "failed" });
  });

  it("is let go when the run is aborted", async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort());
    const outcome = await httpAgent({ url })(aRequest({ signal: controller.signal }));
    expect(outcome).toEqual({ status: "skipped", reason: "preempted" });
  });

  it("failed when the connection breaks", async () => {
    expect(await ask((request) => void request.socket.destroy())).toMatchObject({ status: "failed" });
    const half = (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { "content-length": "10" }).write("half");
      setImmediate(() => response.destroy());
    };
    expect(await ask(half)).toMatchObject({ status: "failed" });
  });

  it("failed when nothing listens, without telling what is secret in the address", async () => {
    const url = await serve(() => {});
    await servers.pop()?.[Symbol.asyncDispose]();
    const secret = `${url.replace("http://", "http://user:password@")}/wake?key=secret`;
    expect(await httpAgent({ url: secret })(aRequest())).toEqual({
      status: "failed",
      reason: `The agent at ${url}/wake could not be asked: nothing listens there (is it started?).`,
    });
  });
});

describe("retryAfterMs", () => {
  const nowMs = Date.UTC(2026, 10, 23, 12, 0, 0);
  it.each([
    ["120", 120_000],
    [" 5 ", 5_000],
    ["0", RETRY_AFTER_MS_MIN],
    ["99999999999999999999", RETRY_AFTER_MS_MAX],
    ["Mon, 23 Nov 2026 12:00:10 GMT", 10_000],
    ["Mon, 23 Nov 2026 11:00:00 GMT", RETRY_AFTER_MS_MIN],
    ["Tue, 23 Nov 2027 12:00:00 GMT", RETRY_AFTER_MS_MAX],
    ["Mon, 99 Nov 2026 12:00:00 GMT", undefined],
    ["2026-11-23T12:00:10Z", undefined],
    ["-5", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%j is %s", (header, waitMs) => {
    expect(retryAfterMs(header, nowMs)).toBe(waitMs);
  });
});
