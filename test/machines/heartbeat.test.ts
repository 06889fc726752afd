import { transition } from "xstate";
import { describe, expect, test } from "vitest";
import { heartbeatMachine, type HeartbeatEvent, type Intent } from "../../machines/index.ts";
import { after, busy, failed, KEY, OTHER, pending, ran, request, start, wake } from "../support/lane.ts";

describe("a wake", () => {
  test("waits in pending for its window, then runs under its own key and id", () => {
    const waiting = after(request());
    const running = after(request(), start());
    expect([waiting.value, running.value]).toEqual(["pending", "running"]);
    expect(running.context.run?.wake).toMatchObject({ sessionKey: KEY, wakeId: `w-${KEY}` });
  });
  test("does not run before its window is over", () => {
    const early = after(request(), start(KEY, { atMs: 249 }));
    expect(early.value).toBe("pending");
    expect(early.context.run).toBeNull();
  });
  test("asks the host for a run only when it begins", () => {
    const actions = (event: HeartbeatEvent, ...before: HeartbeatEvent[]) =>
      transition(heartbeatMachine, after(...before), event)[1].map(({ type }) => type);
    expect(actions(start(), request())).toContain("begin the run");
    expect(actions(busy(), request(), start())).not.toContain("begin the run");
  });
  test("twice in a window is one run, under the id of the first", () => {
    const merged = after(request(), request(KEY, { wakeId: "w-later", requestedAtMs: 9 }));
    expect(merged.context.pending.size).toBe(1);
    expect(pending(merged)).toMatchObject({ wakeId: `w-${KEY}`, requestedAtMs: 0 });
  });
  test("for a look-alike key is another wake", () => {
    const lane = after(
      request("agent:main:\u00e9"),
      request("agent:main:e\u0301"),
      request("Agent:main:\u00e9"),
    );
    expect(lane.context.pending.size).toBe(3);
    expect(after(request("agent:main:\u00e9"), start("agent:main:e\u0301")).context.run).toBeNull();
  });
});

describe("busy", () => {
  test("keeps key and wake id, and uses up no attempt", () => {
    const retrying = after(request(), start(), busy());
    expect(retrying.value).toBe("retrying");
    expect(pending(retrying)).toMatchObject({
      sessionKey: KEY,
      wakeId: `w-${KEY}`,
      attempts: 0,
      postponements: 1,
    });
  });
  test("twice, then free: all three runs are the same wake", () => {
    const third = after(
      request(),
      start(),
      busy(),
      start(KEY, { atMs: 1_250 }),
      busy(),
      start(KEY, { atMs: 1_250 }),
    );
    expect(third.context.run?.wake).toMatchObject({
      sessionKey: KEY,
      wakeId: `w-${KEY}`,
      attempts: 0,
      postponements: 2,
    });
    expect(transition(heartbeatMachine, third, ran())[0].value).toBe("idle");
  });
  test("ends with its deadline or with the idle signal, not sooner", () => {
    const at = (changes: { atMs: number; idle?: boolean }) =>
      after(request(), start(), busy(), start(KEY, changes)).value;
    expect(at({ atMs: 1_249 })).toBe("retrying");
    expect(at({ atMs: 1_250 })).toBe("running");
    expect(at({ atMs: 600, idle: true })).toBe("running");
  });
  test("before the run begins postpones it the same way", () => {
    const postponed = after(request(), { type: "wake.postponed", sessionKey: KEY, dueAtMs: 1_250 });
    expect(postponed.value).toBe("retrying");
    expect(pending(postponed)).toMatchObject({
      wakeId: `w-${KEY}`,
      attempts: 0,
      waitsFor: "idle",
      dueAtMs: 1_250,
    });
  });
  test("a skip that is no retry ends the wake", () => {
    expect(after(request(), start(), busy(null)).value).toBe("idle");
    expect(after(request(), start(), busy(null)).context).toMatchObject({ run: null });
  });
});

describe("failure", () => {
  test("counts as an attempt, and keeps key and wake id", () => {
    const retrying = after(request(), start(), failed());
    expect(retrying.value).toBe("retrying");
    expect(pending(retrying)).toMatchObject({
      sessionKey: KEY,
      wakeId: `w-${KEY}`,
      attempts: 1,
      waitsFor: "backoff",
    });
  });
  test("after busy answers begins a new count of postponements", () => {
    const retrying = after(request(), start(), busy(), start(KEY, { atMs: 1_250 }), failed());
    expect(pending(retrying)).toMatchObject({ attempts: 1, postponements: 0 });
    expect(retrying.value).toBe("retrying");
  });
  test("is not cut short by the idle signal", () => {
    const early = after(request(), start(), failed(), start(KEY, { atMs: 600, idle: true }));
    expect(early.value).toBe("retrying");
    expect(early.context.run).toBeNull();
  });
  test("given up ends the wake; what is still queued wakes again under its own id", () => {
    const next = wake(KEY, { wakeId: "w-next", dueAtMs: 300 });
    expect(after(request(), start(), failed(null)).value).toBe("idle");
    expect(pending(after(request(), start(), failed(null, next)))).toEqual(next);
  });
});

