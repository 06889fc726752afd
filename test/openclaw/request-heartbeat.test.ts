import { describe, expect, test } from "vitest";
import {
  HEARTBEAT_SKIP_CRON_IN_PROGRESS,
  HEARTBEAT_SKIP_LANES_BUSY,
  hasPendingHeartbeatWake,
  requestHeartbeat,
  requestHeartbeatNow,
  setHeartbeatWakeHandler,
  type HeartbeatOptions,
} from "../../src/openclaw/index.ts";
import { agent, at, BUSY, DISCORD, RAN, useFakeTime } from "./support.ts";

useFakeTime();

const TICK: HeartbeatOptions = { source: "interval", intent: "scheduled", reason: "interval" };
const EVENT: HeartbeatOptions = { source: "exec-event", intent: "event", reason: "exec-event" };

describe("what the handler is given", () => {
  test.each<[HeartbeatOptions, object]>([
    [
      { source: "hook", intent: "immediate" },
      { source: "hook", intent: "immediate", reason: "requested" },
    ],
    [
      {
        source: "cron",
        intent: "event",
        reason: " cron:1 ",
        agentId: " ",
        sessionKey: ` ${DISCORD} `,
        coalesceMs: 5,
      },
      { source: "cron", intent: "event", reason: "cron:1", sessionKey: DISCORD },
    ],
    [
      { ...TICK, agentId: "ops", heartbeat: { target: "last", to: "42" } },
      { ...TICK, agentId: "ops", heartbeat: { target: "last", to: "42" } },
    ],
    [{ ...TICK, heartbeat: undefined }, TICK],
  ])("given %j, then exactly %j", async (asked, told) => {
    const { handler, requests } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeat(asked);
    await at(250);
    expect(requests).toStrictEqual([told]);
  });

  test("given a busy answer, then the same wake comes back after 1,000 ms, with every field", async () => {
    const wake: HeartbeatOptions = {
      ...EVENT,
      agentId: "ops",
      sessionKey: DISCORD,
      heartbeat: { accountId: "w" },
    };
    const { handler, requests, calledAtMs } = agent(BUSY, RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeat({ ...wake, coalesceMs: 0 });
    await at(10_000);
    expect(requests).toStrictEqual([wake, wake]);
    expect(calledAtMs).toEqual([0, 1_000]);
  });
});

describe("merging", () => {
  const ranked: HeartbeatOptions[][] = [
    [{ source: "retry", intent: "event", reason: "again" }],
    [TICK, { source: "interval", intent: "event" }, { source: "other", intent: "scheduled" }],
    [EVENT, { source: "cron", intent: "task" }, { source: "other", intent: "event", reason: "manual" }],
    [
      { source: "manual", intent: "manual" },
      { source: "hook", intent: "immediate" },
      { source: "retry", intent: "immediate" },
    ],
  ];
  const pairs = ranked.flatMap((firsts, rank) =>
    firsts.flatMap((first) =>
      ranked.flatMap((seconds, otherRank) =>
        seconds.map((second) => ({ first, second, stays: otherRank >= rank ? second : first })),
      ),
    ),
  );

  test.each(pairs)(
    "given $first, when $second is asked for, then $stays stays: by intent, not by reason",
    async (given) => {
      const { handler, requests } = agent(RAN);
      setHeartbeatWakeHandler(handler);
      requestHeartbeat(given.first);
      requestHeartbeat(given.second);
      await at(5_000);
      expect(requests).toStrictEqual([{ reason: "requested", ...given.stays }]);
    },
  );

  test("given an override in the wake that gives way, then it is kept; the newer of two overrides wins", async () => {
    const { handler, requests } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeat({ ...TICK, heartbeat: { target: "last" } });
    requestHeartbeat(EVENT);
    await at(250);
    requestHeartbeat({ ...TICK, heartbeat: { target: "last" } });
    requestHeartbeat({ ...EVENT, heartbeat: { target: "none" } });
    await at(500);
    expect(requests.map(({ heartbeat }) => heartbeat)).toEqual([{ target: "last" }, { target: "none" }]);
  });

  test("given both kinds of request for one target, then the handler sees the kind that stays, and only its fields", async () => {
    const { handler, requests } = agent(RAN);
    setHeartbeatWakeHandler(handler);
    requestHeartbeat({ ...EVENT, heartbeat: { target: "last" } });
    requestHeartbeatNow({ reason: "manual" });
    await at(250);
    requestHeartbeatNow({ reason: "interval" });
    requestHeartbeat(EVENT);
    await at(500);
    expect(requests).toStrictEqual([{ reason: "manual" }, EVENT]);
  });
});

describe("busy answers", () => {
  test.each([HEARTBEAT_SKIP_CRON_IN_PROGRESS, HEARTBEAT_SKIP_LANES_BUSY])(
    "given %s, then a wake of this function comes back after 1,000 ms",
    async (reason) => {
      const { handler, calledAtMs } = agent({ status: "skipped", reason }, RAN);
      setHeartbeatWakeHandler(handler);
      requestHeartbeat({ ...TICK, coalesceMs: 0 });
      await at(10_000);
      expect(calledAtMs).toEqual([0, 1_000]);
    },
  );

  test("given any other skip, then the wake is over", async () => {
    const { handler, calledAtMs } = agent({ status: "skipped", reason: "quiet-hours" });
    setHeartbeatWakeHandler(handler);
    requestHeartbeat({ ...TICK, coalesceMs: 0 });
    await at(10_000);
    expect(calledAtMs).toEqual([0]);
    expect(hasPendingHeartbeatWake()).toBe(false);
  });
});
