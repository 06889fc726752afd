/** A broken promise: the message begins with the number of the invariant. */
export class Violation extends Error {}

/** How often each invariant was looked at, by its place: S1 is 1, L1 is 33. */
const looked = new Float64Array(64);
const LIVENESS = 32;
const [L, ZERO, NINE] = [76, 48, 57];

/** Looks at one promise. @param promise - begins with the number of its invariant, then says what must hold */
export function must(holds: boolean, promise: string): asserts holds {
  const tens = promise.charCodeAt(1) - ZERO;
  const next = promise.charCodeAt(2);
  const number = next >= ZERO && next <= NINE ? tens * 10 + next - ZERO : tens;
  const place = promise.charCodeAt(0) === L ? LIVENESS + number : number;
  looked[place] = (looked[place] ?? 0) + 1;
  if (!holds) throw new Violation(promise);
}

/** How often each invariant was looked at since the last call, by its number. */
export function takeLooks(): Readonly<Record<string, number>> {
  const names = [...looked].map((count, place) => [nameOf(place), count] as const);
  looked.fill(0);
  return Object.fromEntries(names.filter(([, count]) => count > 0));
}

const nameOf = (place: number): string => (place > LIVENESS ? `L${place - LIVENESS}` : `S${place}`);

export const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);
