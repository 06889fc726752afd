import { describe, expect, test } from "vitest";
import type { HeartbeatOptions } from "../../src/options.ts";
import type { OpenedHeartbeat } from "./heartbeat.ts";

/** The part of the contract about the past. */
export function pastContract(
  name: string,
  opened: (options?: Partial<HeartbeatOptions>) => Promise<OpenedHeartbeat>,
): void {
  describe(`${name}: the past`, () => {
    test("the state of one session, its steps, and what if", async () => {
      await using it = await opened();
      for (const sessionKey of ["a", "b", "a"]) await it.heartbeat.enqueueSystemEvent("x", { sessionKey });
      const state = await it.heartbeat.stateAt(2, { sessionKey: "a" });
      expect(Object.keys(state.sessions)).toEqual(["a"]);
      expect(state).toMatchObject({ position: 2, newest: 1, heartbeats: { a: { value: "pending" } } });
      const { steps, upTo } = await it.heartbeat.steps({ sessionKey: "a", after: 1 });
      expect(steps.map(({ record, states }) => [record.position, states.session])).toEqual([[3, "waiting"]]);
      expect(upTo).toBe(3);
      const happenings = [
        { type: "time.passed" },
        { type: "run.answered", outcome: { status: "ran" } },
      ] as const;
      const imagined = await it.heartbeat.whatIf({ sessionKey: "a", position: 3, happenings });
      expect(imagined.states).toEqual({ session: "empty", heartbeat: "idle" });
      expect(imagined.imagined[0]?.steps.map(({ record }) => record.type)).toEqual(["run.started"]);
      expect((await it.heartbeat.status()).position).toBe(3);
      const none = it.heartbeat.whatIf({ sessionKey: "a", position: 3, happenings: [] });
      await expect(none).rejects.toMatchObject({ code: "LUBDUB_INPUT_INVALID" });
    });
  });
}
