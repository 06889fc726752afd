import { expect, test } from "vitest";
import { LubdubError } from "../../src/errors.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { sqliteStore, verifyStore } from "../../src/log/sqlite/index.ts";
import type { Batch, Store } from "../../src/log/store.ts";
import type { HeartbeatOptions } from "../../src/options.ts";
import { temporaryFolder } from "../log/folder.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart } from "../support/world.ts";

/** A checkpoint is written a part of it with each commit, while the actors go on. */

const KEYS = Array.from({ length: 6 }, (_, index) => `agent:main:${index}`);
const own = (sessionKey: string): string => sessionKey;
const IN_PARTS = { checkpointRecords: 5, checkpointSlice: 1, coalesceMs: 150, laneOf: own } as const;

/** The same store, in which all appends after the first `count` fail: the process dies there. */
function dyingAfter(count: number, store: Store, appended: Batch[] = []): Store {
  return {
    ...store,
    append(batch) {
      if (appended.length >= count) {
        throw new LubdubError("LUBDUB_STORE_FAILED", { expected: "a disk", got: "none" });
      }
      store.append(batch);
      appended.push(batch);
    },
    close() {},
  };
}

/** @returns the texts of the events that were accepted */
async function play(store: Store, options: Partial<HeartbeatOptions> = {}) {
  const clock = simulatedClock();
  const heart = testHeart({ ...IN_PARTS, ...options }, { store, clock });
  const accepted: string[] = [];
  const wake = (text: string, sessionKey: string) =>
    heart.heartbeat.wake(text, { sessionKey }).then(
      () => void accepted.push(text),
      () => {},
    );
  for (let round = 0; round < 6; round += 1) {
    const written: Promise<void>[] = [];
    const settled = clock.advance(100);
    // Events come while parts are written: a commit and a part in each turn of the loop.
    for (const sessionKey of [...KEYS, ...KEYS.slice(round)]) {
      written.push(wake(`text ${round} ${written.length}`, sessionKey));
      await new Promise(setImmediate);
    }
    await settled;
    await clock.settle();
    await Promise.all(written);
  }
  return { heart, clock, accepted };
}

const stateOf = async (store: Store, laneOf = own) => {
  const { heartbeat } = testHeart({ laneOf }, { store: { ...store, close() {} } });
  return heartbeat.stateAt(store.head().position);
};

/** What a store that has never had a checkpoint says after the same records. */
function withoutCheckpoints(store: Store): Store {
  const plain = memoryStore();
  plain.append({ records: [...store.read()], dedupe: [] });
  return plain;
}

async function appendsOf(options: Partial<HeartbeatOptions> = {}): Promise<readonly Batch[]> {
  const appended: Batch[] = [];
  await play(dyingAfter(Infinity, memoryStore(), appended), options);
  return appended;
}

test("no commit holds more of it than a part, records come between its parts, and it ends without any", async () => {
  const parts = (await appendsOf()).filter(({ checkpoint }) => checkpoint !== undefined);
  const sizes = parts.map(({ checkpoint }) => checkpoint?.snapshots.length ?? 0);
  expect(Math.max(...sizes)).toBe(1);
  expect(parts.filter(({ checkpoint }) => checkpoint?.isLast).length).toBeGreaterThan(5);
  expect(parts.at(-1)?.checkpoint?.isLast).toBe(true);
  const late = parts.filter(
    ({ records, checkpoint }) => (records.at(-1)?.position ?? 0) > (checkpoint?.position ?? 0),
  );
  expect(late.length).toBeGreaterThan(5);
});

test("a crash after any part loses nothing, and leaves nothing half: also with other lanes", async () => {
  const { length } = await appendsOf();
  expect(length).toBeGreaterThan(60);
  for (let count = 0; count <= length; count += 1) {
    const store = memoryStore();
    const { accepted, clock } = await play(dyingAfter(count, store));
    expect(await stateOf(store)).toEqual(await stateOf(withoutCheckpoints(store)));
    const again = testHeart({ ...IN_PARTS, laneOf: () => "shared" }, { store, clock });
    await clock.advance(60_000);
    const handled = [...store.read()].flatMap((r) => (r.type === "run.ran" ? r.facts.eventIds : []));
    expect(handled.length).toBe(new Set(handled).size);
    const queuedTexts = [...store.read()].flatMap((record) =>
      record.type === "event.queued" ? [record.body?.text] : [],
    );
    expect(accepted.filter((text) => !queuedTexts.includes(text))).toEqual([]);
    expect((await again.heartbeat.status()).lanesDue).toBe(0);
    for (const key of KEYS) expect(await again.heartbeat.peekSystemEvents(key)).toEqual([]);
  }
}, 60_000);

