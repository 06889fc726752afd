import { describe, expect, test, vi } from "vitest";
import { requestHeartbeatNow, setHeartbeatWakeHandler } from "../../src/openclaw/index.ts";
import { agent, at, RAN, useFakeTime } from "./support.ts";

// Rows of the table "heartbeat-wake", column F23: merge rule and priority.
useFakeTime();

describe("rows: merge rule and priority", () => {
  const ranked = [
    ["retry"],
    ["interval"],
    ["requested", "wake", "cron:job-1", "exec:run-1:exit", "acp:spawn:1", "Manual", "hook"],
    ["manual", "exec-event", "hook:gmail"],
  ];
  const pairs = ranked.flatMap((reasons, rank) =>
    reasons.flatMap((first) =>
      ranked.flatMap((others, otherRank) =>
        others.map((second) => ({ first, second, stays: otherRank >= rank ? second : first })),
      ),
    ),
  );

  test.each(pairs)(
    "given $first, when $second is asked for the same target, then $stays stays",
    async (given) => {
      const { handler, requests } = agent(RAN);
      setHeartbeatWakeHandler(handler);
      requestHeartbeatNow({ reason: given.first });
      await at(1);
      requestHeartbeatNow({ reason: given.second });
      await at(5_000);
      expect(requests).toEqual([{ reason: given.stays }]);
    },
  );

  test("given equal priority and a clock that was set back, then the one requested at the later moment stays", async () => {
    const { handler, requests } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeatNow({ reason: "cron:later-by-the-clock", coalesceMs: 0 });
    vi.setSystemTime(Date.now() - 5_000);
    requestHeartbeatNow({ reason: "cron:earlier-by-the-clock", coalesceMs: 0 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(requests).toEqual([{ reason: "cron:later-by-the-clock" }]);
  });
});
