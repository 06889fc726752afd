import { describe, expect, test } from "vitest";
import type { HeartbeatOptions } from "../../src/options.ts";
import type { RunRequest } from "../../src/vocabulary.ts";
import type { OpenedHeartbeat } from "./heartbeat.ts";

const KEY = "agent:main:discord:channel:42";
const DAY_MS = 86_400_000;

/** The part of the contract about schedules. */
export function scheduleContract(
  name: string,
  opened: (options?: Partial<HeartbeatOptions>) => Promise<OpenedHeartbeat>,
): void {
  describe(`${name}: schedules`, () => {
    test("are made, shown, changed, paused, resumed and removed", async () => {
      await using it = await opened();
      const asked = { scheduleId: "nine", sessionKey: KEY, cron: "0 9 * * *", zone: "Europe/Berlin" };
      const made = await it.heartbeat.setSchedule({ ...asked, text: "Report.", route: { to: "42" } });
      expect(made).toMatchObject({
        scheduleId: "nine",
        sessionKey: KEY,
        state: "active",
        cadence: { kind: "cron", cron: "0 9 * * *", zone: "Europe/Berlin" },
        text: "Report.",
        origin: "call",
        ticks: 0,
      });
      expect(made?.upcomingMs).toHaveLength(5);
      expect(await it.heartbeat.schedule("nine")).toEqual(made);
      expect(await it.heartbeat.schedules()).toEqual([made]);
      expect(await it.heartbeat.schedules({ after: "nine" })).toEqual([]);
      expect(await it.heartbeat.pauseSchedule("nine")).toMatchObject({ state: "paused" });
      expect(await it.heartbeat.resumeSchedule("nine")).toMatchObject({ state: "active" });
      expect(await it.heartbeat.setSchedule({ ...asked, cron: "0 10 * * *" })).toMatchObject({ text: "" });
      expect(await it.heartbeat.removeSchedule("nine")).toMatchObject({ sessionKey: KEY });
      expect(await it.heartbeat.schedules()).toEqual([]);
      await expect(it.heartbeat.removeSchedule("nine")).rejects.toMatchObject({ code: "LUBDUB_NOT_FOUND" });
    });

    test("one tick by hand reaches the agent under its session", async () => {
      const { promise, resolve } = Promise.withResolvers<RunRequest>();
      const run = (request: RunRequest) => (resolve(request), { status: "ran" } as const);
      await using it = await opened({ run });
      await it.heartbeat.setSchedule({ scheduleId: "s", sessionKey: KEY, everyMs: DAY_MS, text: "Look." });
      expect(await it.heartbeat.runSchedule("s")).toMatchObject({ ticks: 1 });
      expect(await promise).toMatchObject({
        sessionKey: KEY,
        intent: "manual",
        events: [{ text: "Look.", source: "cron", contextKey: "cron:s" }],
      });
    });

    test("what cannot be is refused, and an interval of 0 turns it off", async () => {
      await using it = await opened();
      const asked = { scheduleId: "s", sessionKey: KEY };
      const wrong = it.heartbeat.setSchedule({ ...asked, cron: "0 9 * * *", zone: "Europe/Atlantis" });
      await expect(wrong).rejects.toMatchObject({ code: "LUBDUB_SCHEDULE_INVALID" });
      await it.heartbeat.setSchedule({ ...asked, everyMs: DAY_MS });
      expect(await it.heartbeat.setSchedule({ ...asked, everyMs: 0 })).toBeNull();
      expect(await it.heartbeat.schedules()).toEqual([]);
    });
  });
}
