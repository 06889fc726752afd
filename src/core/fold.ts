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

/** Every live session's and heartbeat's snapshot as stored text, by key: two worlds are equal when these are. */
export function encoded(world: World): {
  sessions: Record<string, string>;
  heartbeats: Record<string, string>;
} {
  return { sessions: textsOf(world.sessions), heartbeats: textsOf(world.heartbeats) };
}

const textsOf = (
  live: ReadonlyMap<string, { readonly actor: Parameters<typeof encode>[0] }>,
): Record<string, string> =>
  Object.fromEntries([...live].map(([key, { actor }]) => [key, encode(actor)] as const));
