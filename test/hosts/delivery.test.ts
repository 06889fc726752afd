import { describe, expect, test } from "vitest";
import { testHeart } from "../support/world.ts";
import { chatty, D, discord, echoes, exec, says, telegram, W } from "./chatty.ts";

describe("#21682 where a reply goes", () => {
  test("GIVEN target none and a last route, WHEN background work ends, THEN its reply goes there, and a beat says nothing", async () => {
    const { heartbeat, agent, clock, soon, words, fates } = chatty({ delivery: { target: "none" } });
    agent.answers(says("done"), says("a beat"));
    await soon(heartbeat.withTurn(D, () => {}, { route: discord }));
    await soon(heartbeat.wake("Exec completed (id, code 0)", { sessionKey: D, ...exec }));
    await clock.advance(1_000);
    await soon(heartbeat.requestHeartbeat({ sessionKey: D, source: "interval", intent: "scheduled" }));
    await clock.advance(1_000);
    expect(words()).toEqual([[D, "42", "done"]]);
    expect(await fates()).toEqual(["queued", "target-none"]);
  });
  test("GIVEN a session without a route, THEN nothing is sent, and the log says so", async () => {
    const { heartbeat, agent, clock, soon, words, fates } = chatty();
    agent.answers(says("done"));
    await soon(heartbeat.withTurn(W, () => {}, { route: telegram }));
    await soon(heartbeat.wake("Exec completed", { sessionKey: D, ...exec }));
    await clock.advance(1_000);
    expect(words()).toEqual([]);
    expect(await fates()).toEqual(["no-target"]);
  });
  test("problem 32: the newest event with a route decides, and each session has its own", async () => {
    const { heartbeat, agent, clock, soon, words } = chatty();
    agent.answers(echoes);
    await soon(heartbeat.withTurn(D, () => {}, { route: telegram }));
    await soon(heartbeat.wake("one", { sessionKey: D, route: { to: "1" } }));
    await soon(heartbeat.wake("two", { sessionKey: D, route: discord }));
    await soon(heartbeat.wake("three", { sessionKey: W, route: { to: "7" } }));
    await clock.advance(1_000);
    expect(words()).toEqual([
      [D, "42", "two"],
      [W, "7", "three"],
    ]);
  });
});

describe("#23759 only a user's own turn says where the user is", () => {
  test("GIVEN telegram 100, WHEN heartbeat, cron and exec turns run, THEN the next reply without a route goes to telegram 100", async () => {
    const { heartbeat, agent, clock, soon, words } = chatty();
    await soon(heartbeat.withTurn(D, () => {}, { route: telegram }));
    agent.answers(async ({ sessionKey }) => {
      await heartbeat.withTurn(sessionKey, () => {}, { route: { channel: "internal", to: "heartbeat" } });
      return { status: "ran", reply: "HEARTBEAT_OK" };
    });
    for (const source of ["heartbeat", "cron-event", "exec-event"]) {
      await soon(
        heartbeat.wake(source, { sessionKey: D, source, route: { channel: "internal", to: source } }),
      );
      await clock.advance(1_000);
    }
    expect((await heartbeat.session(D)).route).toEqual(telegram);
    agent.answers(says("Disk full"));
    await soon(heartbeat.wake("the end", { sessionKey: D, ...exec }));
    await clock.advance(1_000);
    expect(words()).toEqual([[D, "100", "Disk full"]]);
  });
  test("a route that is no news writes nothing; one that is none is refused, and the lane stays free", async () => {
    const { heartbeat, soon } = chatty();
    for (let turn = 0; turn < 3; turn++) await soon(heartbeat.withTurn(D, () => {}, { route: telegram }));
    expect((await heartbeat.read()).map(({ type }) => type)).toEqual(["route.noted"]);
    const broken = heartbeat.withTurn(D, () => {}, { route: { to: 7 } as never });
    await expect(soon(broken)).rejects.toMatchObject({ code: "LUBDUB_INPUT_INVALID" });
    expect(await heartbeat.isBusy(D)).toBe(false);
  });
});

