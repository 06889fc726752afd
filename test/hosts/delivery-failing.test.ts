import { describe, expect, test } from "vitest";
import { LubdubError } from "../../src/errors.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { Store } from "../../src/log/store.ts";
import type { DeliveryRequest } from "../../src/vocabulary.ts";
import { held } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";
import { chatty, D, discord, echoes, says, telegram, W } from "./chatty.ts";

describe("a target that fails", () => {
  test("is tried again with the same id, route and text, ever more slowly, and in order", async () => {
    const tries: DeliveryRequest[] = [];
    let broken = true;
    const { heartbeat, agent, clock, soon } = testHeart({
      deliver(delivery) {
        tries.push(delivery);
        if (broken) throw new Error("no luck");
      },
    });
    agent.answers(echoes);
    for (const text of ["one", "two"]) {
      await soon(heartbeat.wake(text, { sessionKey: D, route: discord }));
      await clock.advance(300);
    }
    await clock.advance(10_000);
    expect(
      new Set(tries.map(({ deliveryId, text, route }) => JSON.stringify([deliveryId, text, route]))).size,
    ).toBe(1);
    expect(tries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect((await heartbeat.session(D)).deliveries).toMatchObject([
      { state: "retrying", text: "one", error: { code: "LUBDUB_DELIVERY_FAILED", message: "no luck" } },
      { state: "pending", text: "two", attempts: 0 },
    ]);
    broken = false;
    await clock.advance(60_000);
    expect(tries.slice(4).map(({ text }) => text)).toEqual(["one", "two"]);
    expect(await heartbeat.deliveries()).toEqual([]);
  });
  test("problem 5: out of tries it is dead, the next has its turn, and a requeue sends it", async () => {
    const { heartbeat, agent, clock, soon, words, sent } = chatty({
      deliver: (delivery) => {
        if (delivery.text === "poison") return { status: "failed", reason: "too long", retryable: false };
        sent.push(delivery);
        return { status: "sent" };
      },
    });
    agent.answers(echoes);
    for (const text of ["poison", "good"]) {
      await soon(heartbeat.wake(text, { sessionKey: D, route: discord }));
      await clock.advance(1_000);
    }
    expect(words()).toEqual([[D, "42", "good"]]);
    const [dead] = await heartbeat.deliveries({ state: "dead" });
    expect(dead).toMatchObject({
      text: "poison",
      attempts: 1,
      dueAtMs: null,
      error: { message: "too long" },
    });
    const id = dead?.deliveryId as string;
    await soon(heartbeat.requeue(id));
    await clock.advance(1_000);
    expect((await heartbeat.deliveries()).map(({ state, attempts }) => [state, attempts])).toEqual([
      ["dead", 1],
    ]);
    await soon(heartbeat.dismiss(id));
    expect(await heartbeat.deliveries()).toEqual([]);
    await expect(heartbeat.requeue(id)).rejects.toMatchObject({ code: "LUBDUB_NOT_FOUND" });
    await expect(heartbeat.dismiss("d-zz-00000000")).rejects.toMatchObject({ code: "LUBDUB_NOT_FOUND" });
  });
  test("what was not heard may be said again by the next run", async () => {
    const { heartbeat, agent, clock, soon, fates } = chatty({
      deliver: () => ({ status: "failed", reason: "no", retryable: false }),
    });
    agent.answers(says("Disk full"));
    for (const text of ["one", "two"]) {
      await soon(heartbeat.wake(text, { sessionKey: D, route: discord }));
      await clock.advance(1_000);
    }
    expect(await fates()).toEqual(["queued", "queued"]);
  });
  test("it expires in time, also what waits behind it", async () => {
    const { heartbeat, agent, clock, soon } = chatty({
      deliver: () => Promise.reject(new Error("down")),
      delivery: { expireMs: 10_000, maxAttempts: 1_000 },
    });
    agent.answers(echoes);
    for (const text of ["one", "two"])
      await soon(heartbeat.wake(text, { sessionKey: D, coalesceMs: 0, route: discord }));
    await clock.advance(60_000);
    expect((await heartbeat.deliveries({ sessionKey: D })).map(({ state }) => state)).toEqual([
      "dead",
      "dead",
    ]);
  });
  test("problem 5, #92082 that hangs holds up no run and no other destination", async () => {
    const { heartbeat, agent, clock, soon, words, sent } = chatty({
      deliver: (delivery) => {
        if (delivery.route["to"] === "42") return new Promise<never>(() => {});
        sent.push(delivery);
        return undefined;
      },
      delivery: { timeoutMs: 3_600_000 },
    });
    agent.answers(echoes);
    for (const text of ["one", "two", "three"]) {
      await soon(heartbeat.wake(text, { sessionKey: D, route: discord }));
      await clock.advance(1_000);
    }
    await soon(heartbeat.wake("elsewhere", { sessionKey: W, route: telegram }));
    await clock.advance(1_000);
    expect(agent.calls.map(({ events }) => events[0]?.text)).toEqual(["one", "two", "three", "elsewhere"]);
    expect(words()).toEqual([[W, "100", "elsewhere"]]);
    expect((await heartbeat.status()).deliveriesOpen).toBe(3);
  });
  test("no more are sent at a time than allowed, and a try that takes too long is given up", async () => {
    let going = 0;
    let most = 0;
    const { heartbeat, agent, clock, soon } = chatty({
      deliver: ({ signal }) => {
        most = Math.max(most, ++going);
        return new Promise<never>((_, reject) => {
          signal.addEventListener("abort", () => {
            going--;
            reject(signal.reason as Error);
          });
        });
      },
      delivery: { concurrency: 2, timeoutMs: 1_000, maxAttempts: 1 },
    });
    agent.answers(echoes);
    for (let to = 0; to < 5; to++)
      await soon(heartbeat.wake("x", { sessionKey: `s${to}`, route: { to: String(to) } }));
    await clock.advance(10_000);
    expect([most, going]).toEqual([2, 0]);
    const dead = await heartbeat.deliveries({ state: "dead" });
    expect(dead.map(({ error }) => error?.code)).toEqual(
      Array.from({ length: 5 }, () => "LUBDUB_DELIVERY_TIMEOUT"),
    );
  });
});

describe("a process that ends", () => {
  /** A store that outlives the process. */
  const lasting = (): Store => ({ ...memoryStore(), close: () => {} });

  test("while it sends: it is sent again under the same id, with the same text", async () => {
    const store = lasting();
    const first = chatty({ deliver: () => new Promise<never>(() => {}) }, { store });
    first.agent.answers(says("Disk full"));
    await first.soon(first.heartbeat.wake("look", { sessionKey: D, route: discord }));
    await first.clock.advance(1_000);
    const [before] = await first.heartbeat.deliveries();
    expect(before).toMatchObject({ state: "sending" });
    const second = chatty({}, { store });
    await second.clock.advance(5_000);
    expect(second.sent.map(({ deliveryId, attempt, text }) => [deliveryId, attempt, text])).toEqual([
      [before?.deliveryId, 2, "Disk full"],
    ]);
  });
  test("stopping lets what is being sent end, and sends the rest after the next start, in order", async () => {
    const store = lasting();
    const { promise, resolve } = held();
    const first = chatty({ deliver: () => promise }, { store });
    first.agent.answers(echoes);
    for (const text of ["one", "two"]) {
      await first.soon(first.heartbeat.wake(text, { sessionKey: D, route: discord }));
      await first.clock.advance(1_000);
    }
    const closed = first.heartbeat.close();
    await first.clock.advance(100);
    resolve();
    await first.clock.advance(100);
    await closed;
    const second = chatty({}, { store });
    await second.clock.advance(5_000);
    expect(second.words().map(([, , text]) => text)).toEqual(["two"]);
  });
  test("without a way to send, what is on its way waits for a start that has one", async () => {
    const store = lasting();
    const first = chatty({ deliver: () => Promise.reject(new Error("down")) }, { store });
    first.agent.answers(says("Disk full"));
    await first.soon(first.heartbeat.wake("look", { sessionKey: D, route: discord }));
    await first.clock.advance(300);
    const mute = testHeart({}, { store });
    await mute.clock.advance(10_000);
    expect((await mute.heartbeat.deliveries()).map(({ state }) => state)).toEqual(["retrying"]);
  });
});

test("a full disk loses no reply and sends none twice", async () => {
  const store = memoryStore();
  let full = false;
  const fillable: Store = {
    ...store,
    append(batch) {
      if (full) throw new LubdubError("LUBDUB_STORE_FULL", { expected: "room", got: "a full disk" });
      store.append(batch);
    },
  };
  const running = held<{ status: "ran"; reply: string }>();
  const { heartbeat, agent, clock, soon, sent } = chatty({}, { store: fillable });
  agent.answers(() => running.promise);
  await soon(heartbeat.wake("look", { sessionKey: D, route: discord }));
  await clock.advance(300);
  full = true;
  running.resolve({ status: "ran", reply: "Disk full" }); // its end and its delivery find no room
  await clock.advance(500);
  expect(sent).toEqual([]);
  full = false;
  await clock.advance(5_000);
  expect(sent.map(({ text }) => text)).toEqual(["Disk full"]);
});

test("forgetting a session ends its deliveries and erases their texts, also in older snapshots", async () => {
  const { heartbeat, agent, clock, soon, store } = chatty(
    { deliver: () => Promise.reject(new Error("secret words")), checkpointRecords: 1 },
    {},
  );
  agent.answers(says("secret words"));
  await soon(heartbeat.wake("look", { sessionKey: D, route: discord }));
  await clock.advance(2_000);
  await soon(heartbeat.forget(D));
  expect(await heartbeat.deliveries()).toEqual([]);
  await clock.advance(600_000);
  expect(JSON.stringify([...store.read()])).not.toContain("secret words");
  const kept = [...store.keys({ kind: "delivery", limit: 100 })];
  expect(kept).toEqual([]);
});
