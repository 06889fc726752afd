import { describe, expect, test } from "vitest";
import { checkpoint, erasure, lane, queued, range, schedule, session } from "./store-records.ts";
import { ENDED, type Erasure, type Snapshot, type Store } from "../../src/log/store.ts";
import type { storeSubject } from "./store-subject.ts";

const A = "agent:main:discord:channel:42";
const B = "agent:main:main";

/** The part of the contract about snapshots and about keys that look alike. */
export function snapshotContract(name: string, subject: ReturnType<typeof storeSubject>): void {
  describe(`${name} as a store: snapshots`, () => {
    test("the newest at or before a position wins", () => {
      subject.fresh();
      checkpoint(subject.store, [queued(1, A)], [session(A, 1), session(B, 1)]);
      checkpoint(subject.store, [queued(2, A)], [session(A, 2)]);
      checkpoint(subject.store, [queued(3, A)], [session(A, 3, { queued: 7, dead: 2, state: "{}" })]);
      for (const current of subject.both()) {
        expect(current.snapshot("session", A)).toEqual(session(A, 3, { queued: 7, dead: 2, state: "{}" }));
        expect(current.snapshot("session", A, 2)).toEqual(session(A, 2));
        expect(current.snapshot("session", A, 0)).toBeUndefined();
        expect(current.snapshot("session", B, 3)).toEqual(session(B, 1));
        expect(current.snapshot("heartbeat", A)).toBeUndefined();
        expect(current.snapshot("session", "agent:other")).toBeUndefined();
      }
    });

    test("checkpoints are remembered, also one without a changed actor", () => {
      subject.fresh();
      checkpoint(subject.store, [queued(1, A), queued(2, A)], [session(A, 2)]);
      subject.store.append({ records: [queued(3, A)], dedupe: [] });
      checkpoint(subject.store, [queued(4, A)], []);
      checkpoint(subject.store, [], []);
      for (const current of subject.both()) {
        expect([0, 1, 2, 3, 4, 9].map((upTo) => current.checkpoint(upTo))).toEqual([0, 0, 2, 2, 4, 4]);
        expect(current.checkpoint()).toBe(4);
      }
    });

    test("a checkpoint at the same position again replaces its snapshots", () => {
      subject.fresh();
      checkpoint(subject.store, [queued(1, A)], [session(A, 1)]);
      checkpoint(subject.store, [], [session(A, 1, { queued: 5 })]);
      expect(subject.again().snapshot("session", A)?.queued).toBe(5);
    });

    test("lists each key once, in pages", () => {
      subject.fresh();
      const keys = range(100, 700).map((n) => `agent:${n}`);
      checkpoint(
        subject.store,
        [queued(1, A)],
        keys.map((key) => session(key, 1)),
      );
      checkpoint(subject.store, [queued(2, A)], [session("agent:105", 2), session("agent:999", 2)]);
      const list = (query: object) => [...subject.store.keys({ kind: "session", limit: 10_000, ...query })];
      expect(list({})).toEqual([...keys, "agent:999"]);
      expect(list({ after: "agent:698" })).toEqual(["agent:699", "agent:700", "agent:999"]);
      expect(list({ after: "agent:104", limit: 2 })).toEqual(["agent:105", "agent:106"]);
      expect(list({ limit: 300 })).toHaveLength(300);
      expect(list({ limit: 0 })).toEqual([]);
      expect(list({ upTo: 1 })).toEqual(keys);
      expect(list({ kind: "heartbeat" })).toEqual([]);
    });

    test("lists only those that have dead letters now", () => {
      subject.fresh();
      checkpoint(
        subject.store,
        [queued(1, A)],
        [session("a", 1, { dead: 1 }), session("b", 1, { dead: 1 }), session("c", 1)],
      );
      checkpoint(subject.store, [queued(2, A)], [session("a", 2), session("c", 2, { dead: 3 })]);
      const dead = (upTo?: number) => [
        ...subject.again().keys({
          kind: "session",
          limit: 10,
          withDeadLetters: true,
          ...(upTo === undefined ? {} : { upTo }),
        }),
      ];
      expect(dead()).toEqual(["b", "c"]);
      expect(dead(1)).toEqual(["a", "b"]);
    });

    test("deadlines are those of the newest snapshots of lanes that wait", () => {
      subject.fresh();
      checkpoint(
        subject.store,
        [queued(1, A)],
        [lane("a", 1, 50), lane("b", 1, 60), lane("c", 1, null), session("d", 1)],
      );
      checkpoint(subject.store, [queued(2, A)], [lane("a", 2, null), lane("c", 2, 70)]);
      expect(
        [...subject.again().deadlines("heartbeat")].sort((one, two) => one.dueAtMs - two.dueAtMs),
      ).toEqual([
        { key: "b", dueAtMs: 60 },
        { key: "c", dueAtMs: 70 },
      ]);
    });
  });

  describe(`${name} as a store: a checkpoint in parts`, () => {
    const FIRST = { isFirst: true, isLast: false };
    const NEXT = { isFirst: false, isLast: false };
    const LAST = { isFirst: false, isLast: true };
    const part = (which: typeof FIRST, position: number, ...snapshots: readonly Snapshot[]): void =>
      subject.store.append({ records: [], dedupe: [], checkpoint: { ...which, position, snapshots } });
    const found = (store: Store) => ({
      checkpoint: store.checkpoint(),
      sessions: ["a", "b", "c"].map((key) => store.snapshot("session", key)?.position),
      keys: [...store.keys({ kind: "session", limit: 9 })],
      deadlines: [...store.deadlines("heartbeat")],
    });
    const OLD = {
      checkpoint: 1,
      sessions: [1, 1, undefined],
      keys: ["a", "b"],
      deadlines: [{ key: "l", dueAtMs: 50 }],
    };

    /** Two actors as of record 1, and of a checkpoint as of record 3 all but its last part, beside further records. */
    const begun = (): void => {
      subject.fresh();
      checkpoint(subject.store, [queued(1, A)], [session("a", 1), session("b", 1), lane("l", 1, 50)]);
      subject.store.append({
        records: [queued(2, A), queued(3, A)],
        dedupe: [],
        checkpoint: { ...FIRST, position: 3, snapshots: [session("a", 3)] },
      });
      subject.store.append({ records: [queued(4, A)], dedupe: [] });
      part(NEXT, 3, session("c", 3), lane("l", 3, 70));
    };

    test("is found as a whole with its last part, and nothing of it before", () => {
      begun();
      for (const current of subject.both()) expect(found(current)).toEqual(OLD);
      expect(subject.store.snapshot("session", "a", 2)).toEqual(session("a", 1));
    });

    test("belongs to the position at which it began, whatever was written since", () => {
      begun();
      part(LAST, 3, session("b", 3));
      for (const current of subject.both()) {
        expect(found(current)).toEqual({
          checkpoint: 3,
          sessions: [3, 3, 3],
          keys: ["a", "b", "c"],
          deadlines: [{ key: "l", dueAtMs: 70 }],
        });
        expect(current.checkpoint(2)).toBe(1);
        expect(current.snapshot("session", "a", 2)).toEqual(session("a", 1));
      }
    });

    test.each([3, 4])("left unfinished, nothing of it is in the next, at position %i", (position) => {
      for (const isReopened of [false, true]) {
        begun();
        if (isReopened) subject.again();
        part({ isFirst: true, isLast: true }, position, session("b", position));
        for (const current of subject.both()) {
          expect(found(current)).toEqual({
            ...OLD,
            checkpoint: position,
            sessions: [1, position, undefined],
          });
        }
      }
    });

    test("texts are erased from its parts too, and compaction goes no further than what is whole", () => {
      begun();
      const redact = (): string => "redacted";
      const actors = [{ kind: "session", key: "a" }] as const;
      subject.store.erase({ sessionKey: A, positions: [1, 2, 3], actors, redact });
      expect(() => subject.store.compact(3, 0)).toThrow(expect.objectContaining({ code: "LUBDUB_INTERNAL" }));
      subject.store.compact(1, 0);
      part(LAST, 3);
      for (const current of subject.both()) {
        expect(current.snapshot("session", "a", 1)?.state).toBe("redacted");
        expect(current.snapshot("session", "a")).toEqual(session("a", 3, { state: "redacted" }));
        expect(current.snapshot("session", "c")).toEqual(session("c", 3));
      }
    });
  });

  describe(`${name} as a store: actors that have ended`, () => {
    test("are found and not listed, wait for nothing, and are gone with the next compaction", () => {
      subject.fresh();
      checkpoint(subject.store, [queued(1, A)], [schedule("a", 1), schedule("b", 1), session(A, 1)]);
      checkpoint(subject.store, [queued(2, A)], [schedule("a", 2, { ...ENDED, dueAtMs: null })]);
      for (const current of subject.both()) {
        expect([...current.deadlines("schedule")]).toEqual([{ key: "b", dueAtMs: 1_001 }]);
        expect([...current.keys({ kind: "schedule", limit: 9 })]).toEqual(["b"]);
        expect(current.snapshot("schedule", "a")?.machine).toBe("");
        expect(current.snapshot("schedule", "a", 1)).toEqual(schedule("a", 1));
        expect([...current.keys({ kind: "schedule", limit: 9, upTo: 1 })]).toEqual(["a", "b"]);
      }
      expect(subject.store.compact(1, 0).snapshots).toBe(0);
      expect(subject.store.compact(2, 0).snapshots).toBe(2);
      for (const current of subject.both()) {
        expect(current.snapshot("schedule", "a")).toBeUndefined();
        expect(current.snapshot("schedule", "b")).toEqual(schedule("b", 1));
        expect(current.snapshot("session", A)).toEqual(session(A, 1));
      }
    });

    test("texts are erased from all actors that hold some of the session, and no others", () => {
      subject.fresh();
      checkpoint(subject.store, [queued(1, A)], [schedule("a", 1), schedule("b", 1), session(A, 1)]);
      const redact: Erasure["redact"] = (kind) => `${kind} redacted`;
      const actors = [
        { kind: "session", key: A },
        { kind: "schedule", key: "a" },
      ] as const;
      subject.store.erase({ sessionKey: A, positions: [1], actors, redact });
      for (const current of subject.both()) {
        expect(current.snapshot("schedule", "a")?.state).toBe("schedule redacted");
        expect(current.snapshot("session", A)?.state).toBe("session redacted");
        expect(current.snapshot("schedule", "b")).toEqual(schedule("b", 1));
      }
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
      subject.fresh();
      checkpoint(
        subject.store,
        [queued(1, A)],
        lookAlikes.toReversed().map((key, index) => session(key, 1, { queued: index })),
      );
      subject.again();
      expect([...subject.store.keys({ kind: "session", limit: 100 })]).toEqual(lookAlikes);
      expect(lookAlikes.map((key) => subject.store.snapshot("session", key)?.queued)).toEqual([
        6, 5, 4, 3, 2, 1, 0,
      ]);
    });

    test("records, dedupe keys and erasure tell look-alikes apart", () => {
      const records = lookAlikes.map((key, index) => queued(index + 1, key));
      subject.fresh().append({
        records,
        dedupe: lookAlikes.map((key, index) => ({ key, position: index + 1, expiresAtMs: 10 })),
      });
      subject.again();
      expect([...subject.store.read()].map(({ sessionKey }) => sessionKey)).toEqual(lookAlikes);
      expect(lookAlikes.map((key) => subject.store.findDuplicate(key, 0))).toEqual(
        range(1, lookAlikes.length),
      );
      subject.store.erase(erasure("agent:caf\u00e9", range(1, lookAlikes.length), (state) => state));
      const erased = [...subject.store.read()].filter(({ body }) => body === null);
      expect(erased.map(({ sessionKey }) => sessionKey)).toEqual(["agent:caf\u00e9"]);
    });
  });
}