describe("what is said", () => {
  test("#15575 problem 31: an acknowledgement is not sent; an alert has its prefix once", async () => {
    const { heartbeat, agent, clock, soon, words, fates } = chatty({
      delivery: { responsePrefix: "[helper]" },
    });
    agent.answers(says("[helper] HEARTBEAT_OK"), says("[helper] Disk full"));
    for (const text of ["one", "two"]) {
      await soon(heartbeat.wake(text, { sessionKey: D, route: discord }));
      await clock.advance(1_000);
    }
    expect(words()).toEqual([[D, "42", "[helper] Disk full"]]);
    expect(await fates()).toEqual(["ok-token", "queued"]);
  });
  test("#21014 an acknowledgement with media is sent, and media is never a duplicate", async () => {
    const { heartbeat, agent, clock, soon, sent } = chatty();
    agent.answers({ status: "ran", reply: "HEARTBEAT_OK", media: ["chart.png"] });
    for (const text of ["one", "two"]) {
      await soon(heartbeat.wake(text, { sessionKey: D, route: discord }));
      await clock.advance(1_000);
    }
    expect(sent.map(({ text, media }) => [text, media])).toEqual([
      ["", ["chart.png"]],
      ["", ["chart.png"]],
    ]);
  });
  test("#146098 problem 34: the same text is said once a day to one destination, and once to another", async () => {
    const { heartbeat, agent, clock, soon, words, fates } = chatty();
    agent.answers(says("Disk full"));
    const wake = async (route: Record<string, string>) => {
      await soon(heartbeat.wake("look", { sessionKey: D, route }));
      await clock.advance(1_000);
    };
    await wake(discord);
    await wake(discord);
    await wake(telegram);
    await clock.advance(86_400_000);
    await wake(discord);
    expect(words().map(([, to]) => to)).toEqual(["42", "100", "42"]);
    expect(await fates()).toEqual(["queued", "duplicate", "queued", "queued"]);
  });
  test("showOk sends the acknowledgement; alerts that are not shown are not sent; lights follow", async () => {
    const visibility = { channels: { discord: { showOk: true, showAlerts: false, useIndicator: false } } };
    const { heartbeat, agent, clock, soon, words, fates } = chatty({ delivery: { visibility } });
    agent.answers(says("HEARTBEAT_OK"), says("Disk full"), says("Disk full"));
    for (const route of [discord, discord, telegram]) {
      await soon(heartbeat.wake("look", { sessionKey: D, route }));
      await clock.advance(1_000);
    }
    expect(words().map(([, to, text]) => [to, text])).toEqual([
      ["42", "HEARTBEAT_OK"],
      ["100", "Disk full"],
    ]);
    expect(await fates()).toEqual(["queued", "alerts-disabled", "queued"]);
    const lights = (await heartbeat.read()).flatMap(({ type, facts }) =>
      type === "run.ran" ? [facts.indicator] : [],
    );
    expect(lights).toEqual([undefined, undefined, "alert"]);
  });
  test("with all three off a beat asks no model, while an event still reaches the agent", async () => {
    const off = { showOk: false, showAlerts: false, useIndicator: false };
    const { heartbeat, agent, clock, soon } = chatty({ delivery: { visibility: { defaults: off } } });
    agent.answers(says("Disk full"));
    await soon(heartbeat.requestHeartbeat({ sessionKey: D, source: "interval", intent: "scheduled" }));
    await clock.advance(60_000);
    expect(agent.calls).toEqual([]);
    expect((await heartbeat.read()).at(-1)).toMatchObject({
      type: "run.skipped",
      facts: { reason: "alerts-disabled", dueAtMs: null },
    });
    await soon(heartbeat.wake("look", { sessionKey: D, route: discord }));
    await clock.advance(1_000);
    expect(agent.calls.length).toBe(1);
  });
  test("where nothing is delivered, a run says nothing of it", async () => {
    const { heartbeat, agent, clock, soon } = testHeart();
    agent.answers(says("Disk full"));
    await soon(heartbeat.wake("look", { sessionKey: D, route: discord }));
    await clock.advance(1_000);
    const ran = (await heartbeat.read()).find(({ type }) => type === "run.ran");
    expect(Object.keys(ran?.facts ?? {})).toEqual(["wakeId", "runId", "eventIds", "durationMs"]);
    expect((await heartbeat.session(D)).deliveries).toEqual([]);
  });
});
