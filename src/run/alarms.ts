/** One promise to look at a lane, or at a schedule. */
export interface Alarm {
  readonly key: string;
  readonly dueAtMs: number;
}

/**
 * A binary heap: the earliest alarm first, and of those due at the same time the one that was set first, so that none
 * overtakes another twice. There may be a million, so an alarm is an index into three arrays and no object of its own:
 * about 100 bytes with its key, where objects made 160.
 */
export class Alarms {
  readonly #keys: string[] = [];
  readonly #dueAtMs: number[] = [];
  readonly #orders: number[] = [];
  #nextOrder = 0;

  get size(): number {
    return this.#keys.length;
  }

  /** When the earliest is due; undefined when there is none. */
  get dueAtMs(): number | undefined {
    return this.#dueAtMs[0];
  }

  add({ key, dueAtMs }: Alarm): void {
    this.#push(key, dueAtMs);
    this.#siftUp(this.size - 1);
  }

  /** Takes in many at once, in O(n). */
  fill(alarms: Iterable<Alarm>): void {
    for (const { key, dueAtMs } of alarms) this.#push(key, dueAtMs);
    for (let index = (this.size >> 1) - 1; index >= 0; index--) this.#siftDown(index);
  }

  /** Removes and answers the earliest. */
  take(): Alarm | undefined {
    const key = this.#keys[0];
    const dueAtMs = this.#dueAtMs[0];
    if (key === undefined || dueAtMs === undefined) return undefined;
    this.#swap(0, this.size - 1);
    this.#keys.pop();
    this.#dueAtMs.pop();
    this.#orders.pop();
    this.#siftDown(0);
    return { key, dueAtMs };
  }

  clear(): void {
    this.#keys.length = this.#dueAtMs.length = this.#orders.length = 0;
  }

  #push(key: string, dueAtMs: number): void {
    this.#keys.push(key);
    this.#dueAtMs.push(dueAtMs);
    this.#orders.push(this.#nextOrder++);
  }

  #siftUp(from: number): void {
    for (let index = from; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #siftDown(from: number): void {
    for (let index = from; ;) {
      let child = index * 2 + 1;
      if (child >= this.size) return;
      if (child + 1 < this.size && this.#isBefore(child + 1, child)) child++;
      if (!this.#isBefore(child, index)) return;
      this.#swap(index, child);
      index = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [dueA = 0, dueB = 0] = [this.#dueAtMs[a], this.#dueAtMs[b]];
    return dueA < dueB || (dueA === dueB && (this.#orders[a] as number) < (this.#orders[b] as number));
  }

  #swap(a: number, b: number): void {
    swap(this.#keys, a, b);
    swap(this.#dueAtMs, a, b);
    swap(this.#orders, a, b);
  }
}

function swap<T>(list: T[], a: number, b: number): void {
  const held = list[a] as T;
  list[a] = list[b] as T;
  list[b] = held;
}
