import { expect, test } from "vitest";
import { LubdubError } from "../../src/errors.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { Store } from "../../src/log/store.ts";
import type { Outcome } from "../../src/vocabulary.ts";
import { held, RAN } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

const A = "agent:main:discord:channel:42";
const B = "agent:main:main";

test("after a commit that failed nothing more is written, also not the end of a run that is going on", async () => {
  const { store, failNext, written } = failingOnce();
  const answer = held<Outcome>();
  const heart = testHeart({}, { store });
  heart.agent.answers(() => answer.promise);
  await heart.soon(heart.heartbeat.wake("npm test ended", { sessionKey: A, coalesceMs: 0 }));
  await heart.clock.advance(1);
  expect(heart.agent.calls).toHaveLength(1);

  failNext();
  const isFailed = expect.objectContaining({ code: "LUBDUB_STORE_FAILED" });
  await expect(heart.soon(heart.heartbeat.wake("lost", { sessionKey: B }))).rejects.toThrow(isFailed);
  const before = written();
  answer.resolve(RAN);
  await heart.clock.advance(60_000);
  expect(written()).toBe(before);
  await expect(heart.soon(heart.heartbeat.wake("refused", { sessionKey: B }))).rejects.toThrow(isFailed);
});

/** A disk of which one write fails, and the next would succeed. */
function failingOnce() {
  const memory = memoryStore();
  let fails = false;
  let written = 0;
  const store: Store = {
    ...memory,
    append(batch) {
      if (fails) {
        fails = false;
        throw new LubdubError("LUBDUB_STORE_FAILED", { expected: "a disk", got: "an I/O error" });
      }
      written++;
      // What a batch is refused for does not matter here: it should not come at all.
      if (batch.records.every(({ position }, index) => position === memory.head().position + 1 + index))
        memory.append(batch);
    },
  };
  return { store, failNext: () => void (fails = true), written: () => written };
}
