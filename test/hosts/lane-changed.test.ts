import { expect, test } from "vitest";
import { memoryStore } from "../../src/log/memory.ts";
import type { Store } from "../../src/log/store.ts";
import { BUSY, held, RAN } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const shared = (): string => "lane";
const own = (key: string): string => key;
/** A disk: closing the heartbeat does not end it. */
const surviving = (): Store => ({ ...memoryStore(), close() {} });

test.each([
  ["own", "shared", own, shared],
  ["shared", "own", shared, own],
])(
  "from %s to %s lanes: what waited runs in its lane of today, and the old lane takes no slot",
  async (_a, _b, before, after) => {
    const first = testHeart({ laneOf: before }, { store: surviving() });
    first.agent.answers(BUSY);
    await first.soon(first.heartbeat.wake("for D", { sessionKey: D }));
    await first.soon(first.heartbeat.wake("for W", { sessionKey: W }));
    await first.clock.advance(300);
    await first.soon(first.heartbeat.close());

    const { store, clock } = first;
    const second = testHeart({ laneOf: after, concurrency: 1 }, { store, clock });
    second.agent.answers(RAN);
    await clock.advance(5_000);
    const texts = new Map(second.agent.calls.map(({ sessionKey, events }) => [sessionKey, events[0]?.text]));
    expect(second.agent.calls).toHaveLength(2);
    expect(Object.fromEntries(texts)).toEqual({ [D]: "for D", [W]: "for W" });
    expect(await second.heartbeat.status()).toMatchObject({ runsInFlight: 0, lanesDue: 0 });
  },
);

test("a run that was going on in the old lane is given again, once, in the lane of today", async () => {
  const first = testHeart({ laneOf: own }, { store: surviving() });
  const running = held();
  first.agent.answers(async () => (await running.promise, RAN));
  await first.soon(first.heartbeat.wake("for D", { sessionKey: D, coalesceMs: 0 }));
  expect(first.agent.calls).toHaveLength(1);

  const { store, clock } = first;
  const second = testHeart({ laneOf: shared }, { store, clock });
  await clock.advance(5_000);
  expect(second.agent.calls.map(({ sessionKey, wakeId, lane }) => [sessionKey, wakeId, lane])).toEqual([
    [D, first.agent.calls[0]?.wakeId, "lane"],
  ]);
  expect(await second.heartbeat.peekSystemEvents(D)).toEqual([]);
});