describe("requests during a run", () => {
  test("wake again after it", () => {
    const during = after(request(), start(), request(KEY, { wakeId: "w-2", dueAtMs: 500 }));
    const ended = transition(heartbeatMachine, during, ran())[0];
    expect([during.value, ended.value]).toEqual(["running", "pending"]);
    expect(pending(ended)).toMatchObject({ wakeId: "w-2", dueAtMs: 500 });
  });
  test("merge into the wake that goes back: its id, its pause, no attempt lost", () => {
    const during = request(KEY, { wakeId: "w-2", dueAtMs: 300, intent: "manual", reason: "again" });
    const back = after(request(), start(), during, failed(5_000));
    expect(back.value).toBe("retrying");
    expect(pending(back)).toMatchObject({ wakeId: `w-${KEY}`, dueAtMs: 5_000, attempts: 1, reason: "again" });
  });
  test("are served before what a run left over makes a wake of its own", () => {
    const during = after(
      request(),
      start(),
      request(KEY, { wakeId: "w-2", dueAtMs: 500 }),
      ran(wake(KEY, { wakeId: "w-3" })),
    );
    expect(during.context.pending.size).toBe(1);
    expect(pending(during)?.wakeId).toBe("w-2");
  });
});

describe("urgent requests", () => {
  test.each<[string, HeartbeatEvent, Intent, boolean]>([
    ["busy", busy(), "event", false],
    ["busy", busy(), "immediate", true],
    ["busy", busy(), "manual", true],
    ["failure", failed(), "event", false],
    ["failure", failed(), "immediate", false],
    ["failure", failed(), "manual", true],
  ])("after %s, %o: a request with intent %s cuts the pause short: %s", (_, end, intent, cut) => {
    const lane = after(request(), start(), end, request(KEY, { intent, dueAtMs: 300 }));
    expect(lane.value).toBe(cut ? "pending" : "retrying");
    expect(pending(lane)?.dueAtMs).toBe(cut ? 300 : 1_250);
  });
});

describe("siblings in one lane", () => {
  test("are not held up by a busy session", () => {
    const lane = after(request(), request(OTHER), start(), busy());
    expect(lane.value).toBe("pending");
    expect(transition(heartbeatMachine, lane, start(OTHER))[0].value).toBe("running");
  });
  test("run one at a time", () => {
    const lane = after(request(), request(OTHER), start(), start(OTHER, { runId: "r2" }));
    expect(lane.context.run).toMatchObject({ runId: "r1", wake: { sessionKey: KEY } });
    expect(pending(lane, OTHER)).toBeDefined();
  });
  test("the lane is in retrying only when all that is pending waits", () => {
    const both = after(request(), request(OTHER), start(), busy(), start(OTHER), failed());
    expect(both.value).toBe("retrying");
    expect(transition(heartbeatMachine, both, request("third"))[0].value).toBe("pending");
  });
  test("a wake that is dropped leaves the others", () => {
    const lane = after(request(), request(OTHER), { type: "wake.dropped", sessionKey: KEY });
    expect([...lane.context.pending].map(({ sessionKey }) => sessionKey)).toEqual([OTHER]);
    expect(after(request(), { type: "wake.dropped", sessionKey: KEY }).value).toBe("idle");
  });
});

describe("a stale run", () => {
  test.each([ran(null, "r0"), busy(1_250, "r0"), { ...failed(), runId: "r0" } as HeartbeatEvent])(
    "%o changes nothing",
    (stale) => {
      const running = after(request(), start());
      expect(transition(heartbeatMachine, running, stale)[0]).toBe(running);
      expect(transition(heartbeatMachine, after(), stale)[0].value).toBe("idle");
    },
  );
});

test("a wake that a policy holds back waits for that, and is neither busy nor tried", () => {
  const held = after(request(), { type: "wake.held", sessionKey: KEY, hold: "flood", dueAtMs: 9_000 });
  expect(held.value).toBe("pending");
  expect(pending(held)).toEqual({ ...wake(), waitsFor: "hold", hold: "flood", dueAtMs: 9_000 });
});

describe("a session that is not pending", () => {
  const postponed: HeartbeatEvent = { type: "wake.postponed", sessionKey: OTHER, dueAtMs: 9_000 };
  const held: HeartbeatEvent = { type: "wake.held", sessionKey: OTHER, hold: "flood", dueAtMs: 9_000 };
  const dropped: HeartbeatEvent = { type: "wake.dropped", sessionKey: OTHER };
  const forgotten: HeartbeatEvent = { type: "session.forgotten", sessionKey: OTHER };
  const started = start(OTHER, { atMs: 9_000, idle: true });

  test.each<[string, readonly HeartbeatEvent[], readonly HeartbeatEvent[]]>([
    ["pending", [request()], [postponed, held, dropped, forgotten, started]],
    ["running", [request(), start()], [dropped]],
    ["retrying", [request(), start(), busy()], [postponed, held, started]],
  ])("is not spoken of: in %s nothing changes", (state, before, words) => {
    const lane = after(...before);
    expect(lane.value).toBe(state);
    for (const word of words) expect(transition(heartbeatMachine, lane, word)[0]).toBe(lane);
  });
});

describe("a forgotten session", () => {
  test("loses its pending wake", () => {
    const lane = after(request(), request(OTHER), { type: "session.forgotten", sessionKey: KEY });
    expect(pending(lane)).toBeUndefined();
    expect(pending(lane, OTHER)).toBeDefined();
  });
  test("takes no run of a sibling with it: the wake of that goes back as ever", () => {
    const lane = after(request(), start(), { type: "session.forgotten", sessionKey: OTHER });
    expect(lane.context.run?.forgotten).toBe(false);
    expect(pending(transition(heartbeatMachine, lane, busy())[0])?.wakeId).toBe(`w-${KEY}`);
  });
  test("however its run ends, the wake is over", () => {
    const forgotten = after(request(), start(), { type: "session.forgotten", sessionKey: KEY });
    expect(forgotten.value).toBe("running");
    for (const end of [ran(), busy(), failed()]) {
      expect(transition(heartbeatMachine, forgotten, end)[0].value).toBe("idle");
    }
  });
});
