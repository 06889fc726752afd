import { describe, expect, onTestFinished, test } from "vitest";
import { LubdubError } from "../../src/errors.ts";
import type { Store } from "../../src/log/store.ts";
import { checkpoint, erasure, forgotten, positions, queued, session } from "./store-records.ts";

/** What outlives its owners, opened by one who has lost it without knowing, and by the next. */
export interface TwoOwners {
  /** Opens it, although the owner before lives. */
  readonly open: () => Store;
  readonly remove: () => void;
}

const A = "agent:main:discord:channel:42";

/** What every store must do that is kept apart from its process: should the lock fail, one of two owners writes, and the other knows. */
export function ownersContract(name: string, kept: () => TwoOwners): void {
  function two(): { readonly stale: Store; readonly owner: Store } {
    const { open, remove } = kept();
    const stale = open();
    checkpoint(stale, [queued(1, A)], [session(A, 1)]);
    const owner = open();
    onTestFinished(() => {
      owner.close();
      stale.close();
      remove();
    });
    return { stale, owner };
  }
  const isOwned = expect.objectContaining({ code: "LUBDUB_DATA_FOLDER_OWNED" });

  describe(`${name} with two owners`, () => {
    test.each<[string, (stale: Store) => void]>([
      ["a record", (stale) => stale.append({ records: [queued(2, A)], dedupe: [] })],
      [
        "a record after that of the next one",
        (stale) => stale.append({ records: [queued(3, A)], dedupe: [] }),
      ],
      ["a checkpoint without records", (stale) => checkpoint(stale, [], [session(A, 1)])],
      ["a checkpoint of nothing", (stale) => checkpoint(stale, [], [])],
      ["a compaction", (stale) => void stale.compact(1, 0)],
      ["an erasure", (stale) => stale.erase(erasure(A, [1], () => "redacted"))],
    ])("%s of one that was replaced is refused, and changes nothing", (_, write) => {
      const { stale, owner } = two();
      owner.append({ records: [queued(2, A)], dedupe: [] });
      for (let tries = 0; tries < 3; tries++) expect(() => write(stale)).toThrow(LubdubError);
      expect(() => checkpoint(stale, [], [])).toThrow(isOwned);
      owner.append({ records: [queued(3, A)], dedupe: [] });
      expect(positions(owner.read())).toEqual([1, 2, 3]);
      expect([owner.base(), owner.checkpoint()]).toEqual([0, 1]);
      expect(owner.recordAt(1)?.body).toEqual({ text: "event 1" });
      expect(owner.snapshot("session", A)).toEqual(session(A, 1));
    });

    test("one that was replaced does not write where the next one has compacted", () => {
      const { stale, owner } = two();
      checkpoint(owner, [forgotten(2, A, 1)], [session(A, 2)]);
      owner.compact(2, 0);
      expect(() => stale.append({ records: [queued(2, A)], dedupe: [] })).toThrow(isOwned);
      expect(positions(owner.read())).toEqual([]);
    });

    test("while the next one has written nothing, the one before goes on, and the next one is refused", () => {
      const { stale: first, owner: second } = two();
      first.append({ records: [queued(2, A)], dedupe: [] });
      expect(() => second.append({ records: [queued(2, A)], dedupe: [] })).toThrow(isOwned);
      expect(() => second.append({ records: [queued(3, A)], dedupe: [] })).toThrow(LubdubError);
      first.append({ records: [queued(3, A)], dedupe: [] });
      expect(positions(first.read())).toEqual([1, 2, 3]);
    });
  });
}
