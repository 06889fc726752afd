import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { WaitingPage } from "../../src/api.ts";
import { sqliteStore } from "../../src/log/sqlite/index.ts";
import type { HeartbeatOptions } from "../../src/options.ts";
import type { Outcome, RunRequest } from "../../src/vocabulary.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

const root = mkdtempSync(join(tmpdir(), "lubdub-waiting-"));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 20 }));

const keysOf = ({ sessions }: WaitingPage): readonly string[] => sessions.map(({ sessionKey }) => sessionKey);
const named = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `s${String(index).padStart(2, "0")}`);

/** An agent that is busy with some sessions. */
const busyWith =
  (keys: readonly string[]) =>
  ({ sessionKey }: RunRequest): Outcome =>
    keys.includes(sessionKey) ? { status: "skipped", reason: "requests-in-flight" } : { status: "ran" };

const heartOf = (run: HeartbeatOptions["run"], options: Partial<HeartbeatOptions> = {}): TestHeart =>
  testHeart({ run, coalesceMs: 0, ...options });

async function wake({ heartbeat, soon, clock }: TestHeart, ...keys: readonly string[]): Promise<void> {
  for (const sessionKey of keys) {
    await soon(heartbeat.wake(`for ${sessionKey}`, { sessionKey }));
    await clock.advance(100);
  }
}

test("the oldest wait comes first, each with why; what does not wait is not listed", async () => {
  const heart = heartOf(busyWith(["b", "a"]));
  await wake(heart, "b", "c", "a");
  const page = await heart.heartbeat.waiting();
  expect(keysOf(page)).toEqual(["b", "a"]);
  expect(page).toMatchObject({ waiting: 2, running: 0, dead: 0, next: null });
  const [first] = page.sessions;
  expect(first).toMatchObject({ state: "retrying", queued: 1, why: { code: "busy", times: 1 } });
  expect(first?.sinceMs).toBe(first?.oldestQueuedAtMs);
  expect(first?.why).toEqual(await heart.heartbeat.why("b"));
});

test("a session that is awake is listed, since its oldest event", async () => {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const heart = heartOf(() => promise);
  await wake(heart, "a");
  const page = await heart.heartbeat.waiting();
  expect(page).toMatchObject({ waiting: 1, running: 1, sessions: [{ state: "running" }] });
  resolve({ status: "ran" });
  await heart.clock.settle();
  expect(await heart.heartbeat.waiting()).toMatchObject({ waiting: 0, running: 0, sessions: [] });
});

test("once asked for, the list follows what happens", async () => {
  const busy = ["a"];
  const heart = heartOf((request) => busyWith(busy)(request));
  expect(await heart.heartbeat.waiting()).toMatchObject({ sessions: [], waiting: 0 });
  await wake(heart, "a");
  expect(await heart.heartbeat.waiting()).toMatchObject({ waiting: 1 });
  busy.length = 0;
  await heart.clock.advance(50_000);
  expect(await heart.heartbeat.waiting()).toMatchObject({ sessions: [], waiting: 0 });
});

test("it is dropped when nobody asks for a minute, and made anew", async () => {
  const heart = heartOf(busyWith(["a", "b"]));
  await wake(heart, "a");
  expect((await heart.heartbeat.waiting()).waiting).toBe(1);
  await heart.clock.advance(120_000);
  await wake(heart, "b", "a");
  expect(keysOf(await heart.heartbeat.waiting())).toEqual(["a", "b"]);
});

test("dead letters are counted over all sessions", async () => {
  const heart = heartOf(() => ({ status: "failed", reason: "no", retryable: false }));
  await wake(heart, "a", "b", "b");
  expect(await heart.heartbeat.waiting()).toMatchObject({ sessions: [], waiting: 0, dead: 3 });
  const [letter] = await heart.heartbeat.deadLetters();
  await heart.soon(heart.heartbeat.dismiss(letter?.event.eventId ?? ""));
  expect(await heart.heartbeat.waiting()).toMatchObject({ dead: 2 });
});

