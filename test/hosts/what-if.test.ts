import { describe, expect, test } from "vitest";
import type { Happening } from "../../src/api.ts";
import type { Outcome } from "../../src/vocabulary.ts";
import { contentsOf } from "../support/store-contents.ts";
import { testHeart } from "../support/world.ts";

const KEY = "agent:main:discord:channel:42";
const OTHER = "agent:main:main";
const BUSY: Outcome = { status: "skipped", reason: "requests-in-flight" };
const RAN: Outcome = { status: "ran", reply: "done" };
const answered = (outcome: Outcome): Happening => ({ type: "run.answered", outcome });
const PASSED: Happening = { type: "time.passed" };

/** One event has just been queued, at position 1; its neighbour's at 2. */
async function queued(options: Parameters<typeof testHeart>[0] = {}) {
  const heart = testHeart(options);
  await heart.soon(heart.heartbeat.wake("npm test ended with exit code 0", { sessionKey: KEY }));
  await heart.soon(heart.heartbeat.wake("another", { sessionKey: OTHER }));
  return heart;
}

describe("what if", () => {
  test("busy, busy, ran: the same wake and the same key throughout", async () => {
    const { heartbeat } = await queued();
    const happenings = [PASSED, answered(BUSY), PASSED, answered(BUSY), PASSED, answered(RAN)];
    const { imagined, states, lane } = await heartbeat.whatIf({ sessionKey: KEY, position: 1, happenings });
    expect(lane).toBe(KEY);
    const steps = imagined.flatMap((one) => one.steps);
    expect(steps.map(({ record, states: after }) => `${record.type}: ${after.heartbeat}`)).toEqual([
      "run.started: running",
      "run.skipped: retrying",
      "run.started: running",
      "run.skipped: retrying",
      "run.started: running",
      "run.ran: idle",
    ]);
    expect(states).toEqual({ session: "empty", heartbeat: "idle" });
    expect(new Set(steps.map(({ record }) => record.sessionKey))).toEqual(new Set([KEY]));
    expect(new Set(steps.map(({ record }) => "wakeId" in record.facts && record.facts.wakeId))).toHaveLength(
      1,
    );
    expect(imagined[1]?.why).toMatchObject({ code: "busy", untilMs: (imagined[1]?.atMs ?? 0) + 1_000 });
  });

  test("touches nothing: log, live state and agent are as they were", async () => {
    const { heartbeat, store, agent, clock } = await queued();
    const before = contentsOf(store);
    const live = JSON.stringify([await heartbeat.session(KEY), await heartbeat.status()]);
    const timers = clock.timers;
    const told: unknown[] = [];
    heartbeat.subscribe((record) => told.push(record));
    const happenings: Happening[] = [
      { type: "event.queued", text: "and another", coalesceMs: 0 },
      { type: "wake.requested", intent: "manual" },
      answered({ status: "failed", reason: "broken" }),
      { type: "time.passed", byMs: 86_400_000 },
      answered(RAN),
    ];
    const { imagined } = await heartbeat.whatIf({ sessionKey: KEY, position: 1, happenings });
    expect(imagined.flatMap(({ steps }) => steps).length).toBeGreaterThan(4);
    await clock.settle();
    expect(contentsOf(store)).toEqual(before);
    expect(JSON.stringify([await heartbeat.session(KEY), await heartbeat.status()])).toBe(live);
    expect([agent.calls, told, clock.timers]).toEqual([[], [], timers]);
    await clock.advance(1_000);
    expect(agent.calls.map(({ events }) => events.map(({ text }) => text))).toContainEqual([
      "npm test ended with exit code 0",
    ]);
  });

  test("comes to what really comes, when the same happens", async () => {
    const answers: readonly Outcome[] = [BUSY, { status: "failed", reason: "broken" }, RAN];
    const { heartbeat } = await queued();
    const happenings = answers.flatMap((outcome) => [PASSED, answered(outcome)]);
    const { states, imagined } = await heartbeat.whatIf({ sessionKey: KEY, position: 2, happenings });
    const kinds = imagined.flatMap(({ steps }) => steps.map(({ record }) => record.type));
    expect(kinds).toEqual([
      "run.started",
      "run.skipped",
      "run.started",
      "run.failed",
      "run.started",
      "run.ran",
    ]);
    expect(states).toEqual({ session: "empty", heartbeat: "idle" });
    expect(await reallyLogged(answers)).toEqual(kinds);
  });

  test("a run whose time is up has failed; a limit holds a wake back; a give-up makes a dead letter", async () => {
    const { heartbeat } = await queued({ runTimeoutMs: 5_000, maxAttempts: 1 });
    const { imagined, states } = await heartbeat.whatIf({
      sessionKey: KEY,
      position: 1,
      happenings: [PASSED, PASSED],
    });
    expect(imagined[1]?.steps[0]?.record).toMatchObject({
      type: "run.failed",
      facts: { code: "LUBDUB_RUN_TIMEOUT", dueAtMs: null },
    });
    expect(imagined[1]).toMatchObject({ why: { code: "dead-letters", dead: 1 } });
    expect(states.session).toBe("empty");

    const slow = await queued({ limits: { session: { spacingMs: 60_000 } } });
    const held = await slow.heartbeat.whatIf({
      sessionKey: KEY,
      position: 1,
      happenings: [PASSED, answered(RAN), { type: "event.queued", text: "soon again" }, PASSED],
    });
    expect(held.imagined[3]).toMatchObject({ why: { code: "cooldown" } });
  });

  test("what cannot happen is refused, says so, and changes nothing", async () => {
    const { heartbeat } = await queued({ queueMax: 1 });
    const { imagined, states } = await heartbeat.whatIf({
      sessionKey: KEY,
      position: 1,
      happenings: [
        answered(RAN),
        { type: "event.queued", text: "one too many" },
        { type: "event.queued", text: "" },
      ],
    });
    expect(imagined.map(({ refused, steps }) => [refused?.code, steps])).toEqual([
      ["LUBDUB_INPUT_INVALID", []],
      ["LUBDUB_QUEUE_FULL", []],
      ["LUBDUB_TEXT_INVALID", []],
    ]);
    expect(states).toEqual({ session: "waiting", heartbeat: "pending" });
    const nothing = await heartbeat.whatIf({ sessionKey: "new", position: 0, happenings: [PASSED] });
    expect(nothing.imagined[0]?.refused?.code).toBe("LUBDUB_INPUT_INVALID");
  });

  test.each<[string, unknown, number]>([
    ["none", [], 1],
    ["too many", Array.from({ length: 51 }, () => PASSED), 1],
    ["a type that is none", [{ type: "log.erased" }], 1],
    ["a field that is none", [{ ...PASSED, forMs: 1 }], 1],
    ["a time that goes back", [{ ...PASSED, byMs: -1 }], 1],
    ["more than a year", [{ ...PASSED, byMs: 31_536_000_001 }], 1],
    ["no list", "time.passed", 1],
    ["a position that is none", [PASSED], 3],
  ])("refuses %s", async (_name, happenings, position) => {
    const { heartbeat } = await queued();
    const call = heartbeat.whatIf({ sessionKey: KEY, position, happenings: happenings as Happening[] });
    await expect(call).rejects.toMatchObject({ code: "LUBDUB_INPUT_INVALID" });
  });

  test("two years of one lane take no time", async () => {
    const { heartbeat } = await queued({ limits: { session: { spacingMs: 1 } } });
    const year: Happening = { type: "time.passed", byMs: 31_536_000_000 };
    const { states } = await heartbeat.whatIf({ sessionKey: KEY, position: 1, happenings: [year, year] });
    expect(states.heartbeat).toMatch(/running|retrying|idle/);
  });
});

/** The kinds of records that the session really has, after its event, when its agent answers so. */
async function reallyLogged(answers: readonly Outcome[]): Promise<string[]> {
  let asked = 0;
  const heart = testHeart({ run: () => answers[asked++] ?? RAN });
  await heart.soon(heart.heartbeat.wake("x", { sessionKey: KEY }));
  while (asked < answers.length) await heart.clock.next();
  await heart.clock.settle();
  const records = await heart.heartbeat.read({ sessionKey: KEY, after: 1 });
  return records.map(({ type }: { type: string }) => type);
}