test("on disk too: what a crash has left of one is passed over, and gone with the next", async () => {
  const { length } = await appendsOf();
  for (let count = 7; count <= length; count += 7) {
    using folder = temporaryFolder();
    const dying = sqliteStore({ folder: folder.path });
    await play(dyingAfter(count, dying));
    dying.close();
    const store = sqliteStore({ folder: folder.path });
    expect(await stateOf(store)).toEqual(await stateOf(withoutCheckpoints(store)));
    const again = testHeart({ laneOf: own }, { store });
    await again.soon(again.heartbeat.close());
    using closed = sqliteStore({ folder: folder.path });
    expect(closed.checkpoint()).toBe(closed.head().position);
    expect(await stateOf(closed)).toEqual(await stateOf(withoutCheckpoints(closed)));
    expect(verifyStore(folder.path).problems).toEqual([]);
  }
}, 60_000);

test("every state in between is the same as without checkpoints", async () => {
  const store = memoryStore();
  const { heart } = await play(dyingAfter(Infinity, store));
  const plain = testHeart({ laneOf: own }, { store: withoutCheckpoints(store) });
  for (let at = 0; at <= store.head().position; at += 1) {
    expect(await heart.heartbeat.stateAt(at)).toEqual(await plain.heartbeat.stateAt(at));
    for (const sessionKey of KEYS.slice(0, 2)) {
      expect(await heart.heartbeat.stateAt(at, { sessionKey })).toEqual(
        await plain.heartbeat.stateAt(at, { sessionKey }),
      );
    }
  }
});

test("a session that is forgotten while it is written leaves no text, whichever part is next", async () => {
  const secret = "the secret words";
  const parts: number[] = [];
  for (let turns = 0; turns <= 12; turns += 1) {
    using folder = temporaryFolder();
    const appended: Batch[] = [];
    using disk = sqliteStore({ folder: folder.path });
    const clock = simulatedClock();
    const options = { ...IN_PARTS, coalesceMs: 60_000 };
    const { heartbeat } = testHeart(options, { store: dyingAfter(Infinity, disk, appended), clock });
    // It is the last session that is written.
    const key = KEYS.at(-1) as string;
    const written = KEYS.map((sessionKey) => heartbeat.wake(secret, { sessionKey }));
    const settled = clock.settle();
    // A commit in each turn of the loop, and a part of the checkpoint in it.
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    const forgotten = heartbeat.forget(key);
    await settled;
    await clock.settle();
    await Promise.all([...written, forgotten]);

    const forgets = appended.findIndex(({ records }) =>
      records.some(({ type }) => type === "session.forgotten"),
    );
    if (appended[forgets]?.checkpoint?.isFirst === false) parts.push(forgets);
    for (let at = 0; at <= disk.head().position; at += 1) {
      expect(disk.snapshot("session", key, at)?.state ?? "").not.toContain(secret);
    }
    const bodies = [...disk.read()].flatMap((record) => (record.sessionKey === key ? [record.body] : []));
    expect(JSON.stringify(bodies)).not.toContain(secret);
    expect(await stateOf(disk)).toEqual(await stateOf(withoutCheckpoints(disk)));
  }
  expect(parts.length).toBeGreaterThan(6);
});

test("one that is closed meanwhile leaves a checkpoint at the head of its log", async () => {
  for (let turns = 0; turns < 12; turns += 1) {
    const store = memoryStore();
    const { heartbeat, clock } = testHeart(IN_PARTS, { store: { ...store, close() {} } });
    const written = KEYS.map((sessionKey) => heartbeat.wake("text", { sessionKey }));
    const settled = clock.settle();
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    const closed = heartbeat.close();
    await settled;
    await clock.advance(10_000);
    await Promise.all([...written, closed]);
    expect(store.checkpoint()).toBe(store.head().position);
    expect(await stateOf(store)).toEqual(await stateOf(withoutCheckpoints(store)));
  }
});
