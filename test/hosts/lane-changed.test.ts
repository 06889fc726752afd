import { expect, test } from "vitest";
import { memoryStore } from "../../src/log/memory.ts";
import type { RunRequest } from "../../src/vocabulary.ts";
import type { Store } from "../../src/log/store.ts";
import { BUSY, FAILED, held, RAN, scriptedAgent } from "../support/agent.ts";
import { simulatedClock, type SimulatedClock } from "../support/simulated-clock.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const shared = (): string => "lane";
const own = (key: string): string => key;
/** A disk: closing the heartbeat does not end it. */
const surviving = (): Store => ({ ...memoryStore(), close() {} });
/** The clock of the process after one that was killed: of that one nothing is left. */
const after = ({ clock }: TestHeart): SimulatedClock => simulatedClock({ startMs: clock.nowMs() });

test.each([
  ["own", "shared", own, shared],
  ["shared", "own", shared, own],
])(
  "from %s to %s lanes: what waited runs in its lane of today, and the old lane takes no slot",
  async (_a, _b, before, today) => {
    const first = testHeart({ laneOf: before }, { store: surviving() });
    first.agent.answers(BUSY);
    await first.soon(first.heartbeat.wake("for D", { sessionKey: D }));
    await first.soon(first.heartbeat.wake("for W", { sessionKey: W }));
    await first.clock.advance(300);
    await first.soon(first.heartbeat.close());

    const { store, clock } = first;
    const second = testHeart({ laneOf: today, concurrency: 1 }, { store, clock });
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

test.each([
  ["failed", FAILED],
  ["killed its process", held().promise.then(() => RAN)],
] as const)(
  "a run that %s counts in the lane of today too: a poison event dies after its attempts, however often lanes change",
  async (_, poison) => {
    const options = { maxAttempts: 3, checkpointRecords: 1 };
    let heart = testHeart({ ...options, laneOf: own }, { store: surviving() });
    const attempts: number[] = [];
    for (const laneOf of [shared, own, shared, own]) {
      heart.agent.answers(() => poison);
      await heart.soon(heart.heartbeat.wake("poison", { sessionKey: D, coalesceMs: 0, dedupeKey: "poison" }));
      await heart.clock.advance(300);
      if (poison === FAILED) await heart.soon(heart.heartbeat.close());
      attempts.push(...heart.agent.calls.map(({ attempt }) => attempt));
      const { store, clock } = heart;
      heart = testHeart({ ...options, laneOf }, { store, clock });
      heart.agent.answers(() => poison);
      await clock.advance(5_000);
      attempts.push(...heart.agent.calls.map(({ attempt }) => attempt));
      heart.agent.calls.length = 0;
    }
    expect(attempts).toEqual([1, 2, 3]);
    expect(await heart.heartbeat.deadLetters()).toMatchObject([{ attempts: 3, event: { text: "poison" } }]);
  },
);

test("attempts are kept when a newer wake waits in the lane of today already", async () => {
  const first = testHeart({ laneOf: own, maxAttempts: 2 }, { store: surviving() });
  first.agent.answers(FAILED);
  await first.soon(first.heartbeat.wake("poison", { sessionKey: D, coalesceMs: 0 }));
  await first.soon(first.heartbeat.close());
  const { store, clock } = first;
  const second = testHeart({ laneOf: shared, maxAttempts: 2 }, { store, clock });
  second.agent.answers(FAILED, RAN);
  await second.soon(second.heartbeat.wake("newer", { sessionKey: D, coalesceMs: 60_000 }));
  await clock.advance(5_000);
  expect(second.agent.calls.map(({ attempt, events }) => [attempt, events.map(({ text }) => text)])).toEqual([
    [2, ["poison"]],
    [1, ["newer"]],
  ]);
});

test("a crash while two lanes run, then one lane for both: each is given again, one after the other, under its wake id", async () => {
  const first = testHeart({ laneOf: own }, { store: surviving() });
  first.agent.answers(() => held<typeof RAN>().promise);
  for (const sessionKey of [D, W])
    await first.soon(first.heartbeat.wake(`for ${sessionKey}`, { sessionKey, coalesceMs: 0 }));
  expect(first.agent.calls).toHaveLength(2);

  const { store } = first;
  const clock = after(first);
  const second = testHeart({ laneOf: shared }, { store, clock });
  await clock.advance(60_000);
  const given = (
    { sessionKey, wakeId, events, attempt }: (typeof first.agent.calls)[number],
    tries: number,
  ) => `${sessionKey} ${wakeId} ${events.map(({ text }) => text).join()} ${attempt + tries}`;
  expect(second.agent.calls.map((call) => given(call, 0)).toSorted()).toEqual(
    first.agent.calls.map((call) => given(call, 1)).toSorted(),
  );
  for (const key of [D, W]) expect(await second.heartbeat.peekSystemEvents(key)).toEqual([]);
});

test("poison that kills its process before any checkpoint dies after its attempts, however often lanes change", async () => {
  const options = { maxAttempts: 3 };
  const deadly = () => scriptedAgent(() => held<typeof RAN>().promise);
  let heart = testHeart({ ...options, laneOf: own }, { store: surviving(), agent: deadly() });
  const attempts: number[] = [];
  for (const laneOf of [shared, own, shared, own]) {
    for (const sessionKey of [W, D])
      await heart.soon(heart.heartbeat.wake("poison", { sessionKey, coalesceMs: 0, dedupeKey: "poison" }));
    await heart.clock.advance(5_000);
    attempts.push(...heart.agent.calls.filter((call) => call.sessionKey === D).map(({ attempt }) => attempt));
    const { store } = heart;
    heart = testHeart({ ...options, laneOf }, { store, clock: after(heart), agent: deadly() });
  }
  expect(attempts).toEqual([1, 2, 3]);
  await heart.clock.advance(60_000);
  const dead = (await heart.heartbeat.deadLetters()).map(({ event }) => `${event.sessionKey} ${event.text}`);
  expect(dead.toSorted()).toEqual([`${D} poison`, `${W} poison`]);
});

test.each([2, 3])(
  "a run that began after the last checkpoint is interrupted as the try that it was, of %i",
  async (maxAttempts) => {
    // A checkpoint is written once the first run has failed; the second is in the log alone.
    const options = { maxAttempts, checkpointRecords: 3 };
    const first = testHeart({ ...options, laneOf: own }, { store: surviving() });
    first.agent.answers(FAILED, () => held<typeof RAN>().promise);
    await first.soon(first.heartbeat.wake("poison", { sessionKey: D, coalesceMs: 0 }));
    await first.soon(first.heartbeat.wake("newer", { sessionKey: D, coalesceMs: 0 }));
    await first.clock.advance(5_000);
    expect(first.agent.calls.map(({ attempt }) => attempt)).toEqual([1, 2]);

    const { store } = first;
    const clock = after(first);
    const second = testHeart({ ...options, laneOf: shared }, { store, clock });
    second.agent.answers(({ events }: RunRequest) => (events[0]?.text === "poison" ? FAILED : RAN));
    await clock.advance(60_000);
    expect(await second.heartbeat.deadLetters()).toMatchObject([
      { attempts: maxAttempts, event: { text: "poison" } },
    ]);
    expect(second.agent.calls.map(({ attempt, events }) => [attempt, events[0]?.text])).toEqual([
      ...(maxAttempts === 3 ? [[3, "poison"]] : []),
      [1, "newer"],
    ]);
  },
);

test("what stands in its old lane until there is a free slot is not said to be nothing", async () => {
  const first = testHeart({ laneOf: own, checkpointRecords: 1 }, { store: surviving() });
  first.agent.answers(() => held<typeof RAN>().promise);
  for (const sessionKey of [W, D])
    await first.soon(first.heartbeat.wake(`for ${sessionKey}`, { sessionKey, coalesceMs: 0 }));

  const { store } = first;
  const clock = after(first);
  const second = testHeart({ laneOf: shared, concurrency: 1 }, { store, clock });
  second.agent.answers(() => held<typeof RAN>().promise);
  await clock.advance(5_000);
  const [running, waiting] = second.agent.calls[0]?.sessionKey === D ? [D, W] : [W, D];
  expect(await second.heartbeat.why(running)).toMatchObject({ code: "running", queued: 1 });
  expect(await second.heartbeat.why(waiting)).toMatchObject({ code: "waiting-for-lane", queued: 1 });
});

test.each([
  ["succeeded", RAN, 1],
  ["was given up", { ...FAILED, retryable: false } as const, 1],
  ["failed", FAILED, 2],
])(
  "a beat of a lane of before whose run %s meanwhile is given so often in all: %#",
  async (_, outcome, times) => {
    let checkpoints = true;
    const inner = surviving();
    const store: Store = {
      ...inner,
      append: ({ checkpoint, ...batch }) =>
        inner.append(checkpoints && checkpoint !== undefined ? { ...batch, checkpoint } : batch),
    };
    const first = testHeart({ laneOf: shared, checkpointRecords: 1 }, { store });
    await first.soon(first.heartbeat.requestHeartbeat({ sessionKey: D, intent: "manual", coalesceMs: 250 }));
    checkpoints = false; // its run is in the log alone, and is taken for one in the lane of today
    first.agent.answers(outcome);
    await first.clock.advance(250);
    expect(first.agent.calls).toHaveLength(1);

    const clock = after(first);
    const second = testHeart({ laneOf: own }, { store, clock });
    second.agent.answers(RAN);
    await clock.advance(60_000);
    expect(first.agent.calls.length + second.agent.calls.length).toBe(times);
    expect(await second.heartbeat.status()).toMatchObject({ runsInFlight: 0, lanesDue: 0 });
  },
);
