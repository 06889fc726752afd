import { transition } from "xstate";
import { describe, expect, test } from "vitest";
import { heartbeatMachine, type HeartbeatEvent } from "../../machines/index.ts";
import { after, busy, failed, KEY, OTHER, pending, ran, request, start, wake } from "../support/lane.ts";

describe("the end of a run leaves no run", () => {
  const forLater: HeartbeatEvent = { type: "wake.postponed", sessionKey: OTHER, dueAtMs: 9_000 };
  test.each<[string, readonly HeartbeatEvent[], HeartbeatEvent, string]>([
    ["it ran, nothing is left", [], ran(), "idle"],
    ["it ran, a sibling waits", [request(OTHER), forLater], ran(), "retrying"],
    ["it ran, a sibling is pending", [request(OTHER)], ran(), "pending"],
    ["it is over without a retry", [], busy(null), "idle"],
    ["it was busy", [], busy(), "retrying"],
    ["it was busy, a sibling is pending", [request(OTHER)], busy(), "pending"],
    ["it was given up", [], failed(null), "idle"],
    ["it failed", [], failed(), "retrying"],
    ["it failed, a sibling is pending", [request(OTHER)], failed(), "pending"],
  ])("%s", (_, before, end, state) => {
    const lane = after(request(), ...before, start(), end);
    expect([lane.value, lane.context.run]).toEqual([state, null]);
    expect(pending(lane) !== undefined).toBe("dueAtMs" in end && end.dueAtMs !== null);
    expect(pending(lane, OTHER) !== undefined).toBe(before.length > 0);
  });
});

describe("while others wait or run", () => {
  test("one of two is postponed: the other one is still pending as it was", () => {
    const lane = after(request(), request(OTHER), {
      type: "wake.postponed",
      sessionKey: KEY,
      dueAtMs: 1_250,
    });
    expect(lane.value).toBe("pending");
    expect(pending(lane)).toMatchObject({ waitsFor: "idle", dueAtMs: 1_250, postponements: 1 });
    expect(pending(lane, OTHER)).toEqual(wake(OTHER));
  });
  test.each(["wake.dropped", "session.forgotten"] as const)("%s takes a wake that is pending", (type) => {
    const lane = after(request(), start(), request(OTHER), { type, sessionKey: OTHER });
    expect([lane.value, lane.context.run?.runId, lane.context.pending.size]).toEqual(["running", "r1", 0]);
  });
  test("what was requested again during its run is forgotten with the session", () => {
    const lane = after(request(), start(), request(), { type: "session.forgotten", sessionKey: KEY });
    expect([lane.value, lane.context.pending.size]).toEqual(["running", 0]);
  });
});

describe("a wake that waits", () => {
  test("takes the words of a later request, and goes on waiting", () => {
    const lane = after(request(), start(), busy(), request(KEY, { reason: "later" }));
    expect(lane.value).toBe("retrying");
    expect(pending(lane)).toMatchObject({ reason: "later", dueAtMs: 1_250, waitsFor: "idle" });
  });
  test("is postponed again, and counts it", () => {
    const again: HeartbeatEvent = { type: "wake.postponed", sessionKey: KEY, dueAtMs: 9_000 };
    const lane = after(request(), start(), busy(), again);
    expect(lane.value).toBe("retrying");
    expect(pending(lane)).toMatchObject({ postponements: 2, dueAtMs: 9_000 });
  });
  test("is held back by a policy from then on", () => {
    const held: HeartbeatEvent = { type: "wake.held", sessionKey: KEY, hold: "flood", dueAtMs: 9_000 };
    const lane = after(request(), start(), busy(), held);
    expect(lane.value).toBe("pending");
    expect(pending(lane)).toMatchObject({ waitsFor: "hold", hold: "flood", dueAtMs: 9_000 });
  });
  test("asks the host for its next run too", () => {
    const waiting = after(request(), start(), busy());
    const actions = transition(heartbeatMachine, waiting, start(KEY, { atMs: 1_250 }))[1];
    expect(actions.map(({ type }) => type)).toContain("begin the run");
  });
});
