/** Where a session stands among those that wait. */
export interface Place {
  readonly sinceMs: number;
  readonly sessionKey: string;
}

/** Who waits longer comes first; of two since the same moment, the one whose key does. */
export function comesBefore(a: Place, b: Place): boolean {
  return a.sinceMs < b.sinceMs || (a.sinceMs === b.sinceMs && a.sessionKey < b.sessionKey);
}

/** As it stands in `next`. */
export function placeOf({ sinceMs, sessionKey }: Place): string {
  return `${sinceMs} ${sessionKey}`;
}

/** undefined for what is no place. */
export function readPlace(text: string): Place | undefined {
  const [, since, sessionKey] = /^(\d{1,15}) ([^]+)$/.exec(text) ?? [];
  return sessionKey === undefined ? undefined : { sinceMs: Number(since), sessionKey };
}

/** Keeps the first few of many, in order: most of the others are turned away at one glance. */
export class FirstPlaces {
  readonly #max: number;
  readonly inOrder: Place[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  offer(place: Place): void {
    const { inOrder } = this;
    const last = inOrder.at(-1);
    const isFull = inOrder.length === this.#max;
    if (isFull && last !== undefined && !comesBefore(place, last)) return;
    inOrder.splice(this.#indexFor(place), 0, place);
    if (isFull) inOrder.pop();
  }

  #indexFor(place: Place): number {
    let [from, to] = [0, this.inOrder.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (comesBefore(this.inOrder[middle] as Place, place)) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
