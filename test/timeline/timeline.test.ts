import { expect, test } from "vitest";
import { timelineLine } from "../../src/cli/timeline-words.ts";
import type { LogRecord } from "../../src/core/records.ts";
import { createTimeline, type TimelineEntry } from "../../src/timeline/timeline.ts";
import { BUSY, FAILED, held, RAN } from "../support/agent.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

const KEY = "agent:main:discord:channel:42";

async function told({ heartbeat }: TestHeart): Promise<readonly TimelineEntry[]> {
  const timeline = createTimeline();
  const records: readonly LogRecord[] = await heartbeat.read();
  return [...records.flatMap((record) => timeline.add(record)), ...timeline.open()];
}

/** Kind, how long it took, and the beginning of what is said. */
const brief = (entries: readonly TimelineEntry[]): string[] =>
  entries.map(({ kind, fromMs, atMs, words, open }) => {
    const took = fromMs === undefined ? "" : ` ${atMs - fromMs}`;
    return `${open === true ? "still " : ""}${kind}${took}: ${words.replaceAll(/\b[ewrd]-[\w-]+/g, "ID")}`;
  });

test("the seed's story: busy, failed, handled; each wait has its length and its reason, and the key is everywhere", async () => {
  const heart = testHeart({ coalesceMs: 250 });
  const { heartbeat, agent, clock, soon } = heart;
  agent.answers(BUSY, FAILED, { ...RAN, reply: "seen" } as typeof RAN);
  await soon(heartbeat.wake("npm test ended", { sessionKey: KEY, source: "exec-event" }));
  await clock.advance(60_000);
  const entries = await told(heart);
  expect(entries.every(({ sessionKey }) => sessionKey === KEY)).toBe(true);
  const lines = brief(entries).map((line) => line.replaceAll(/\d{3,}(?=: because|: after the)/g, "N"));
  expect(lines.map((line) => line.replace(/\d+\.\d s after/, "N after"))).toEqual([
    "event: from exec-event, ID (event)",
    "wait 250: for what comes close together",
    "run: attempt 1 starts with 1 event: run ID, wake ID",
    "run 0: not now, no attempt is used up: requests-in-flight",
    "wait N: because the agent was busy",
    "run: attempt 1 starts with 1 event: run ID, wake ID",
    "run 0: failed [LUBDUB_RUN_FAILED]",
    "wait N: after the failure",
    "run: attempt 2 starts with 1 event: run ID, wake ID",
    "run 0: ran",
    "ack: 1 event acknowledged, N after it came",
    "reply: answered",
  ]);
  expect(entries.at(0)?.text).toBe("npm test ended");
  expect(entries.at(-1)?.text).toBe("seen");
  await heartbeat.close();
});

test("what comes during a run waits behind it, and what still goes on is told at the end", async () => {
  const heart = testHeart({ coalesceMs: 0 });
  const { heartbeat, agent, clock, soon } = heart;
  const first = held();
  agent.answers(async () => {
    await first.promise;
    return RAN;
  }, BUSY);
  await soon(heartbeat.wake("one", { sessionKey: KEY }));
  await clock.advance(1_000);
  await soon(heartbeat.wake("two", { sessionKey: KEY }));
  await clock.advance(2_000);
  expect(brief(await told(heart)).at(-1)).toBe("still run 1000: attempt 1 is going on: run ID");
  first.resolve();
  await clock.settle();
  await clock.advance(0);
  const entries = await told(heart);
  expect(brief(entries)).toContain("wait 2000: for the run before it");
  const last = entries.at(-1) as TimelineEntry;
  expect(last).toMatchObject({ kind: "wait", open: true, reason: "busy", untilMs: expect.any(Number) });
  expect(timelineLine(last)).toMatch(
    /^still +wait +agent:main:discord:channel:42 {2}has waited 0 ms so far because the agent was busy, until /,
  );
  const timeline = createTimeline();
  for (const record of await heartbeat.read()) timeline.add(record);
  const [wait] = timeline.open(last.atMs + 5_000);
  expect(timelineLine(wait as TimelineEntry)).toContain("has waited 5.0 s so far because the agent was busy");
  expect(timeline.open(0)).toEqual(timeline.open());
  await heartbeat.close({ graceMs: 0 });
});