test("pages follow each other, also among sessions that wait since the same moment", async () => {
  const keys = named(25);
  const heart = heartOf(busyWith(keys));
  const { heartbeat } = heart;
  await heart.soon(Promise.all(keys.toReversed().map((sessionKey) => heartbeat.wake("x", { sessionKey }))));
  expect(await pagesOf(heart, 10)).toEqual([keys.slice(0, 10), keys.slice(10, 20), keys.slice(20)]);
  expect(await pagesOf(heart, 25)).toEqual([keys]);
  expect(keysOf(await heartbeat.waiting({ match: "s1" }))).toEqual(keys.slice(10, 20));
  expect(await heartbeat.waiting({ match: "s1", limit: 1 })).toMatchObject({ waiting: 25 });
});

test.each([
  { after: "" },
  { after: "x" },
  { after: "12" },
  { after: "-1 a" },
  { limit: 0 },
  { limit: 1_001 },
  { patienceMs: -1 },
  { patienceMs: 60_001 },
])("%j is no page", async (page) => {
  const { heartbeat } = heartOf(busyWith([]));
  await expect(heartbeat.waiting(page)).rejects.toMatchObject({ code: "LUBDUB_INPUT_INVALID" });
});

async function pagesOf({ heartbeat }: TestHeart, limit: number): Promise<readonly (readonly string[])[]> {
  const pages = [];
  for (let after: string | null | undefined; after !== null;) {
    const page: WaitingPage = await heartbeat.waiting({ limit, ...(after === undefined ? {} : { after }) });
    pages.push(keysOf(page));
    after = page.next;
  }
  return pages;
}

test("sessions that rest on disk are in it, after a restart too", async () => {
  const keys = named(40);
  const open = (): TestHeart => {
    const store = sqliteStore({ folder: join(root, "few") });
    return testHeart(
      { run: busyWith(keys), coalesceMs: 0, liveActorsMax: 4, checkpointRecords: 10, store },
      { store },
    );
  };
  const first = open();
  await wake(first, ...keys);
  expect((await first.heartbeat.status()).liveActors).toBeLessThan(40);
  expect(keysOf(await first.heartbeat.waiting())).toEqual(keys);
  await first.soon(first.heartbeat.close());
  const second = open();
  expect(keysOf(await second.heartbeat.waiting({ limit: 3 }))).toEqual(["s00", "s01", "s02"]);
  expect((await second.heartbeat.waiting()).waiting).toBe(40);
  await second.soon(second.heartbeat.close());
});

test("who will not wait long gets what was found by then, oldest first, and how far it came", async () => {
  const keys = Array.from({ length: 3_000 }, (_, index) => `agent:main:${index}`);
  const open = (): TestHeart =>
    heartOf(busyWith(keys), { store: sqliteStore({ folder: join(root, "many") }) });
  const first = open();
  await first.soon(
    Promise.all(keys.map((sessionKey) => first.heartbeat.enqueueSystemEvent("x", { sessionKey }))),
  );
  await first.soon(first.heartbeat.close());
  const { heartbeat, soon } = open();
  const part = await heartbeat.waiting({ patienceMs: 0 });
  expect(part.lookedThrough).toBeLessThan(1);
  expect(part.waiting).toBeLessThan(3_000);
  expect(part.sessions.map(({ sinceMs }) => sinceMs)).toEqual(
    part.sessions.map(({ sinceMs }) => sinceMs).toSorted((a, b) => a - b),
  );
  expect(await heartbeat.waiting()).toMatchObject({ waiting: 3_000, lookedThrough: 1 });
  expect(await heartbeat.waiting({ patienceMs: 60_000 })).toMatchObject({ waiting: 3_000, lookedThrough: 1 });
  await soon(heartbeat.close());
});
