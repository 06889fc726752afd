import { expect, test } from "vitest";
import { LubdubError } from "../../src/errors.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { Store } from "../../src/log/store.ts";
import { testHeart } from "../support/world.ts";

const D = "agent:main:discord:channel:42";

/** A store whose disk is full while `full()` says so. */
function fillable(full: () => boolean): Store {
  const store = memoryStore();
  return {
    ...store,
    append(batch) {
      if (full()) throw new LubdubError("LUBDUB_STORE_FULL", { expected: "room", got: "a full disk" });
      store.append(batch);
    },
  };
}

test("the pause after a full disk ends, also when the wall clock is set back meanwhile", async () => {
  let full = false;
  const heart = testHeart({}, { store: fillable(() => full) });
  const { heartbeat, agent, clock } = heart;
  await heart.soon(heartbeat.wake("npm test ended", { sessionKey: D }));
  full = true; // the commit that would start the run fails
  await clock.advance(300);
  full = false;
  await clock.advance(500);
  clock.jump(-86_400_000);
  await clock.advance(5_000);
  expect(agent.calls.map(({ sessionKey, events }) => [sessionKey, events[0]?.text])).toEqual([
    [D, "npm test ended"],
  ]);
  await heart.soon(heartbeat.wake("accepted again", { sessionKey: D }));
});
