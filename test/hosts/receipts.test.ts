import { expect, test } from "vitest";
import { FAILED, RAN } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

const D = "agent:main:discord:channel:42";

test("a receipt says how many tries it took", async () => {
  const { heartbeat, agent, clock, soon } = testHeart();
  agent.answers(FAILED, FAILED, RAN);
  const event = await soon(heartbeat.wake("npm test ended", { sessionKey: D }));
  await clock.advance(60_000);
  const acked = { state: "settled", settlement: "acked", attempts: 3, runId: agent.calls[2]?.runId };
  expect(await heartbeat.receipt(event.eventId ?? "")).toMatchObject(acked);

  agent.answers(FAILED, RAN);
  const wake = await soon(heartbeat.requestHeartbeatNow({ sessionKey: D }));
  await clock.advance(60_000);
  expect(await heartbeat.receipt(wake.wakeId)).toMatchObject({ settlement: "acked", attempts: 2 });
});
