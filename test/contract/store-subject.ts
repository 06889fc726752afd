import { afterEach } from "vitest";
import type { Store } from "../../src/log/store.ts";

export interface StoreFixture {
  readonly store: Store;
  /** Closes it and opens what it has kept; absent for a store that keeps nothing. */
  readonly reopen?: () => Store;
  readonly remove: () => void;
}

/** The store that a test of the contract is about; removed after the test. */
export function storeSubject(open: () => StoreFixture) {
  let fixture: StoreFixture | null = null;
  let store: Store;
  const subject = {
    get store() {
      return store;
    },
    fresh(): Store {
      fixture = open();
      store = fixture.store;
      return store;
    },
    /** The same store, taken from where it is kept if it keeps anything: answers must not depend on it. */
    again(): Store {
      store = fixture?.reopen?.() ?? store;
      return store;
    },
    /** The store as it is, then as it was kept. */
    *both(): Iterable<Store> {
      yield store;
      yield subject.again();
    },
  };
  afterEach(() => {
    store.close();
    fixture?.remove();
    fixture = null;
  });
  return subject;
}
