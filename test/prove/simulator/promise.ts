/** A broken promise: the message begins with the number of the invariant. */
export class Violation extends Error {}

export function must(holds: boolean, promise: string): asserts holds {
  if (!holds) throw new Violation(promise);
}

export const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);
