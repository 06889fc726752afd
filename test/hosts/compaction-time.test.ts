import { expect, test } from "vitest";
import { memoryStore } from "../../src/log/memory.ts";
import { testHeart } from "../support/world.ts";

const D = "agent:main:discord:channel:42";
const DAY_MS = 86_400_000;

test("a wall clock that jumps ahead and is set back forgets no dedupe key", async () => {
  const store = { ...memoryStore(), close() {} };
  const options = { dedupeWindowMs: 20_000, retainMs: 20_000, checkpointRecords: 1 };
  const first = testHeart(options, { store });
  const { clock } = first;
  await first.soon(first.heartbeat.wake("npm test ended", { sessionKey: D, dedupeKey: "run-1" }));
  await clock.advance(300);
  clock.jump(DAY_MS); // nothing is logged at that time; closing writes a checkpoint, and compacts
  await first.soon(first.heartbeat.close());

  clock.jump(-DAY_MS);
  const second = testHeart(options, { store, clock });
  const again = await second.soon(
    second.heartbeat.wake("npm test ended", { sessionKey: D, dedupeKey: "run-1" }),
  );
  expect(again.deduplicated).toBe(true);
});
