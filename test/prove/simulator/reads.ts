import { LubdubError } from "../../../src/errors.ts";
import type { Store } from "../../../src/log/store.ts";
import { SLOW_MS_MAX } from "./plan.ts";
import { count, percent, type Scene } from "./scene.ts";

/** Reads of the store that fail for a moment, or are slow. */

/** The same store, as one that now and then cannot read. What is looked at between two steps it can always read. */
export function unreliable(
  store: Store,
  scene: Pick<Scene, "plan" | "clock" | "reached" | "reading" | "model">,
): Store {
  const chance = scene.plan.readFault;
  if (chance === 0) return store;
  const trouble = (what: string, key = ""): void => {
    if (!scene.reading || !percent(scene, chance)) return;
    if (scene.clock.random() < 0.2) {
      count(scene, "slow reads");
      return scene.clock.stall(scene.clock.random() ** 3 * SLOW_MS_MAX);
    }
    scene.model.deliveries.unread.add(what).add(`${what} ${key}`);
    count(scene, `reads that failed: ${what}`);
    const damaged = scene.clock.random() < 0.5;
    throw new LubdubError(damaged ? "LUBDUB_STORE_CORRUPT" : "LUBDUB_STORE_FAILED", {
      expected: `the ${what} to be readable`,
      got: "an injected fault",
    });
  };
  return {
    ...store,
    snapshot(kind, key, upTo) {
      trouble(kind, key);
      return store.snapshot(kind, key, upTo);
    },
    recordAt(position) {
      trouble("record");
      return store.recordAt(position);
    },
    findDuplicate(key, nowMs) {
      trouble("dedupe key");
      return store.findDuplicate(key, nowMs);
    },
  };
}
