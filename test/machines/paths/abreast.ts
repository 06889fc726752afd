import { expect } from "vitest";
import type { AnyStateMachine, SnapshotFrom } from "xstate";
import { sqliteStore } from "../../../src/log/sqlite/index.ts";
import { storeFolder } from "./folder.ts";
import type { EdgeCover, Path } from "./graph.ts";
import { NOW_MS } from "./heartbeat-walk.ts";
import { brokenRules, createSubject, type Subject } from "./subject.ts";

/** Plays one path in a lane of its own. */
export interface Driver {
  readonly lane: string;
  /** Ids of the events that must be queued, by session key. */
  readonly queued: ReadonlyMap<string, ReadonlySet<string>>;
  play(step: number): void;
}

interface Abreast<Machine extends AnyStateMachine, D extends Driver> {
  readonly cover: EdgeCover<Machine>;
  /** Whether a checkpoint is taken at the end of a step. */
  readonly checkpoint: (step: number) => boolean;
  readonly driver: (subject: Subject, lane: string, path: Path<Machine>["events"]) => D;
  /** What the driver's state must be, and what it is. */
  readonly compare: (
    subject: Subject,
    driver: D,
    wanted: SnapshotFrom<Machine>,
  ) => { got: unknown; wanted: unknown };
}

/** How far the paths of one store may differ in their length: the shorter ones rest while the longer ones go on. */
const LENGTHS_ABREAST = 2;

/**
 * Walks all paths, those of about one length side by side, a step at a time, each in its own lane of one store; after each
 * step the process dies and comes back. So thousands of crashes cost as many starts as a path has steps, and none of these
 * starts reads again what has long come to its end.
 *
 * @returns how many states were compared
 */
export function walkAbreast<Machine extends AnyStateMachine, D extends Driver>(
  walk: Abreast<Machine, D>,
): number {
  const groups = Map.groupBy(walk.cover.paths, ({ events }) => Math.ceil(events.length / LENGTHS_ABREAST));
  return [...groups.values()].reduce((states, paths) => states + walkGroup(walk, paths), 0);
}

function walkGroup<Machine extends AnyStateMachine, D extends Driver>(
  walk: Abreast<Machine, D>,
  paths: readonly Path<Machine>[],
): number {
  using folder = storeFolder();
  using subject = createSubject(() => sqliteStore({ folder: folder.path }), NOW_MS);
  const walkers = paths.map((path, index) => ({
    ...path,
    driver: walk.driver(subject, `lane-${index}`, path.events),
  }));
  const steps = Math.max(...paths.map(({ events }) => events.length));
  for (let step = 0; step < steps; step++) {
    const walking = walkers.filter(({ events }) => step < events.length);
    for (const { driver } of walking) driver.play(step);
    subject.crash(walk.checkpoint(step));
    for (const { driver, snapshots, events } of walking) {
      const broken = brokenRules(subject.host, driver.lane, driver.queued);
      const { got, wanted } = walk.compare(subject, driver, snapshots[step] as SnapshotFrom<Machine>);
      if (broken.length === 0 && JSON.stringify(got) === JSON.stringify(wanted)) continue;
      expect({ broken, state: got, path: events.slice(0, step + 1) }).toEqual({
        broken: [],
        state: wanted,
        path: [],
      });
    }
  }
  subject.refold();
  return paths.reduce((sum, { events }) => sum + events.length, 0);
}