test("given up, requeued, dismissed: a wait ends with what it was for", async () => {
  const heart = testHeart({ coalesceMs: 0, maxAttempts: 1 });
  const { heartbeat, agent, clock, soon } = heart;
  agent.answers(FAILED);
  const { eventId } = await soon(heartbeat.wake("poison", { sessionKey: KEY }));
  await clock.advance(1_000);
  await soon(heartbeat.requeue(eventId));
  await clock.advance(1_000);
  await soon(heartbeat.dismiss(eventId));
  const lines = brief(await told(heart));
  expect(lines).toContain("run 0: failed [LUBDUB_RUN_FAILED]; given up: its events are dead letters");
  expect(lines).toContain("event: 1 event put back into the queue");
  expect(lines.at(-1)).toBe("event: 1 event dismissed for good");
  await heartbeat.close();
});

test("a policy that holds a wake back is named, with until when", async () => {
  const heart = testHeart({ coalesceMs: 0, limits: { session: { spacingMs: 60_000 } } });
  const { heartbeat, clock, soon } = heart;
  for (const text of ["one", "two"]) {
    await soon(heartbeat.wake(text, { sessionKey: KEY }));
    await clock.advance(100);
  }
  expect((await told(heart)).at(-1)).toMatchObject({ kind: "wait", reason: "cooldown", open: true });
  await clock.advance(60_000);
  expect(brief(await told(heart)).filter((line) => line.includes("cooldown"))).toEqual([
    "wake: held back: cooldown",
    expect.stringMatching(/^wait 59\d\d\d: for the end of the cooldown$/),
  ]);
  await heartbeat.close();
});

test("replies on their way: queued, tried again, sent, with how long that took", async () => {
  let tries = 0;
  const heart = testHeart({
    coalesceMs: 0,
    deliver: () => {
      tries += 1;
      if (tries === 1) throw new Error("not now");
    },
  });
  const { heartbeat, agent, clock, soon } = heart;
  agent.answers({ ...RAN, reply: "the build is green" } as typeof RAN);
  const route = { channel: "discord", to: "42" };
  await soon(heartbeat.wake("x", { sessionKey: KEY, route }));
  await clock.advance(100);
  expect((await told(heart)).at(-1)).toMatchObject({
    kind: "delivery",
    open: true,
    untilMs: expect.any(Number),
  });
  await clock.advance(60_000);
  const entries = (await told(heart)).filter(({ kind }) => kind === "reply" || kind === "delivery");
  expect(brief(entries).map((line) => line.replace(/\d{3,}/, "N"))).toEqual([
    "reply: goes out",
    "delivery: on its way: ID to channel discord, to 42",
    "delivery: is being sent: ID, attempt 1",
    "delivery 0: not sent [LUBDUB_DELIVERY_FAILED]: ID; it is tried again",
    "delivery: is being sent: ID, attempt 2",
    "delivery N: sent: ID",
  ]);
  await heartbeat.close();
});

test("a log that begins in the middle is told from there; what was forgotten says so", async () => {
  const heart = testHeart({ coalesceMs: 0 });
  const { heartbeat, clock, soon } = heart;
  await soon(heartbeat.wake("a secret", { sessionKey: KEY }));
  await clock.advance(10);
  await soon(heartbeat.forget(KEY));
  const records = await heartbeat.read();
  const timeline = createTimeline();
  const late = records.slice(2).flatMap((record) => timeline.add(record));
  expect(brief(late)).toEqual([
    "run 0: ran",
    "ack: 1 event acknowledged",
    "session: forgotten: its queue is empty and its texts are erased",
  ]);
  expect(timeline.open()).toEqual([]);
  const [event] = createTimeline().add(records[0] as LogRecord);
  expect(timelineLine(event as TimelineEntry)).toContain(": (forgotten)");
  await heartbeat.close();
});

test("a line cannot command a terminal, whatever key or text it shows", () => {
  const line = timelineLine({
    position: 1,
    atMs: 0,
    sessionKey: "k\u001b[2J\u202e",
    kind: "event",
    words: "source\u0007\n",
    text: "\u001b]0;title\u0007 hello",
  });
  expect(line).not.toMatch(/\p{Cc}|\u202e/u);
  expect(line).toContain("hello");
});
