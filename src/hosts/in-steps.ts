import { setImmediate as nextTurn } from "node:timers/promises";
import type { LogRecord } from "../core/records.ts";
import type { Store } from "../log/store.ts";

/**
 * How much of the past one turn of the event loop looks at, and how much of that it reads and folds: a few milliseconds, so that
 * wakes are not held up. Counts and no clock: the same work goes the same way each time.
 */
const LOOKED_AT_MAX = 2_048;
const FOLDED_MAX = 128;

interface Range {
  readonly after: number;
  readonly upTo: number;
  readonly wanted?: NonNullable<NonNullable<Parameters<Store["read"]>[0]>["wanted"]>;
}

/**
 * Reads a part of the log a bit at a time, each in a turn of its own.
 * @param isHeld - throws when what follows this position can be read no longer: much may happen between two turns
 */
export async function* readInSteps(
  store: Store,
  { after, upTo, wanted }: Range,
  isHeld: (position: number) => void,
): AsyncGenerator<readonly LogRecord[]> {
  for (let at = after; at < upTo;) {
    const end = Math.min(at + LOOKED_AT_MAX, upTo);
    const found = [...store.read({ after: at, upTo: end, limit: FOLDED_MAX, ...(wanted && { wanted }) })];
    yield found;
    at = found.length === FOLDED_MAX ? (found.at(-1)?.position ?? end) : end;
    if (at >= upTo) return;
    await nextTurn();
    isHeld(at);
  }
}

/** Does it with each, a few in each turn. */
export async function eachInSteps<T>(all: Iterable<T>, work: (one: T) => void): Promise<void> {
  let done = 0;
  for (const one of all) {
    work(one);
    done += 1;
    if (done % FOLDED_MAX === 0) await nextTurn();
  }
}
