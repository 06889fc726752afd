import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sqliteStore } from "../../src/log/sqlite/index.ts";
import type { Store } from "../../src/log/store.ts";
import { walkAbreast } from "./paths/abreast.ts";
import { storeFolder } from "./paths/folder.ts";
import { deliveryDriver, deliveryWalk, shownDelivery } from "./paths/delivery-walk.ts";
import { edgeCover } from "./paths/graph.ts";
import { heartbeatDriver } from "./paths/heartbeat-driver.ts";
import { heartbeatWalk, shownKey } from "./paths/heartbeat-walk.ts";
import { sessionDriver } from "./paths/session-driver.ts";
import { sessionWalk, shownSession } from "./paths/session-walk.ts";

/** They differ in nothing that a careless comparison would see: two ways to write one letter, one other capital. */
const KEYS = ["agent:main:\u00e9", "agent:main:e\u0301", "Agent:main:\u00e9"];

const CHECKPOINTS: readonly [string, (step: number) => boolean][] = [
  ["without a checkpoint", () => false],
  ["with a checkpoint on the way", (step) => step === 2],
  ["with a checkpoint at every step", () => true],
];
/** A list of branches is shared by two states; in `retrying` all that is pending waits, whatever goes. */
const UNREACHABLE = ["retrying -- wake.dropped #2", "retrying -- session.forgotten #2"];

let folder: ReturnType<typeof storeFolder>;
beforeEach(() => void (folder = storeFolder()));
afterEach(() => folder[Symbol.dispose]());
const openStore = (): Store => sqliteStore({ folder: folder.path });

describe("heartbeat: every state and every event out of it, on the real host and store", () => {
  const walks = [
    { keys: KEYS.slice(0, 1), vertices: "exact", size: [154, 1_845], checkpoints: CHECKPOINTS },
    { keys: KEYS.slice(0, 2), vertices: "ordered", size: [255, 4_321], checkpoints: CHECKPOINTS.slice(0, 2) },
    { keys: KEYS, vertices: "symmetric", size: [95, 1_737], checkpoints: CHECKPOINTS.slice(1, 2) },
  ] as const;
  describe.each(walks)("$keys.length key(s), $vertices", ({ size, checkpoints, ...walk }) => {
    const cover = edgeCover(heartbeatWalk(walk));
    const { keys, vertices } = walk;

    test("the walk is as large as it was, and leaves out no transition", () => {
      console.log(`heartbeat, ${keys.length} key(s): ${cover.vertices} states, ${cover.edges} events`);
      expect([cover.vertices, cover.edges]).toEqual(size);
      // With one key nothing can be pending beside what waits or runs: the next walks show the rest.
      expect(keys.length === 1 ? UNREACHABLE : cover.untaken).toEqual(UNREACHABLE);
    });

    test.each(checkpoints)("after every step the process dies and comes back, %s", (_, checkpoint) => {
      const states = walkAbreast({
        cover,
        openStore,
        checkpoint,
        driver: (subject, lane, path) => heartbeatDriver(subject, lane, keys, path),
        compare({ host }, { lane }, wanted) {
          const { value, context } = host.world.peekHeartbeat(lane).actor;
          const exact = vertices === "exact";
          return {
            got: [value, ...keys.map((key) => shownKey(context, `${lane}|${key}`, exact))],
            wanted: [wanted.value, ...keys.map((key) => shownKey(wanted.context, key, exact))],
          };
        },
      });
      expect(states).toBeGreaterThan(cover.edges);
    });
  });
});

describe("session: every state and every event out of it, beside another session with almost the same key", () => {
  const cover = edgeCover(sessionWalk);

  test("the walk is as large as it was, and leaves out no transition", () => {
    console.log(`session: ${cover.vertices} states, ${cover.edges} events`);
    expect([cover.vertices, cover.edges]).toEqual([64, 1054]);
    expect(cover.untaken).toEqual([]);
  });

  test.each(CHECKPOINTS)("after every step the process dies and comes back, %s", (_, checkpoint) => {
    const states = walkAbreast({
      cover,
      openStore,
      checkpoint,
      driver: (subject, lane, path) =>
        sessionDriver(subject, lane, [`${lane}|agent:main`, `${lane}|agent:main.`], path),
      compare({ host }, { lane, nameOf }, wanted) {
        const { value, context } = host.world.peekSession(`${lane}|agent:main`).actor;
        const bystander = host.world.peekSession(`${lane}|agent:main.`).actor.context.queue;
        return {
          got: [value, shownSession(context, nameOf), bystander.map(({ text }) => text)],
          wanted: [wanted.value, shownSession(wanted.context, (name) => name), ["bystander"]],
        };
      },
    });
    expect(states).toBeGreaterThan(cover.edges);
  });
});

describe("delivery: every state and every event out of it", () => {
  const cover = edgeCover(deliveryWalk);

  test("the walk is as large as it was, and leaves out no transition", () => {
    console.log(`delivery: ${cover.vertices} states, ${cover.edges} events`);
    expect([cover.vertices, cover.edges]).toEqual([12, 132]);
    // The clock stands still: one that was tried in time cannot be late. The same branch is taken in `pending`.
    expect(cover.untaken).toEqual(["retrying -- delivery.expired #0"]);
  });

  test.each(CHECKPOINTS)("after every step the process dies and comes back, %s", (_, checkpoint) => {
    const states = walkAbreast({
      cover,
      openStore,
      checkpoint,
      driver: deliveryDriver,
      compare({ host }, { deliveryId }, wanted) {
        const { value, context } = host.world.deliveries.peek(deliveryId).actor;
        return {
          got: [value, shownDelivery(context)],
          wanted: [wanted.value, shownDelivery(wanted.context)],
        };
      },
    });
    expect(states).toBeGreaterThan(cover.edges);
  });
});
