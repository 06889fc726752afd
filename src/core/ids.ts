/**
 * Ids carry the log position of the record that made them, so that looking one up needs no index; the random part keeps
 * them unique when a log is restored from an older copy. `e` event, `w` wake, `r` run, `d` delivery.
 */
export function newId(
  kind: "e" | "w" | "r" | "d",
  position: number,
  { random }: { readonly random: () => number },
): string {
  return `${kind}-${position.toString(36)}-${random().toString(36).slice(2, 10).padEnd(8, "0")}`;
}

/** The position in an id; undefined when it is not one of ours. */
export function positionOf(id: string): number | undefined {
  const match = /^[dewr]-([0-9a-z]{1,11})-[0-9a-z]{8}$/.exec(id);
  const position = match === null ? Number.NaN : Number.parseInt(match[1] as string, 36);
  return Number.isSafeInteger(position) && position > 0 ? position : undefined;
}
