import { describe, expect, test } from "vitest";
import { walkAbreast } from "./paths/abreast.ts";
import { CHECKPOINTS } from "./paths/checkpoints.ts";
import { edgeCover } from "./paths/graph.ts";
import { heartbeatDriver } from "./paths/heartbeat-driver.ts";
import { heartbeatWalk, shownKey } from "./paths/heartbeat-walk.ts";

/** They differ in nothing that a careless comparison would see: two ways to write one letter, one other capital. */
const KEYS = ["agent:main:\u00e9", "agent:main:e\u0301", "Agent:main:\u00e9"];

/** A list of branches is shared by two states; in `retrying` all that is pending waits, whatever goes. */
const UNREACHABLE = ["retrying -- wake.dropped #2", "retrying -- session.forgotten #2"];

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
