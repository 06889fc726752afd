import { describe, expect, test } from "vitest";
import type { EventQueued } from "../../src/core/records.ts";
import type { Batch } from "../../src/log/store.ts";
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
  erasure,
} from "./store-records.ts";
import { snapshotContract } from "./store-snapshots.ts";
import { storeSubject, type StoreFixture } from "./store-subject.ts";

const A = "agent:main:discord:channel:42";
const B = "agent:main:main";
const WHOLE = { isFirst: true, isLast: true };

/** What every store must do, whatever it is made of. */
export function storeContract(name: string, open: () => StoreFixture): void {
  const subject = storeSubject(open);
  snapshotContract(name, subject);

  describe(`${name} as a store: the log`, () => {
    test("an empty one has no head, base, records, checkpoint", () => {
      subject.fresh();
      for (const current of subject.both()) {
        expect(current.head()).toEqual({ position: 0, atMs: 0 });
        expect(current.base()).toBe(0);
        expect([...current.read()]).toEqual([]);
        expect(current.recordAt(0)).toBeUndefined();
        expect(current.recordAt(1)).toBeUndefined();
        expect(current.checkpoint()).toBe(0);
        expect([...current.deadlines("heartbeat")]).toEqual([]);
      }
    });

    test("gives back what was appended, record by record and in order", () => {
      const written = [queued(1, A, { text: "done \u0001 \u{1F493}" }), ran(2, A, 1), skipped(3, B)];
      subject.fresh().append({ records: written.slice(0, 2), dedupe: [] });
      subject.store.append({ records: written.slice(2), dedupe: [] });
      for (const current of subject.both()) {
        expect([...current.read()]).toEqual(written);
        expect(written.map(({ position }) => current.recordAt(position))).toEqual(written);
        expect(current.head()).toEqual({ position: 3, atMs: START_MS + 3 });
      }
    });

    test("goes on after it was opened again", () => {
      subject.fresh().append({ records: [queued(1, A)], dedupe: [] });
      subject.again().append({ records: [queued(2, A)], dedupe: [] });
      expect([...subject.again().read()].map(({ position }) => position)).toEqual([1, 2]);
    });

    test("reads any range, also over many pages", () => {
      fill(subject.fresh(), 1_000, A);
      expect(positions(subject.store.read({ after: 10, upTo: 12 }))).toEqual([11, 12]);
      expect(positions(subject.store.read({ after: 998 }))).toEqual([999, 1_000]);
      expect(positions(subject.store.read({ limit: 2 }))).toEqual([1, 2]);
      expect(positions(subject.store.read({ after: 100, limit: 600 }))).toEqual(range(101, 700));
      expect(positions(subject.store.read())).toEqual(range(1, 1_000));
      expect(positions(subject.store.read({ after: 1_000 }))).toEqual([]);
      expect(positions(subject.store.read({ after: 5, upTo: 5 }))).toEqual([]);
      expect(positions(subject.store.read({ limit: 0 }))).toEqual([]);
    });

    test("reads what is wanted, and of the others only the heads, also over many pages", () => {
      const some = (position: number) => (position % 4_000 === 0 ? queued(position, B) : queued(position, A));
      subject.fresh().append({ records: range(1, 9_000).map(some), dedupe: [] });
      const ofB = ({ sessionKey }: { sessionKey: string }): boolean => sessionKey === B;
      for (const current of subject.both()) {
        expect([...current.read({ wanted: ofB })]).toEqual([queued(4_000, B), queued(8_000, B)]);
        expect(positions(current.read({ wanted: ofB, limit: 1 }))).toEqual([4_000]);
        expect(positions(current.read({ wanted: ofB, after: 4_000, upTo: 7_999 }))).toEqual([]);
        expect(positions(current.read({ wanted: ({ type }) => type === "run.ran" }))).toEqual([]);
        expect(positions(current.read({ after: 8_998, wanted: () => true }))).toEqual([8_999, 9_000]);
      }
    });

    test("may be written to while it is read", () => {
      fill(subject.fresh(), 600, A);
      for (const { position } of subject.store.read({ upTo: 600 })) {
        if (position % 100 === 0) subject.store.erase(erasure(A, [position], redact));
      }
      expect(subject.store.recordAt(600)?.body).toBeNull();
      expect(subject.store.recordAt(601)).toBeUndefined();
    });

    test("is not changed by changing what was appended", () => {
      const record = queued(1, A);
      subject.fresh().append({ records: [record], dedupe: [] });
      (record.facts as { reason: string }).reason = "changed";
      expect((subject.store.recordAt(1) as EventQueued).facts.reason).toBe("exec");
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
      [
        "a snapshot of another position",
        {
          records: [queued(2, A)],
          dedupe: [],
          checkpoint: { ...WHOLE, position: 2, snapshots: [session(A, 1)] },
        },
      ],
      [
        "a checkpoint of what is yet to come",
        {
          records: [queued(2, A)],
          dedupe: [],
          checkpoint: { ...WHOLE, position: 3, snapshots: [session(A, 3)] },
        },
      ],
      [
        "a dedupe key of another batch",
        { records: [queued(2, A)], dedupe: [{ key: "k", position: 1, expiresAtMs: 1 }] },
      ],
    ])("refuses %s, and nothing of the batch is kept", (_, batch) => {
      subject.fresh().append({ records: [queued(1, A)], dedupe: [] });
      expect(() => subject.store.append(batch)).toThrow(expect.objectContaining({ code: "LUBDUB_INTERNAL" }));
      expect(positions(subject.store.read())).toEqual([1]);
      subject.store.append({ records: [queued(2, A)], dedupe: [] });
      expect(positions(subject.again().read())).toEqual([1, 2]);
    });
  });

  describe(`${name} as a store: dedupe keys, erasure, compaction`, () => {
    test("a dedupe key is known until its window ends, and may then be used again", () => {
      subject
        .fresh()
        .append({ records: [queued(1, A)], dedupe: [{ key: "k", position: 1, expiresAtMs: 100 }] });
      for (const current of subject.both()) {
        expect(current.findDuplicate("k", 99)).toBe(1);
        expect(current.findDuplicate("k", 100)).toBeUndefined();
        expect(current.findDuplicate("K", 0)).toBeUndefined();
      }
      subject.store.append({
        records: [queued(2, A)],
        dedupe: [{ key: "k", position: 2, expiresAtMs: 200 }],
      });
      expect(subject.again().findDuplicate("k", 150)).toBe(2);
    });

    test("erases bodies of this session only, and redacts its snapshots up to them; all the rest verifies", () => {
      subject.fresh();
      checkpoint(
        subject.store,
        [queued(1, A), queued(2, B)],
        [session(A, 2, { previous: 1 }), session(B, 2)],
      );
      subject.store.append({ records: [queued(3, A), ran(4, B, 2)], dedupe: [] });
      checkpoint(subject.store, [forgotten(5, A, 3)], [session(A, 5, { previous: 5 })]);
      subject.store.erase(erasure(A, [1, 2, 3], redact));
      subject.store.erase(erasure(A, [1, 2, 3], redact));
      for (const current of subject.both()) {
        expect([...current.read()].map(({ body }) => body !== null)).toEqual([
          false,
          true,
          false,
          true,
          false,
        ]);
        expect((current.recordAt(1) as EventQueued).facts.eventId).toBe("e-1");
        expect(current.snapshot("session", A, 4)).toMatchObject({ position: 2, state: "redacted" });
        expect(current.snapshot("session", A)?.state).not.toBe("redacted");
        expect(current.snapshot("session", A)?.position).toBe(5);
        expect(current.snapshot("session", B)?.position).toBe(2);
      }
    });

    test("redacts the snapshot of a session whose records are all compacted away", () => {
      subject.fresh();
      checkpoint(subject.store, [queued(1, A)], [session(A, 1, { previous: 1 })]);
      subject.store.compact(1, 0);
      subject.store.append({ records: [forgotten(2, A, 1)], dedupe: [] });
      subject.store.erase(erasure(A, [], redact));
      expect(subject.again().snapshot("session", A)?.state).toBe("redacted");
    });

    test("compaction drops what no later position needs, and nothing else", () => {
      subject.fresh();
      checkpoint(subject.store, [queued(1, A)], [session(A, 1), session(B, 1), lane("l", 1, 5)]);
      checkpoint(subject.store, [queued(2, A)], [session(A, 2), lane("l", 2, 6)]);
      subject.store.append({
        records: [queued(3, A), queued(4, A)],
        dedupe: [
          { key: "old", position: 3, expiresAtMs: 100 },
          { key: "new", position: 4, expiresAtMs: 101 },
        ],
      });
      checkpoint(subject.store, [queued(5, A)], [session(A, 5)]);
      const before = [...subject.store.read({ after: 2 })];
      expect(subject.store.compact(2, 100)).toEqual({ records: 2, snapshots: 2 });
      for (const current of subject.both()) {
        expect(current.base()).toBe(2);
        expect(current.head()).toEqual({ position: 5, atMs: START_MS + 5 });
        expect([...current.read()]).toEqual(before);
        expect([current.recordAt(2), current.recordAt(3)?.position]).toEqual([undefined, 3]);
        expect([1, 2, 4, 5].map((upTo) => current.checkpoint(upTo))).toEqual([0, 2, 2, 5]);
        expect(current.snapshot("session", A, 4)).toEqual(session(A, 2));
        expect(current.snapshot("session", B)).toEqual(session(B, 1));
        expect([...current.deadlines("heartbeat")]).toEqual([{ key: "l", dueAtMs: 6 }]);
        expect([current.findDuplicate("old", 0), current.findDuplicate("new", 0)]).toEqual([undefined, 4]);
      }
      subject.store.append({ records: [queued(6, A)], dedupe: [] });
      expect(positions(subject.again().read())).toEqual([3, 4, 5, 6]);
    });

    test("compaction of everything keeps the position and the time", () => {
      subject.fresh();
      checkpoint(subject.store, [queued(1, A), queued(2, A)], [session(A, 2)]);
      expect(subject.store.compact(2, 0).records).toBe(2);
      expect(subject.store.compact(2, 0)).toEqual({ records: 0, snapshots: 0 });
      expect(subject.again().head()).toEqual({ position: 2, atMs: START_MS + 2 });
      expect([...subject.store.read()]).toEqual([]);
      subject.store.append({ records: [queued(3, A)], dedupe: [] });
      expect(positions(subject.again().read())).toEqual([3]);
    });

    test("refuses to compact up to what is no checkpoint", () => {
      subject.fresh().append({ records: [queued(1, A)], dedupe: [] });
      for (const upTo of [1, -1, 2, 0.5]) {
        expect(() => subject.store.compact(upTo, 0)).toThrow(
          expect.objectContaining({ code: "LUBDUB_INTERNAL" }),
        );
      }
      expect(positions(subject.again().read())).toEqual([1]);
    });
  });

  test(`${name} as a store: closed twice, and then refuses`, () => {
    subject.fresh().append({ records: [queued(1, A)], dedupe: [] });
    subject.store.close();
    subject.store.close();
    const isClosed = expect.objectContaining({ code: "LUBDUB_CLOSED" });
    expect(() => subject.store.head()).toThrow(isClosed);
    expect(() => subject.store.base()).toThrow(isClosed);
    expect(() => subject.store.append({ records: [queued(2, A)], dedupe: [] })).toThrow(isClosed);
    expect(() => [...subject.store.read()]).toThrow(isClosed);
    expect(() => subject.store.recordAt(1)).toThrow(isClosed);
    expect(() => subject.store.snapshot("session", A)).toThrow(isClosed);
    expect(() => [...subject.store.keys({ kind: "session", limit: 1 })]).toThrow(isClosed);
    expect(() => [...subject.store.deadlines("heartbeat")]).toThrow(isClosed);
    expect(() => subject.store.checkpoint()).toThrow(isClosed);
    expect(() => subject.store.findDuplicate("k", 0)).toThrow(isClosed);
    expect(() => subject.store.erase(erasure(A, [1], redact))).toThrow(isClosed);
    expect(() => subject.store.compact(0, 0)).toThrow(isClosed);
  });
}

const redact = (): string => "redacted";
