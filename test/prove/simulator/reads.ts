import { LubdubError } from "../../../src/errors.ts";
import type { Store } from "../../../src/log/store.ts";
import { count, percent, type Scene } from "./scene.ts";

/** Reads of the store that fail for a moment, or are slow. */

/** A slow read takes so long at most, in milliseconds: the process stands still meanwhile, the clock does not. */
const SLOW_MS_MAX = 5_000;

/** The same store, as one that now and then cannot read. What is looked at between two steps it can always read. */
export function unreliable(
  store: Store,
  scene: Pick<Scene, "plan" | "clock" | "reached" | "reading">,
): Store {
  const chance = scene.plan.readFault;
  if (chance === 0) return store;
  const trouble = (what: string): void => {
    if (!scene.reading || !percent(scene, chance)) return;
    if (scene.clock.random() < 0.2) {
      count(scene, "slow reads");
      return scene.clock.stall(scene.clock.random() ** 3 * SLOW_MS_MAX);
    }
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
      trouble(kind);
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
