import { expect } from "vitest";
import type { AnyStateMachine, SnapshotFrom } from "xstate";
import type { Store } from "../../../src/log/store.ts";
import type { EdgeCover } from "./graph.ts";
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
  readonly openStore: () => Store;
  /** Whether a checkpoint is taken at the end of a step. */
  readonly checkpoint: (step: number) => boolean;
  readonly driver: (subject: Subject, lane: string, path: EdgeCover<Machine>["paths"][number]["events"]) => D;
  /** What the driver's state must be, and what it is. */
  readonly compare: (
    subject: Subject,
    driver: D,
    wanted: SnapshotFrom<Machine>,
  ) => { got: unknown; wanted: unknown };
}

/**
 * Walks all paths side by side, a step at a time, each in its own lane of one store; after each step the process dies
 * and comes back. So thousands of crashes cost as many starts as the longest path has steps.
 *
 * @returns how many states were compared
 */
export function walkAbreast<Machine extends AnyStateMachine, D extends Driver>(
  walk: Abreast<Machine, D>,
): number {
  const { paths } = walk.cover;
  using subject = createSubject(walk.openStore, NOW_MS);
  const drivers = paths.map(({ events }, index) => walk.driver(subject, `lane-${index}`, events));
  const steps = Math.max(...paths.map(({ events }) => events.length));
  for (let step = 0; step < steps; step++) {
    const walking = paths.flatMap(({ events, snapshots }, index) =>
      step < events.length
        ? [{ events, driver: drivers[index] as D, snapshot: snapshots[step] as SnapshotFrom<Machine> }]
        : [],
    );
    for (const { driver } of walking) driver.play(step);
    subject.crash(walk.checkpoint(step));
    for (const { driver, snapshot, events } of walking) {
      const broken = brokenRules(subject.host, driver.lane, driver.queued);
      const { got, wanted } = walk.compare(subject, driver, snapshot);
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
