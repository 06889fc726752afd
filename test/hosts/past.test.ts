import { describe, expect, test } from "vitest";
import type { StateAt } from "../../src/api.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { HeartbeatOptions } from "../../src/options.ts";
import type { Outcome } from "../../src/vocabulary.ts";
import { mulberry32 } from "../support/simulated-clock.ts";
import { testHeart, type TestHeart } from "../support/world.ts";

const KEYS = ["agent:main:a", "agent:main:b", "agent:web:c", "d"] as const;
const route = { channel: "discord", to: "42" };
const ANSWERS: readonly Outcome[] = [
  { status: "ran", reply: "done" },
  { status: "skipped", reason: "requests-in-flight" },
  { status: "failed", reason: "broken" },
  { status: "failed", reason: "key refused", class: "auth" },
];
const VARIANTS: readonly (readonly [string, Partial<HeartbeatOptions>])[] = [
  ["each session its own lane", {}],
  ["lanes of agents", { laneOf: (key) => key.split(":").slice(0, 2).join(":") }],
  ["with limits", { limits: { breaker: { baseMs: 1_000, capMs: 4_000 }, session: { spacingMs: 500 } } }],
];

/** A life in which everything may happen, with a checkpoint every few records. */
async function lived(options: Partial<HeartbeatOptions>): Promise<TestHeart> {
  const random = mulberry32(7);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const deliver = (): void => {
    if (random() < 0.4) throw new Error("no way through");
  };
  const run = (): Outcome => pick(ANSWERS);
  const heart = testHeart({ checkpointRecords: 9, maxAttempts: 2, run, deliver, ...options });
  const { heartbeat, clock, soon } = heart;
  await soon(
    heartbeat.setSchedule({ scheduleId: "beat", sessionKey: KEYS[0], everyMs: 3_000, text: "tick" }),
  );
  for (let turn = 0; turn < 60; turn += 1) {
    await soon(heartbeat.wake(`event ${turn}`, { sessionKey: pick(KEYS), route, coalesceMs: 100 }));
    if (turn === 30) await soon(heartbeat.forget(KEYS[1]));
    if (turn === 40) await soon(heartbeat.withTurn(KEYS[3], () => {}, { route }));
    await clock.advance(Math.floor(random() * 900));
  }
  return heart;
}

describe.each(VARIANTS)("the past of one session: %s", (_name, options) => {
  test("is its part of the whole, at every position", async () => {
    const { heartbeat, soon } = await lived(options);
    const { position: head } = await heartbeat.status();
    expect(head).toBeGreaterThan(150);
    const { laneOf = (key: string) => key } = options;
    for (let position = 0; position <= head; position += 1) {
      const whole = await heartbeat.stateAt(position);
      for (const key of KEYS) {
        const part = await heartbeat.stateAt(position, { sessionKey: key });
        const { newest, agents, ...state } = part;
        const records = await heartbeat.read({ sessionKey: key, before: position + 1, limit: 1 });
        expect(newest).toBe(records[0]?.position ?? 0);
        expect({ position, state }).toEqual({ position, state: partOf(whole, key, laneOf(key), state) });
        for (const [id, agent] of Object.entries(agents))
          expect(agent).toEqual(whole.agents[id] ?? CLOSED(id));
      }
    }
    await soon(heartbeat.close());
  });

  test("its steps lead through the same states, from wherever they begin", async () => {
    const { heartbeat, soon } = await lived(options);
    const { position: head } = await heartbeat.status();
    const sessionKey = KEYS[0];
    const records = await heartbeat.read({ sessionKey });
    for (const after of [0, 7, 50, head]) {
      const seen: number[] = [];
      for (let at = after; at < head;) {
        const { steps, upTo } = await heartbeat.steps({ sessionKey, after: at, limit: 7 });
        for (const { record, states, moves } of steps) {
          seen.push(record.position);
          const state = await heartbeat.stateAt(record.position, { sessionKey });
          const values = { session: valueOf(state.sessions), heartbeat: valueOf(state.heartbeats) };
          expect(states).toEqual(values);
          const last = moves.findLast(({ kind }) => kind === "session");
          expect(last?.to ?? states.session).toBe(states.session);
        }
        at = upTo;
      }
      expect(seen).toEqual(records.map(({ position }) => position).filter((position) => position > after));
    }
    await soon(heartbeat.close());
  });
});

test("a position that is none, a session key that is none and a limit that is none are refused", async () => {
  const { heartbeat, soon } = testHeart({}, { store: memoryStore() });
  await soon(heartbeat.wake("x", { sessionKey: "a" }));
  for (const position of [-1, 2, 0.5, Number.NaN])
    await expect(heartbeat.stateAt(position, { sessionKey: "a" })).rejects.toMatchObject({
      code: "LUBDUB_INPUT_INVALID",
    });
  await expect(heartbeat.stateAt(1, { sessionKey: "" })).rejects.toMatchObject({
    code: "LUBDUB_SESSION_KEY_INVALID",
  });
  await expect(heartbeat.steps({ sessionKey: "a", limit: 1_001 })).rejects.toMatchObject({
    code: "LUBDUB_INPUT_INVALID",
  });
  await expect(heartbeat.steps({ sessionKey: "a", after: 2 })).rejects.toMatchObject({
    code: "LUBDUB_INPUT_INVALID",
  });
  await soon(heartbeat.close());
});

const CLOSED = (agentId: string) => ({ value: "closed", context: { agentId, breaker: null } });
const valueOf = (actors: Readonly<Record<string, unknown>>): unknown =>
  (Object.values(actors)[0] as { value: unknown }).value;

/** The same part, cut out of the whole; actors that nothing has happened to yet are as they begin. */
function partOf(whole: StateAt, key: string, lane: string, like: Omit<StateAt, "agents">) {
  const unborn = {
    value: "empty",
    context: { sessionKey: key, queue: [], offer: null, retry: null, dead: [] },
  };
  const idle = { value: "idle", context: { lane, pending: [], run: null } };
  const own = (actors: Readonly<Record<string, unknown>>, belongs: (actor: unknown) => boolean) =>
    Object.fromEntries(Object.entries(actors).filter(([, actor]) => belongs(actor)));
  const text = (actor: unknown): string => JSON.stringify(actor);
  return {
    position: whole.position,
    atMs: like.atMs,
    sessions: { [key]: whole.sessions[key] ?? unborn },
    heartbeats: { [lane]: whole.heartbeats[lane] ?? idle },
    schedules: own(whole.schedules, (actor) => text(actor).includes(`"sessionKey":"${key}"`)),
    deliveries: own(whole.deliveries, (actor) => text(actor).includes(`"sessionKey":"${key}"`)),
  };
}

test("steps say where the lane stands now, also when a neighbour moved it last", async () => {
  const { heartbeat, soon } = testHeart({ laneOf: () => "shared", coalesceMs: 60_000 });
  await soon(heartbeat.enqueueSystemEvent("for a", { sessionKey: "a" }));
  await soon(heartbeat.drainSystemEvents("a"));
  const before = await heartbeat.steps({ sessionKey: "a" });
  await soon(heartbeat.wake("for b", { sessionKey: "b" }));
  const after = await heartbeat.steps({ sessionKey: "a", after: before.upTo });
  expect(after).toMatchObject({
    steps: [],
    lane: "shared",
    states: { session: "empty", heartbeat: "pending" },
  });
});
