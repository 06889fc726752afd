import { encode } from "./actor.ts";
import type { LogRecord } from "./records.ts";
import { step } from "./step.ts";
import { createWorld, type World, type WorldOptions } from "./world.ts";

/** Folds records into a world of its own, without effects: the state as it was after the last of them. */
export function fold(records: Iterable<LogRecord>, options: Pick<WorldOptions, "laneOf" | "source">): World {
  const world = createWorld(options);
  for (const record of records) step(world, record);
  return world;
}

/** Every live actor's snapshot as stored text, by key: two worlds are equal when these are. */
export function encoded(world: World): {
  sessions: Record<string, string>;
  heartbeats: Record<string, string>;
} {
  const sorted = (entries: Iterable<readonly [string, string]>): Record<string, string> =>
    Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    sessions: sorted([...world.sessions.values()].map(({ key, actor }) => [key, encode(actor)] as const)),
    heartbeats: sorted(
      [...world.heartbeats.values()].map(({ lane, actor }) => [lane, encode(actor)] as const),
    ),
  };
}
