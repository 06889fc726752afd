import { expect, test } from "vitest";
import { until } from "../http/served.ts";
import { createHeartbeat } from "../../src/heartbeat.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { HeartbeatOptions } from "../../src/options.ts";
import type { Delivery, DeliveryOutcome } from "../../src/vocabulary.ts";
import { ask, httpApp, post } from "./fixture.ts";

/** Replies on their way and dead ones, over HTTP. */

const KEY = "agent:main:discord:channel:42";
const SESSION = `/v1/sessions/${encodeURIComponent(KEY)}`;
const route = { channel: "discord", to: "42" };
const dead: DeliveryOutcome = { status: "failed", reason: "no such channel", retryable: false };

function open(options: Partial<HeartbeatOptions> = {}) {
  const sent: string[] = [];
  let answer: DeliveryOutcome | Promise<DeliveryOutcome> = dead;
  const heartbeat = createHeartbeat({
    run: ({ events }) => ({ status: "ran", reply: `Done: ${events.map(({ text }) => text).join()}` }),
    deliver: ({ text }) => (sent.push(text), answer),
    store: memoryStore(),
    coalesceMs: 0,
    ...options,
  });
  const app = httpApp(heartbeat);
  const json = async (path: string) => (await (await ask(app, path)).json()) as Record<string, unknown>;
  const list = async (query = "") => (await json(`/v1/deliveries${query}`))["deliveries"] as Delivery[];
  return {
    app,
    heartbeat,
    sent,
    list,
    json,
    answers: (next: typeof answer) => void (answer = next),
    /** Sends events one by one, each of whose replies is dead. */
    async deadReplies(...texts: string[]): Promise<readonly Delivery[]> {
      for (const [index, text] of texts.entries()) {
        await post(app, "/v1/events", { text, sessionKey: KEY, route });
        await until(async () => (await list("?state=dead")).length > index);
      }
      return list("?state=dead");
    },
    async [Symbol.asyncDispose]() {
      app.close();
      await heartbeat.close({ graceMs: 0 });
    },
  };
}

test("a dead reply is requeued by its id, and goes out again", async () => {
  await using it = open();
  const [letter] = await it.deadReplies("build");
  expect(letter).toMatchObject({ sessionKey: KEY, route, text: "Done: build", state: "dead" });
  it.answers({ status: "sent" });
  const answer = await post(it.app, `/v1/dead/${letter?.deliveryId}/requeue`);
  expect(answer.status).toBe(202);
  expect(await answer.json()).toMatchObject({ sessionKey: KEY, proves: "stored" });
  await until(async () => (await it.list()).length === 0);
  expect(it.sent).toEqual(["Done: build", "Done: build"]);
  expect((await post(it.app, `/v1/dead/${letter?.deliveryId}/requeue`)).status).toBe(404);
});

test("a dead reply is dismissed by its id, once", async () => {
  await using it = open();
  const [letter] = await it.deadReplies("build");
  const answer = await post(it.app, `/v1/dead/${letter?.deliveryId}/dismiss`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ sessionKey: KEY });
  expect(await it.list()).toEqual([]);
  expect((await post(it.app, `/v1/dead/${letter?.deliveryId}/dismiss`)).status).toBe(404);
});

test.each(["d-1-unknown0", "d-", "d-zzz", "e-1-unknown0"])(
  "%s is no delivery: 404, and nothing is written",
  async (id) => {
    await using it = open();
    for (const change of ["requeue", "dismiss"]) {
      const answer = await post(it.app, `/v1/dead/${id}/${change}`);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ code: "LUBDUB_NOT_FOUND" });
    }
    expect((await it.heartbeat.status()).position).toBe(0);
  },
);

test("one that is being sent cannot be requeued or dismissed", async () => {
  const { promise, resolve } = Promise.withResolvers<DeliveryOutcome>();
  await using it = open();
  it.answers(promise);
  await post(it.app, "/v1/events", { text: "build", sessionKey: KEY, route });
  await until(async () => (await it.list("?state=sending")).length === 1);
  const id = (await it.list())[0]?.deliveryId;
  for (const change of ["requeue", "dismiss"])
    expect((await post(it.app, `/v1/dead/${id}/${change}`)).status).toBe(404);
  resolve({ status: "sent" });
  await until(async () => (await it.list()).length === 0);
});

test("pages without a session: each once, by id, also those that no checkpoint has yet", async () => {
  await using it = open({ checkpointRecords: 7 });
  const all = (await it.deadReplies("a", "b", "c", "d", "e", "f")).map(({ deliveryId }) => deliveryId);
  expect(all).toHaveLength(6);
  expect(all).toEqual(all.toSorted());
  const paged: string[] = [];
  for (
    let page = await it.list("?limit=2");
    page.length > 0;
    page = await it.list(`?limit=2&after=${paged.at(-1)}`)
  ) {
    expect(page.length).toBeLessThanOrEqual(2);
    paged.push(...page.map(({ deliveryId }) => deliveryId));
  }
  expect(paged).toEqual(all);
  expect(await it.list("?state=pending")).toEqual([]);
  expect((await ask(it.app, "/v1/deliveries?limit=0")).status).toBe(400);
  expect((await ask(it.app, "/v1/deliveries?limit=1001")).status).toBe(400);
  expect((await ask(it.app, "/v1/deliveries?state=lost")).status).toBe(400);
});

test("`route` in a turn says where the user is: the next reply without a route goes there", async () => {
  await using it = open();
  it.answers({ status: "sent" });
  const turn = await post(it.app, `${SESSION}/turns`, { route });
  const { turnId } = (await turn.json()) as { turnId: string };
  expect(await it.json(SESSION)).toMatchObject({ route });
  await ask(it.app, `${SESSION}/turns/${turnId}`, { method: "DELETE" });
  await post(it.app, "/v1/events", { text: "build", sessionKey: KEY });
  await until(() => it.sent.length === 1);
  const queued = (await it.heartbeat.read()).find(({ type }) => type === "delivery.queued");
  expect(queued?.facts).toMatchObject({ route });
});

test.each([
  { route: { channel: 7 } },
  { route: [] },
  { route: "discord" },
  { route: JSON.parse('{"__proto__":"x"}') as object },
])("a turn with %j is refused, and the lane is free", async (body) => {
  await using it = open();
  expect((await post(it.app, `${SESSION}/turns`, body)).status).toBe(400);
  expect(await it.json(`${SESSION}/turns`)).toMatchObject({ busy: false });
  expect((await it.heartbeat.status()).position).toBe(0);
});
