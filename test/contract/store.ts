import { afterEach, describe, expect, test } from "vitest";
import type { EventQueued } from "../../src/core/records.ts";
import type { Batch, Store } from "../../src/log/store.ts";
import {
  checkpoint,
  fill,
  forgotten,
  lane,
  positions,
  queued,
  ran,
  range,
  session,
  skipped,
  START_MS,
} from "./store-records.ts";

const A = "agent:main:discord:channel:42";
const B = "agent:main:main";

export interface StoreFixture {
  readonly store: Store;
  /** Closes it and opens what it has kept; absent for a store that keeps nothing. */
  readonly reopen?: () => Store;
  readonly remove: () => void;
}

/** What every store must do, whatever it is made of. */
export function storeContract(name: string, open: () => StoreFixture): void {
  let fixture: StoreFixture | null = null;
  let store: Store;
  const fresh = (): Store => {
    fixture = open();
    store = fixture.store;
    return store;
  };
  /** The same store, taken from where it is kept if it keeps anything: answers must not depend on it. */
  const again = (): Store => {
    store = fixture?.reopen?.() ?? store;
    return store;
  };
  /** The store as it is, then as it was kept. */
  function* both(): Iterable<Store> {
    yield store;
    yield again();
  }
  afterEach(() => {
    store.close();
    fixture?.remove();
    fixture = null;
  });

  describe(`${name} as a store: the log`, () => {
    test("an empty one has no head, base, records, checkpoint", () => {
      fresh();
      for (const current of both()) {
        expect(current.head()).toEqual({ position: 0, atMs: 0 });
        expect(current.base()).toBe(0);
        expect([...current.read()]).toEqual([]);
        expect(current.recordAt(0)).toBeUndefined();
        expect(current.recordAt(1)).toBeUndefined();
        expect(current.checkpoint()).toBe(0);
        expect([...current.deadlines()]).toEqual([]);
      }
    });

    test("gives back what was appended, record by record and in order", () => {
      const written = [queued(1, A, { text: "done \u0001 \u{1F493}" }), ran(2, A, 1), skipped(3, B)];
      fresh().append({ records: written.slice(0, 2), dedupe: [] });
      store.append({ records: written.slice(2), dedupe: [] });
      for (const current of both()) {
        expect([...current.read()]).toEqual(written);
        expect(written.map(({ position }) => current.recordAt(position))).toEqual(written);
        expect(current.head()).toEqual({ position: 3, atMs: START_MS + 3 });
      }
    });

    test("goes on after it was opened again", () => {
      fresh().append({ records: [queued(1, A)], dedupe: [] });
      again().append({ records: [queued(2, A)], dedupe: [] });
      expect([...again().read()].map(({ position }) => position)).toEqual([1, 2]);
    });

    test("reads any range, also over many pages", () => {
      fill(fresh(), 1_000, A);
      expect(positions(store.read({ after: 10, upTo: 12 }))).toEqual([11, 12]);
      expect(positions(store.read({ after: 998 }))).toEqual([999, 1_000]);
      expect(positions(store.read({ limit: 2 }))).toEqual([1, 2]);
      expect(positions(store.read({ after: 100, limit: 600 }))).toEqual(range(101, 700));
      expect(positions(store.read())).toEqual(range(1, 1_000));
      expect(positions(store.read({ after: 1_000 }))).toEqual([]);
      expect(positions(store.read({ after: 5, upTo: 5 }))).toEqual([]);
      expect(positions(store.read({ limit: 0 }))).toEqual([]);
    });

    test("may be written to while it is read", () => {
      fill(fresh(), 600, A);
      for (const { position } of store.read({ upTo: 600 })) {
        if (position % 100 === 0) store.erase(A, [position]);
      }
      expect(store.recordAt(600)?.body).toBeNull();
      expect(store.recordAt(601)).toBeUndefined();
    });

    test("is not changed by changing what was appended", () => {
      const record = queued(1, A);
      fresh().append({ records: [record], dedupe: [] });
      (record.facts as { reason: string }).reason = "changed";
      expect((store.recordAt(1) as EventQueued).facts.reason).toBe("exec");
    });

    test.each<[string, Batch]>([
      ["a gap", { records: [queued(2, A), queued(4, A)], dedupe: [] }],
      ["a position again", { records: [queued(1, A)], dedupe: [] }],
      ["time that runs backwards", { records: [{ ...queued(2, A), atMs: START_MS }], dedupe: [] }],
      [
        "a previous record that is not before it",
        { records: [{ ...queued(2, A), previous: 2 }], dedupe: [] },
      ],
      ["an unknown type", { records: [{ ...queued(2, A), type: "event.eaten" } as never], dedupe: [] }],
      ["a snapshot of another position", { records: [queued(2, A)], dedupe: [], snapshots: [session(A, 1)] }],
      [
        "a dedupe key of another batch",
        { records: [queued(2, A)], dedupe: [{ key: "k", position: 1, expiresAtMs: 1 }] },
      ],
    ])("refuses %s, and nothing of the batch is kept", (_, batch) => {
      fresh().append({ records: [queued(1, A)], dedupe: [] });
      expect(() => store.append(batch)).toThrow(expect.objectContaining({ code: "LUBDUB_INTERNAL" }));
      expect(positions(store.read())).toEqual([1]);
      store.append({ records: [queued(2, A)], dedupe: [] });
      expect(positions(again().read())).toEqual([1, 2]);
    });
  });

  describe(`${name} as a store: snapshots`, () => {
    test("the newest at or before a position wins", () => {
      fresh();
      checkpoint(store, [queued(1, A)], [session(A, 1), session(B, 1)]);
      checkpoint(store, [queued(2, A)], [session(A, 2)]);
      checkpoint(store, [queued(3, A)], [session(A, 3, { queued: 7, dead: 2, state: "{}" })]);
      for (const current of both()) {
        expect(current.snapshot("session", A)).toEqual(session(A, 3, { queued: 7, dead: 2, state: "{}" }));
        expect(current.snapshot("session", A, 2)).toEqual(session(A, 2));
        expect(current.snapshot("session", A, 0)).toBeUndefined();
        expect(current.snapshot("session", B, 3)).toEqual(session(B, 1));
        expect(current.snapshot("heartbeat", A)).toBeUndefined();
        expect(current.snapshot("session", "agent:other")).toBeUndefined();
      }
    });

    test("checkpoints are remembered, also one without a changed actor", () => {
      fresh();
      checkpoint(store, [queued(1, A), queued(2, A)], [session(A, 2)]);
      store.append({ records: [queued(3, A)], dedupe: [] });
      checkpoint(store, [queued(4, A)], []);
      checkpoint(store, [], []);
      for (const current of both()) {
        expect([0, 1, 2, 3, 4, 9].map((upTo) => current.checkpoint(upTo))).toEqual([0, 0, 2, 2, 4, 4]);
        expect(current.checkpoint()).toBe(4);
      }
    });

    test("a checkpoint at the same position again replaces its snapshots", () => {
      fresh();
      checkpoint(store, [queued(1, A)], [session(A, 1)]);
      checkpoint(store, [], [session(A, 1, { queued: 5 })]);
      expect(again().snapshot("session", A)?.queued).toBe(5);
    });

    test("lists the newest of each key in pages", () => {
      fresh();
      const keys = range(100, 700).map((n) => `agent:${n}`);
      checkpoint(
        store,
        [queued(1, A)],
        keys.map((key) => session(key, 1)),
      );
      checkpoint(store, [queued(2, A)], [session("agent:105", 2), session("agent:999", 2)]);
      const list = (query: object) => [...store.snapshots({ kind: "session", limit: 10_000, ...query })];
      expect(list({}).map(({ key }) => key)).toEqual([...keys, "agent:999"]);
      expect(list({ after: "agent:698" }).map(({ key }) => key)).toEqual([
        "agent:699",
        "agent:700",
        "agent:999",
      ]);
      expect(list({ after: "agent:104", limit: 2 }).map(({ key, position }) => [key, position])).toEqual([
        ["agent:105", 2],
        ["agent:106", 1],
      ]);
      expect(list({ limit: 300 })).toHaveLength(300);
      expect(list({ limit: 0 })).toEqual([]);
      expect(list({ upTo: 1, after: "agent:104", limit: 1 }).map(({ position }) => position)).toEqual([1]);
      expect(list({ upTo: 1 })).toHaveLength(keys.length);
      expect(list({ kind: "heartbeat" })).toEqual([]);
    });

    test("lists only those that have dead letters now", () => {
      fresh();
      checkpoint(
        store,
        [queued(1, A)],
        [session("a", 1, { dead: 1 }), session("b", 1, { dead: 1 }), session("c", 1)],
      );
      checkpoint(store, [queued(2, A)], [session("a", 2), session("c", 2, { dead: 3 })]);
      const dead = (upTo?: number) =>
        [
          ...again().snapshots({
            kind: "session",
            limit: 10,
            withDeadLetters: true,
            ...(upTo === undefined ? {} : { upTo }),
          }),
        ].map(({ key }) => key);
      expect(dead()).toEqual(["b", "c"]);
      expect(dead(1)).toEqual(["a", "b"]);
    });

    test("deadlines are those of the newest snapshots of lanes that wait", () => {
      fresh();
      checkpoint(
        store,
        [queued(1, A)],
        [lane("a", 1, 50), lane("b", 1, 60), lane("c", 1, null), session("d", 1)],
      );
      checkpoint(store, [queued(2, A)], [lane("a", 2, null), lane("c", 2, 70)]);
      expect([...again().deadlines()].sort((one, two) => one.dueAtMs - two.dueAtMs)).toEqual([
        { lane: "b", dueAtMs: 60 },
        { lane: "c", dueAtMs: 70 },
      ]);
    });
  });

  describe(`${name} as a store: keys`, () => {
    /** In bytewise order. The last two swap places when compared by UTF-16 units. */
    const lookAlikes = [
      "Agent:Caf\u00e9",
      "agent:cafe\u0301",
      "agent:caf\u00e9",
      "agent:caf\u00e9 ",
      "agent:caf\u00e9.",
      "agent:\uff21",
      "agent:\u{1F493}",
    ];

    test("look-alikes stay apart, and are ordered by their bytes", () => {
      fresh();
      checkpoint(
        store,
        [queued(1, A)],
        lookAlikes.toReversed().map((key, index) => session(key, 1, { queued: index })),
      );
      again();
      expect([...store.snapshots({ kind: "session", limit: 100 })].map(({ key }) => key)).toEqual(lookAlikes);
      expect(lookAlikes.map((key) => store.snapshot("session", key)?.queued)).toEqual([6, 5, 4, 3, 2, 1, 0]);
    });

    test("records, dedupe keys and erasure tell look-alikes apart", () => {
      const records = lookAlikes.map((key, index) => queued(index + 1, key));
      fresh().append({
        records,
        dedupe: lookAlikes.map((key, index) => ({ key, position: index + 1, expiresAtMs: 10 })),
      });
      again();
      expect([...store.read()].map(({ sessionKey }) => sessionKey)).toEqual(lookAlikes);
      expect(lookAlikes.map((key) => store.findDuplicate(key, 0))).toEqual(range(1, lookAlikes.length));
      store.erase("agent:caf\u00e9", range(1, lookAlikes.length));
      const erased = [...store.read()].filter(({ body }) => body === null);
      expect(erased.map(({ sessionKey }) => sessionKey)).toEqual(["agent:caf\u00e9"]);
    });
  });

  describe(`${name} as a store: dedupe keys, erasure, compaction`, () => {
    test("a dedupe key is known until its window ends, and may then be used again", () => {
      fresh().append({ records: [queued(1, A)], dedupe: [{ key: "k", position: 1, expiresAtMs: 100 }] });
      for (const current of both()) {
        expect(current.findDuplicate("k", 99)).toBe(1);
        expect(current.findDuplicate("k", 100)).toBeUndefined();
        expect(current.findDuplicate("K", 0)).toBeUndefined();
      }
      store.append({ records: [queued(2, A)], dedupe: [{ key: "k", position: 2, expiresAtMs: 200 }] });
      expect(again().findDuplicate("k", 150)).toBe(2);
    });

    test("erases bodies of this session only, and its snapshots up to them; all the rest verifies", () => {
      fresh();
      checkpoint(store, [queued(1, A), queued(2, B)], [session(A, 2, { previous: 1 }), session(B, 2)]);
      store.append({ records: [queued(3, A), ran(4, B, 2)], dedupe: [] });
      checkpoint(store, [forgotten(5, A, 3)], [session(A, 5, { previous: 5 })]);
      store.erase(A, [1, 2, 3]);
      store.erase(A, [1, 2, 3]);
      for (const current of both()) {
        expect([...current.read()].map(({ body }) => body !== null)).toEqual([
          false,
          true,
          false,
          true,
          false,
        ]);
        expect((current.recordAt(1) as EventQueued).facts.eventId).toBe("e-1");
        expect(current.snapshot("session", A, 4)).toBeUndefined();
        expect(current.snapshot("session", A)?.position).toBe(5);
        expect(current.snapshot("session", B)?.position).toBe(2);
      }
    });

    test("erases the snapshot of a session whose records are all compacted away", () => {
      fresh();
      checkpoint(store, [queued(1, A)], [session(A, 1, { previous: 1 })]);
      store.compact(1, 0);
      store.append({ records: [forgotten(2, A, 1)], dedupe: [] });
      store.erase(A, []);
      expect(again().snapshot("session", A)).toBeUndefined();
    });

    test("compaction drops what no later position needs, and nothing else", () => {
      fresh();
      checkpoint(store, [queued(1, A)], [session(A, 1), session(B, 1), lane("l", 1, 5)]);
      checkpoint(store, [queued(2, A)], [session(A, 2), lane("l", 2, 6)]);
      store.append({
        records: [queued(3, A), queued(4, A)],
        dedupe: [
          { key: "old", position: 3, expiresAtMs: 100 },
          { key: "new", position: 4, expiresAtMs: 101 },
        ],
      });
      checkpoint(store, [queued(5, A)], [session(A, 5)]);
      const before = [...store.read({ after: 2 })];
      expect(store.compact(2, 100)).toEqual({ records: 2, snapshots: 2 });
      for (const current of both()) {
        expect(current.base()).toBe(2);
        expect(current.head()).toEqual({ position: 5, atMs: START_MS + 5 });
        expect([...current.read()]).toEqual(before);
        expect([current.recordAt(2), current.recordAt(3)?.position]).toEqual([undefined, 3]);
        expect([1, 2, 4, 5].map((upTo) => current.checkpoint(upTo))).toEqual([0, 2, 2, 5]);
        expect(current.snapshot("session", A, 4)).toEqual(session(A, 2));
        expect(current.snapshot("session", B)).toEqual(session(B, 1));
        expect([...current.deadlines()]).toEqual([{ lane: "l", dueAtMs: 6 }]);
        expect([current.findDuplicate("old", 0), current.findDuplicate("new", 0)]).toEqual([undefined, 4]);
      }
      store.append({ records: [queued(6, A)], dedupe: [] });
      expect(positions(again().read())).toEqual([3, 4, 5, 6]);
    });

    test("compaction of everything keeps the position and the time", () => {
      fresh();
      checkpoint(store, [queued(1, A), queued(2, A)], [session(A, 2)]);
      expect(store.compact(2, 0).records).toBe(2);
      expect(store.compact(2, 0)).toEqual({ records: 0, snapshots: 0 });
      expect(again().head()).toEqual({ position: 2, atMs: START_MS + 2 });
      expect([...store.read()]).toEqual([]);
      store.append({ records: [queued(3, A)], dedupe: [] });
      expect(positions(again().read())).toEqual([3]);
    });

    test("refuses to compact up to what is no checkpoint", () => {
      fresh().append({ records: [queued(1, A)], dedupe: [] });
      for (const upTo of [1, -1, 2, 0.5]) {
        expect(() => store.compact(upTo, 0)).toThrow(expect.objectContaining({ code: "LUBDUB_INTERNAL" }));
      }
      expect(positions(again().read())).toEqual([1]);
    });
  });

  test(`${name} as a store: closed twice, and then refuses`, () => {
    fresh().append({ records: [queued(1, A)], dedupe: [] });
    store.close();
    store.close();
    const isClosed = expect.objectContaining({ code: "LUBDUB_CLOSED" });
    expect(() => store.head()).toThrow(isClosed);
    expect(() => store.base()).toThrow(isClosed);
    expect(() => store.append({ records: [queued(2, A)], dedupe: [] })).toThrow(isClosed);
    expect(() => [...store.read()]).toThrow(isClosed);
    expect(() => store.recordAt(1)).toThrow(isClosed);
    expect(() => store.snapshot("session", A)).toThrow(isClosed);
    expect(() => [...store.snapshots({ kind: "session", limit: 1 })]).toThrow(isClosed);
    expect(() => [...store.deadlines()]).toThrow(isClosed);
    expect(() => store.checkpoint()).toThrow(isClosed);
    expect(() => store.findDuplicate("k", 0)).toThrow(isClosed);
    expect(() => store.erase(A, [1])).toThrow(isClosed);
    expect(() => store.compact(0, 0)).toThrow(isClosed);
  });
}
