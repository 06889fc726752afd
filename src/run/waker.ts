import type { Clock } from "./clock.ts";

/** One promise to look at a lane. */
export interface Alarm {
  readonly lane: string;
  readonly dueAtMs: number;
}

/**
 * Which lane to look at next: a binary heap of deadlines and one timer for the earliest. An alarm is only a reason to
 * look: what is due is read off the lane's state, so a stale alarm does no harm and needs no cancelling. Lanes due at the
 * same time are looked at in the order they were set: no lane overtakes another twice.
 */
export interface Waker {
  set(alarm: Alarm): void;
  /** Takes in many at once, in O(n). */
  fill(alarms: Iterable<Alarm>): void;
  /** Removes and answers the earliest alarm that is due at `nowMs`. */
  take(nowMs: number): Alarm | undefined;
  readonly size: number;
  /** Arms the timer for the earliest alarm; call after a change. */
  arm(): void;
  disarm(): void;
  clear(): void;
}

/** A machine that sleeps stops its timers, not its wall clock: so the wall clock is read again at least this often. */
const LOOK_AGAIN_MS = 60_000;

interface Entry {
  readonly alarm: Alarm;
  readonly order: number;
}

export function createWaker(clock: Clock, onDue: () => void): Waker {
  const heap: Entry[] = [];
  let order = 0;
  let armedForMs = Infinity;
  let cancel: (() => void) | null = null;

  const disarm = (): void => {
    cancel?.();
    cancel = null;
    armedForMs = Infinity;
  };
  const arm = (): void => {
    const earliest = heap[0];
    if (earliest === undefined) return disarm();
    if (earliest.alarm.dueAtMs === armedForMs) return;
    disarm();
    armedForMs = earliest.alarm.dueAtMs;
    cancel = clock.setTimer(Math.min(armedForMs - clock.nowMs(), LOOK_AGAIN_MS), () => {
      disarm();
      onDue();
    });
  };
  return {
    set(alarm) {
      heap.push({ alarm, order: order++ });
      siftUp(heap, heap.length - 1);
    },
    fill(alarms) {
      for (const alarm of alarms) heap.push({ alarm, order: order++ });
      for (let index = (heap.length >> 1) - 1; index >= 0; index--) siftDown(heap, index);
    },
    take(nowMs) {
      const top = heap[0];
      if (top === undefined || top.alarm.dueAtMs > nowMs) return undefined;
      const last = heap.pop() as Entry;
      if (heap.length > 0) {
        heap[0] = last;
        siftDown(heap, 0);
      }
      return top.alarm;
    },
    get size() {
      return heap.length;
    },
    arm,
    disarm,
    clear() {
      heap.length = 0;
      disarm();
    },
  };
}

const before = (a: Entry, b: Entry): boolean =>
  a.alarm.dueAtMs < b.alarm.dueAtMs || (a.alarm.dueAtMs === b.alarm.dueAtMs && a.order < b.order);

function siftUp(heap: Entry[], from: number): void {
  const entry = heap[from] as Entry;
  let index = from;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(entry, heap[parent] as Entry)) break;
    heap[index] = heap[parent] as Entry;
    index = parent;
  }
  heap[index] = entry;
}

function siftDown(heap: Entry[], from: number): void {
  const entry = heap[from] as Entry;
  let index = from;
  for (;;) {
    let child = index * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++;
    if (!before(heap[child] as Entry, entry)) break;
    heap[index] = heap[child] as Entry;
    index = child;
  }
  heap[index] = entry;
}
