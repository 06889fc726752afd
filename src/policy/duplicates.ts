import type { LastSaid } from "../../machines/index.ts";

/** The same text to the same destination within this time is said once. */
export const DUPLICATE_WINDOW_MS = 86_400_000;

/**
 * Whether this was the last thing said there, less than a day ago. The destination counts (OpenClaw #146098), and only the last
 * text does: "up", "down", "up" is news three times. A time in the future is no proof.
 */
export function isDuplicate(
  said: readonly LastSaid[],
  { destination, fingerprint, atMs }: Omit<LastSaid, "deliveryId">,
): boolean {
  const last = said.find((entry) => entry.destination === destination);
  if (last?.fingerprint !== fingerprint) return false;
  return last.atMs <= atMs && atMs - last.atMs < DUPLICATE_WINDOW_MS;
}
